import type {
  ActiveChecksConfig,
  ClientsConfig,
  EndpointConfig,
  HealthConfig,
  ListenerConfig,
  PassiveChecksConfig,
  TrustConfig,
  UpstreamConfig,
  UpstreamTimes,
  UpstreamTlsConfig,
} from './types.ts'

/** What holds of an endpoint where nothing else is said. */
export const ENDPOINT_DEFAULTS: Omit<EndpointConfig, 'host' | 'port'> = {
  weight: 1,
  priority: 0,
  monitor: undefined,
  path: '',
  tls: undefined,
}

/** Trust without anchors. */
export const TRUST_DEFAULTS: TrustConfig = {
  ca: [],
  depth: 3,
  crl: [],
  crlPolicy: 'hard',
  crlDepth: 'chain',
  crlFetch: 'off',
  ocsp: 'off',
  ocspNonce: false,
  fetchFrom: [],
  profile: 'compatible',
  minRsaBits: 2048,
}

/** A client policy that asks nobody. */
export const CLIENTS_DEFAULTS: ClientsConfig = {
  ...TRUST_DEFAULTS,
  mode: 'none',
  applications: true,
  sendAuthorities: false,
  allow: [],
}

/** TLS towards endpoints: verified, with the host's roots. */
export const UPSTREAM_TLS_DEFAULTS: UpstreamTlsConfig = {
  verify: true,
  checkName: true,
  trust: TRUST_DEFAULTS,
  certificate: undefined,
  name: undefined,
}

/** Active health checks by HTTP. */
export const ACTIVE_CHECKS_DEFAULTS: ActiveChecksConfig = {
  type: 'http',
  verify: true,
  timeout: 1000,
  concurrency: 10,
  method: 'GET',
  path: '/',
  version: '1.1',
  host: undefined,
  port: undefined,
  headers: [],
  healthy: { interval: 5000, statuses: [200, 302], successes: 2 },
  unhealthy: {
    interval: 5000,
    statuses: 'others',
    httpFailures: 3,
    tcpFailures: 2,
    timeouts: 3,
  },
}

const GOOD_STATUSES: readonly number[] = Array.from({ length: 200 }, (_, index) => 200 + index)

/** Passive health checks. */
export const PASSIVE_CHECKS_DEFAULTS: PassiveChecksConfig = {
  healthy: { statuses: GOOD_STATUSES, successes: 5 },
  unhealthy: { statuses: [500, 502, 503, 504], httpFailures: 5, tcpFailures: 2, timeouts: 7 },
  rest: 10_000,
}

/** No health checks. */
export const HEALTH_DEFAULTS: HealthConfig = {
  active: undefined,
  passive: undefined,
  allUnhealthy: 'try',
}

/** No time-outs of one's own. */
export const NO_UPSTREAM_TIMES: UpstreamTimes = {
  connect: undefined,
  read: undefined,
  send: undefined,
}

/** What holds of an upstream where nothing else is said. */
export const UPSTREAM_DEFAULTS: Required<Omit<UpstreamConfig, 'name' | 'endpoints'>> = {
  balance: 'round-robin',
  persistence: undefined,
  health: HEALTH_DEFAULTS,
  protocol: 'h1',
  tls: undefined,
  proxyProtocol: undefined,
  connectTimeout: 5_000,
  readTimeout: 60_000,
  sendTimeout: 60_000,
  retries: 1,
  retryTimeout: 0,
  retryUnanswered: undefined,
  keepAlive: { connections: 64, idleTimeout: 55_000, requests: 0 },
  host: 'client',
}

/** What of a listener concerns its connections alone, where nothing else is said. */
export const CONNECTION_DEFAULTS: Pick<
  ListenerConfig,
  | 'stream'
  | 'allowFrom'
  | 'connections'
  | 'users'
  | 'forwardedHeaders'
  | 'clientTimeout'
  | 'upstreamTimes'
> = {
  stream: undefined,
  allowFrom: [],
  connections: 0,
  users: [],
  forwardedHeaders: 'set',
  clientTimeout: undefined,
  upstreamTimes: NO_UPSTREAM_TIMES,
}
