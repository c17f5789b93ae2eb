import {
  ACTIVE_CHECKS_DEFAULTS,
  ENDPOINT_DEFAULTS,
  HEALTH_DEFAULTS,
  TRUST_DEFAULTS,
  UPSTREAM_DEFAULTS,
  UPSTREAM_TLS_DEFAULTS,
} from '../../../snapshot/mod.ts'
import type {
  ActiveChecksConfig,
  BalanceConfig,
  EndpointConfig,
  HealthConfig,
  PersistenceConfig,
  UpstreamConfig,
  UpstreamTlsConfig,
} from '../../../snapshot/types.ts'
import type { Algorithm, MemberDoc, MonitorDoc, PersistenceDoc, PoolDoc } from '../documents.ts'
import { rawUpstreamName, upstreamName } from '../health.ts'
import { type Sources, wanted } from './sources.ts'

/** Time-outs of what names none, in milliseconds. */
const CONNECT = 5_000
const SILENCE = 50_000
/** Further members tried when a connection fails. */
const RETRIES = 3
/** Intermediates between a member's certificate and its anchor. */
const DEPTH = 8
/** How long a client stays with its member without coming back, where nothing is said. */
const STAY = 3_600_000

/** A pool as an upstream. `raw`: its bytes pass through, so TLS is the clients' own affair. */
export function upstreamOf(
  pool: PoolDoc,
  { sources, raw }: { readonly sources: Sources; readonly raw: boolean },
): UpstreamConfig {
  const silence = pool.timeout_member_data || SILENCE
  return {
    ...UPSTREAM_DEFAULTS,
    name: raw ? rawUpstreamName(pool.id) : upstreamName(pool.id),
    endpoints: pool.admin_state_up
      ? pool.members.filter((each) => each.admin_state_up).map(endpointOf)
      : [],
    balance: BALANCES[pool.lb_algorithm],
    persistence: persistenceOf(pool.session_persistence),
    health: healthOf(pool.healthmonitor),
    tls: raw || pool.protocol !== 'HTTPS' ? undefined : tlsOf(pool, sources),
    proxyProtocol: pool.protocol === 'PROXY'
      ? 'v1'
      : pool.protocol === 'PROXYV2'
      ? 'v2'
      : undefined,
    connectTimeout: pool.timeout_member_connect || CONNECT,
    readTimeout: silence,
    sendTimeout: silence,
    retries: RETRIES,
  }
}

/** An upstream without endpoints, for listeners that have no pool yet. */
export function emptyUpstream(name: string): UpstreamConfig {
  return { ...UPSTREAM_DEFAULTS, name, endpoints: [] }
}

const BALANCES: Readonly<Record<Algorithm, BalanceConfig>> = {
  ROUND_ROBIN: 'round-robin',
  LEAST_CONNECTIONS: 'least-connections',
  SOURCE_IP: { hash: '$remote_addr' },
}

function endpointOf(member: MemberDoc): EndpointConfig {
  const { address, protocol_port, weight, backup, monitor_address, monitor_port } = member
  return {
    ...ENDPOINT_DEFAULTS,
    host: address,
    port: protocol_port,
    weight,
    priority: backup ? -1 : 0,
    monitor: monitor_address === null && monitor_port === null
      ? undefined
      : { host: monitor_address ?? address, port: monitor_port ?? protocol_port },
  }
}

function persistenceOf(persistence: PersistenceDoc | null): PersistenceConfig | undefined {
  if (persistence === null) return undefined
  const { type, cookie_name, persistence_timeout } = persistence
  const lifetime = persistence_timeout === null ? STAY : persistence_timeout * 1000
  switch (type) {
    case 'APP_COOKIE':
      return { by: 'application-cookie', name: cookie_name ?? '', lifetime }
    case 'HTTP_COOKIE':
      return { by: 'cookie', name: cookie_name ?? 'SRV', lifetime: 0 }
    case 'SOURCE_IP':
      return { by: 'source-ip', name: '', lifetime }
  }
}

function healthOf(monitor: MonitorDoc | null): HealthConfig {
  if (monitor === null || !monitor.admin_state_up) return HEALTH_DEFAULTS
  const active = checksOf(monitor)
  return active === undefined
    ? HEALTH_DEFAULTS
    : { ...HEALTH_DEFAULTS, active, allUnhealthy: 'refuse' }
}

const CHECKS: Readonly<Partial<Record<MonitorDoc['type'], ActiveChecksConfig['type']>>> = {
  'HTTP': 'http',
  'HTTPS': 'https',
  'PING': 'ping',
  'TCP': 'tcp',
  'TLS-HELLO': 'tls-hello',
}

function checksOf(monitor: MonitorDoc): ActiveChecksConfig | undefined {
  const type = CHECKS[monitor.type]
  if (type === undefined) return undefined
  const interval = monitor.delay * 1000
  const failures = monitor.max_retries_down
  return {
    ...ACTIVE_CHECKS_DEFAULTS,
    type,
    timeout: monitor.timeout * 1000,
    // A pool may have thousands of members, and one that is silent must not keep the others waiting.
    concurrency: 100,
    method: monitor.http_method ?? 'GET',
    path: monitor.url_path ?? '/',
    version: monitor.http_version === '1.0' ? '1.0' : '1.1',
    host: monitor.domain_name ?? undefined,
    healthy: {
      interval,
      statuses: statusesOf(monitor.expected_codes),
      successes: monitor.max_retries,
    },
    unhealthy: {
      interval,
      statuses: 'others',
      httpFailures: failures,
      tcpFailures: failures,
      timeouts: failures,
    },
  }
}

/** `200`, `200,202` or `200-204`; nothing is 200. */
export function statusesOf(codes: string | null): readonly number[] {
  const [, first, last] = /^(\d{3})-(\d{3})$/.exec(codes ?? '') ?? []
  if (first === undefined || last === undefined) return (codes ?? '200').split(',').map(Number)
  const count = Number(last) - Number(first) + 1
  return Array.from({ length: Math.max(0, count) }, (_, at) => Number(first) + at)
}

/** Members are known by their addresses, so the chain is judged and no name. */
function tlsOf(pool: PoolDoc, sources: Sources): UpstreamTlsConfig {
  const ca = pool.ca_secret_id === null ? undefined : wanted(sources, pool.ca_secret_id)
  const crl = pool.crl_secret_id === null ? undefined : wanted(sources, pool.crl_secret_id)
  const own = pool.secret_id === null ? undefined : wanted(sources, pool.secret_id)
  return {
    ...UPSTREAM_TLS_DEFAULTS,
    verify: ca !== undefined,
    checkName: false,
    trust: {
      ...TRUST_DEFAULTS,
      depth: DEPTH,
      ca: ca === undefined ? [] : [ca.material],
      crl: ca === undefined || crl === undefined ? [] : [crl.material],
    },
    certificate: own?.keyPair,
  }
}
