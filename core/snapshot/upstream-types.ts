import type { Address } from '../port/mod.ts'
import type { KeyPairConfig, TrustConfig } from './types.ts'

/** One host:port of an upstream. Weight 0 takes no traffic. */
export interface EndpointConfig {
  /** An IP address without brackets, or a DNS name in lower case. */
  readonly host: string
  readonly port: number
  readonly weight: number
  /** All traffic goes to those of the highest priority of which one can take it: -1 is a backup for 0. */
  readonly priority: number
  /** Where active health checks ask; undefined: at the endpoint itself. */
  readonly monitor: Address | undefined
  /** What is put before the path of requests, such as `/v1`; empty: nothing. */
  readonly path: string
  /** In place of the upstream's own `tls`; `none`: plain, whatever that says. */
  readonly tls: UpstreamTlsConfig | 'none' | undefined
}

/** Which endpoint is next. `hash` is a text with variables: equal texts lead to the same endpoint. */
export type BalanceConfig =
  | 'round-robin'
  | 'random'
  | 'least-connections'
  | 'ewma'
  | { readonly hash: string }

/** What keeps a client with the endpoint that it met first. */
export interface PersistenceConfig {
  /** A cookie that the gateway sets, one that endpoints set and the gateway learns, or the client's address. */
  readonly by: 'cookie' | 'application-cookie' | 'source-ip'
  /** The cookie's name; empty for `source-ip`. */
  readonly name: string
  /** Milliseconds; of the gateway's own cookie since it was set, 0 for a session; else since it was last used. */
  readonly lifetime: number
}

/** Health checks that the gateway makes by itself. Times in milliseconds. */
export interface ActiveChecksConfig {
  /** `https` and `tls-hello` use the identity and the trust of the upstream's `tls`. */
  readonly type: 'http' | 'https' | 'tcp' | 'tls-hello' | 'ping'
  /** Whether the endpoint's certificate is judged, where the upstream's `tls` judges it. */
  readonly verify: boolean
  readonly timeout: number
  /** Checks of one upstream under way at once. */
  readonly concurrency: number
  readonly method: string
  /** Path with query. */
  readonly path: string
  readonly version: '1.0' | '1.1'
  /** Host, and the name for TLS; undefined: as requests have it, else the endpoint's. */
  readonly host: string | undefined
  /** Where the endpoint has no monitor address of its own; undefined: the endpoint's port. */
  readonly port: number | undefined
  /** Besides Host. */
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly healthy: {
    readonly interval: number
    readonly statuses: readonly number[]
    /** Good checks in a row that make an endpoint healthy. */
    readonly successes: number
  }
  /** Bad checks in a row that make an endpoint unhealthy, by kind; 0: such ones do not count. */
  readonly unhealthy: {
    readonly interval: number
    /** `others`: all but those of `healthy`. */
    readonly statuses: readonly number[] | 'others'
    readonly httpFailures: number
    readonly tcpFailures: number
    readonly timeouts: number
  }
}

/** Health told by the traffic itself. */
export interface PassiveChecksConfig {
  readonly healthy: { readonly statuses: readonly number[]; readonly successes: number }
  readonly unhealthy: {
    readonly statuses: readonly number[]
    readonly httpFailures: number
    readonly tcpFailures: number
    readonly timeouts: number
  }
  /** Without active checks: after how many milliseconds an unhealthy endpoint is given another try. */
  readonly rest: number
}

/** How the health of endpoints is known. Neither: who fails to connect is tried last for a while. */
export interface HealthConfig {
  readonly active: ActiveChecksConfig | undefined
  readonly passive: PassiveChecksConfig | undefined
  /** What becomes of traffic when no endpoint is healthy: all are tried, or it is refused. */
  readonly allUnhealthy: 'try' | 'refuse'
}

/** How the gateway proves itself to endpoints and checks them. */
export interface UpstreamTlsConfig {
  readonly verify: boolean
  /** Whether the certificate must speak for `name`; `false` judges the chain alone. */
  readonly checkName: boolean
  readonly trust: TrustConfig
  readonly certificate: KeyPairConfig | undefined
  /** SNI and the name to be checked; `from: 'host'` is the Host that is sent; undefined: the endpoint's host. */
  readonly name: string | { readonly from: 'host' } | undefined
}

/** A named group of endpoints. Times in milliseconds. */
export interface UpstreamConfig {
  readonly name: string
  readonly endpoints: readonly EndpointConfig[]
  readonly balance: BalanceConfig
  readonly persistence: PersistenceConfig | undefined
  readonly health: HealthConfig
  /** The version of HTTP spoken to endpoints; `auto` lets ALPN choose, `h2c` is HTTP/2 without TLS. */
  readonly protocol: 'h1' | 'h2' | 'auto' | 'h2c'
  readonly tls: UpstreamTlsConfig | undefined
  /** The PROXY protocol header that each connection starts with, which then serves one client alone. */
  readonly proxyProtocol: 'v1' | 'v2' | undefined
  readonly connectTimeout: number
  /** The longest silence while a response is awaited or under way. */
  readonly readTimeout: number
  /** The longest silence while the endpoint takes no bytes of a request. */
  readonly sendTimeout: number
  /** Further endpoints tried when a connection fails. */
  readonly retries: number
  /** From the first try on, how long further ones may begin; 0: as long as it takes. */
  readonly retryTimeout: number
  /**
   * Whether another endpoint is asked where one fails before its answer begins, too: of requests without a body that
   * may be repeated (RFC 9110 section 9.2.2).
   */
  readonly retryUnanswered?: boolean | undefined
  readonly keepAlive: {
    readonly connections: number
    readonly idleTimeout: number
    /** Requests that one connection serves; 0: no bound. */
    readonly requests: number
  }
  /** Host sent upstream: the client's, or the endpoint's. */
  readonly host: 'client' | 'endpoint' | { readonly name: string }
}

/** Time-outs towards an endpoint that hold instead of the upstream's, in milliseconds; undefined: the upstream's. */
export interface UpstreamTimes {
  readonly connect: number | undefined
  readonly read: number | undefined
  readonly send: number | undefined
  /** From a request's coming to the head of its answer, over all endpoints that are tried; undefined: no bound. */
  readonly answer?: number | undefined
}
