import {
  ACTIVE_CHECKS_DEFAULTS,
  HEALTH_DEFAULTS,
  PASSIVE_CHECKS_DEFAULTS,
} from '../../../snapshot/defaults.ts'
import type {
  ActiveChecksConfig,
  HealthConfig,
  PassiveChecksConfig,
} from '../../../snapshot/types.ts'
import { listOf, numberOf, type Table, tableOf, textOf, textsOf } from '../table.ts'

const SECOND = 1000

/** What `checks` of an upstream asks for, with the defaults of APISIX. */
export function translateChecks(checks: Table | undefined): HealthConfig {
  const active = tableOf(checks, 'active')
  if (active === undefined) return HEALTH_DEFAULTS
  const passive = tableOf(checks, 'passive')
  return {
    ...HEALTH_DEFAULTS,
    active: activeChecks(active),
    passive: passive === undefined ? undefined : passiveChecks(passive),
  }
}

function activeChecks(active: Table): ActiveChecksConfig {
  const healthy = tableOf(active, 'healthy')
  const unhealthy = tableOf(active, 'unhealthy')
  const type = textOf(active, 'type')
  return {
    ...ACTIVE_CHECKS_DEFAULTS,
    type: type === 'https' || type === 'tcp' ? type : 'http',
    verify: active['https_verify_certificate'] !== false,
    timeout: (numberOf(active, 'timeout') ?? 1) * SECOND,
    concurrency: numberOf(active, 'concurrency') ?? 10,
    path: textOf(active, 'http_path') ?? '/',
    host: textOf(active, 'host'),
    port: numberOf(active, 'port'),
    headers: textsOf(active, 'req_headers').flatMap(headerOf),
    healthy: {
      interval: (numberOf(healthy, 'interval') ?? 1) * SECOND,
      statuses: statusesOf(healthy, [200, 302]),
      successes: numberOf(healthy, 'successes') ?? 2,
    },
    unhealthy: {
      interval: (numberOf(unhealthy, 'interval') ?? 1) * SECOND,
      statuses: statusesOf(unhealthy, [429, 404, 500, 501, 502, 503, 504, 505]),
      httpFailures: numberOf(unhealthy, 'http_failures') ?? 5,
      tcpFailures: numberOf(unhealthy, 'tcp_failures') ?? 2,
      timeouts: numberOf(unhealthy, 'timeouts') ?? 3,
    },
  }
}

/** Statuses below 400, and those that APISIX's default has, tell that an endpoint is well. */
const WELL = [
  ...[200, 201, 202, 203, 204, 205, 206, 207, 208, 226],
  ...[300, 301, 302, 303, 304, 305, 306, 307, 308],
]

function passiveChecks(passive: Table): PassiveChecksConfig {
  const healthy = tableOf(passive, 'healthy')
  const unhealthy = tableOf(passive, 'unhealthy')
  return {
    ...PASSIVE_CHECKS_DEFAULTS,
    healthy: {
      statuses: statusesOf(healthy, WELL),
      successes: numberOf(healthy, 'successes') ?? 5,
    },
    unhealthy: {
      statuses: statusesOf(unhealthy, [429, 500, 503]),
      httpFailures: numberOf(unhealthy, 'http_failures') ?? 5,
      tcpFailures: numberOf(unhealthy, 'tcp_failures') ?? 2,
      timeouts: numberOf(unhealthy, 'timeouts') ?? 7,
    },
  }
}

function statusesOf(table: Table | undefined, fallback: readonly number[]): readonly number[] {
  const own = listOf(table, 'http_statuses').filter((each): each is number =>
    typeof each === 'number'
  )
  return own.length > 0 ? own : fallback
}

function headerOf(text: string): ActiveChecksConfig['headers'] {
  const colon = text.indexOf(':')
  if (colon <= 0) return []
  return [{ name: text.slice(0, colon).trim(), value: text.slice(colon + 1).trim() }]
}
