import type * as z from 'zod'
import type { ActiveChecksConfig, HealthConfig, PassiveChecksConfig } from '../types.ts'
import { ACTIVE_CHECKS_DEFAULTS, PASSIVE_CHECKS_DEFAULTS } from '../defaults.ts'
import { isMap } from '../problems.ts'
import { readDomain, readIp } from './addresses.ts'
import { headerName, method } from './names.ts'
import { boolean, choice, duration, integer } from './scalars.ts'
import { map, Mismatch, pick, scalar } from './structure.ts'

const STATUS_FORMS = 'expected a list of statuses, such as [200, 302] or ["200-299", 404]'

/** Statuses one by one and as ranges, in ascending order. */
function statuses(): z.ZodType<readonly number[]> {
  return scalar((raw) => {
    if (!Array.isArray(raw)) return new Mismatch(STATUS_FORMS)
    const found = new Set<number>()
    for (const each of raw) {
      const match = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(String(each))
      const first = Number(match?.[1])
      const last = Number(match?.[2] ?? match?.[1])
      if (match === null || last < first) return new Mismatch(STATUS_FORMS)
      for (let status = first; status <= last; status++) found.add(status)
    }
    return [...found].sort((a, b) => a - b)
  })
}

/** How many in a row; 0: such ones do not count. */
function times(otherwise: number): z.ZodType<number> {
  return integer(0, 254).default(otherwise)
}

const { healthy, unhealthy, ...active } = ACTIVE_CHECKS_DEFAULTS

/** `upstreams.*.health.active.healthy`. */
export const activeHealthySchema: z.ZodType<ActiveChecksConfig['healthy']> = map('healthy', {
  interval: duration().default(healthy.interval),
  statuses: statuses().default(healthy.statuses),
  successes: integer(1, 254).default(healthy.successes),
})

const othersWord = choice<'others'>('others')

/** `upstreams.*.health.active.unhealthy`. */
export const activeUnhealthySchema: z.ZodType<ActiveChecksConfig['unhealthy']> = map('unhealthy', {
  interval: duration().default(unhealthy.interval),
  statuses: pick<ActiveChecksConfig['unhealthy']['statuses']>((raw) =>
    Array.isArray(raw) ? statuses() : othersWord
  ).default('others'),
  httpFailures: times(unhealthy.httpFailures),
  tcpFailures: times(unhealthy.tcpFailures),
  timeouts: times(unhealthy.timeouts),
})

/** A path with its query, as it is sent. */
function target(): z.ZodType<string> {
  return scalar((raw) =>
    typeof raw === 'string' && /^\/[\x21-\x7e]*$/.test(raw)
      ? raw
      : new Mismatch('expected a path that starts with /, such as /healthz')
  )
}

/** A version of HTTP, also as the number that YAML makes of it. */
function version(): z.ZodType<ActiveChecksConfig['version']> {
  return scalar((raw) => {
    if (raw === '1.0' || raw === 1) return '1.0'
    return raw === '1.1' || raw === 1.1 ? '1.1' : new Mismatch('expected 1.0 or 1.1')
  })
}

/** A host without port. */
function hostText(): z.ZodType<string> {
  return scalar((raw) => {
    const text = typeof raw === 'string' ? raw : ''
    return readIp(text) ?? readDomain(text) ??
      new Mismatch('expected a host, such as example.com')
  })
}

const headerNames = headerName()

/** Headers of a check, by name. */
function headers(): z.ZodType<ActiveChecksConfig['headers']> {
  return scalar((raw) => {
    if (!isMap(raw)) return new Mismatch('expected a map of values by header name')
    const all = Object.entries(raw)
    const wrong = all.find(([name, value]) =>
      !headerNames.safeParse(name).success || typeof value !== 'string' ||
      !/^[\x20-\x7e]*$/.test(value)
    )
    if (wrong !== undefined) return new Mismatch('expected header names with texts as values')
    return all.map(([name, value]) => ({ name, value: String(value) }))
  }, true)
}

/** `upstreams.*.health.active`. */
export const activeChecksSchema: z.ZodType<ActiveChecksConfig> = map('active checks', {
  type: choice('http', 'https', 'tcp', 'tls-hello', 'ping').default(active.type),
  verify: boolean().default(active.verify),
  timeout: duration().default(active.timeout),
  concurrency: integer(1, 1000).default(active.concurrency),
  method: method().default(active.method),
  path: target().default(active.path),
  version: version().default(active.version),
  host: hostText().optional(),
  port: integer(1, 65535).optional(),
  headers: headers().default([]),
  healthy: activeHealthySchema.prefault({}),
  unhealthy: activeUnhealthySchema.prefault({}),
})

const passive = PASSIVE_CHECKS_DEFAULTS

/** `upstreams.*.health.passive.healthy`. */
export const passiveHealthySchema: z.ZodType<PassiveChecksConfig['healthy']> = map('healthy', {
  statuses: statuses().default(passive.healthy.statuses),
  successes: times(passive.healthy.successes),
})

/** `upstreams.*.health.passive.unhealthy`. */
export const passiveUnhealthySchema: z.ZodType<PassiveChecksConfig['unhealthy']> = map(
  'unhealthy',
  {
    statuses: statuses().default(passive.unhealthy.statuses),
    httpFailures: times(passive.unhealthy.httpFailures),
    tcpFailures: times(passive.unhealthy.tcpFailures),
    timeouts: times(passive.unhealthy.timeouts),
  },
)

/** `upstreams.*.health.passive`. */
export const passiveChecksSchema: z.ZodType<PassiveChecksConfig> = map('passive checks', {
  healthy: passiveHealthySchema.prefault({}),
  unhealthy: passiveUnhealthySchema.prefault({}),
  rest: duration().default(passive.rest),
})

/** `upstreams.*.health`. */
export const healthSchema: z.ZodType<HealthConfig> = map('health', {
  active: activeChecksSchema.optional(),
  passive: passiveChecksSchema.optional(),
  allUnhealthy: choice('try', 'refuse').default('try'),
})
