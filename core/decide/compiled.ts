import type { CompiledPlans, IdentityRule, UserList } from '../plan/mod.ts'
import type { Certificate, Truststore } from '../pki/mod.ts'
import type { Address, ClientMode, TlsClientProfile, TlsServerProfile } from '../port/mod.ts'
import type { CompiledFilter } from '../filter/mod.ts'
import type { Regex } from '../regex/mod.ts'
import type { RouteEntry } from '../route/mod.ts'
import type {
  ApiConfig,
  Configuration,
  EndpointConfig,
  Limits,
  ListenerConfig,
  Path,
  RefusalStyle,
  RouteConfig,
  StreamConfig,
  TlsEntryConfig,
  UpstreamConfig,
  UpstreamTimes,
} from '../snapshot/types.ts'
import type { Balancer } from '../upstream/mod.ts'
import type { HeaderList } from '../wire/types.ts'
import type { Affinity } from './affinity.ts'
import type { ApplicationIndex } from './application-index.ts'
import type { Noted } from './compile-warnings.ts'
import type { Keeper } from './keeper.ts'
import type { ScopedRoutes } from './scoped-routes.ts'
import type { TlsNames } from './tls-names.ts'

/** What a listener or an SNI name asks of clients. Equal ids mean equal content. */
export interface ClientPolicy {
  readonly id: string
  readonly mode: ClientMode
  /** Whom certificates are checked against; undefined exactly where `mode` is `none`. */
  readonly truststore: Truststore | undefined
  /** How many intermediates a presented chain may have. */
  readonly depth: number
  /** Whether an application's own certificate is enough, besides a path to an anchor. */
  readonly applications: boolean
  /** SHA-256 of the configured anchors, hex. */
  readonly anchors: ReadonlySet<string>
  /** Which of the trusted certificates count; undefined: all. */
  readonly identity: IdentityRule | undefined
  /** Paths that need no certificate where `mode` is `require`: then it is asked of requests, not of connections. */
  readonly skip: readonly Regex[]
}

/** A server certificate, the names it is shown for, and the client policy of these names. */
export interface TlsName {
  /** Lower case, exact or `*.domain`; empty: for clients that send no known name. */
  readonly names: readonly string[]
  readonly profile: TlsServerProfile
  readonly policy: ClientPolicy
  /** Those of the profile's credentials, in their order. */
  readonly certificates: readonly Certificate[]
  readonly config: TlsEntryConfig
  /** What of it expires. */
  readonly notes: readonly Noted[]
  /** Names that a certificate does not speak for, each with where it stands. */
  readonly mismatches: readonly { readonly path: Path; readonly message: string }[]
}

/** Proxies in front that may speak for their clients. */
export interface TrustedProxies {
  /** The header that carries the client certificate, lower case; undefined: none is believed. */
  readonly clientCertificateHeader: string | undefined
  /** Whether a connection from this address may start with a PROXY protocol header. */
  sendsProxyHeader(address: string): boolean
  /**
   * Whether a peer is one of them, so that what it says about its clients is believed.
   *
   * @param address the connection's own peer, not what a PROXY header says
   * @param fingerprint SHA-256 of the certificate it proved itself with, hex
   */
  trusts(address: string, fingerprint: string | undefined): boolean
}

/** What a listener says of its connections, before and besides requests. */
export interface ConnectionRules {
  /** Set: connections are no HTTP, and their bytes go to one upstream. */
  readonly stream: StreamConfig | undefined
  /** Whether clients at this address may connect. */
  admits(address: string): boolean
  /** Connections open at once; 0: those of the configuration's limits alone. */
  readonly connections: number
  readonly forwardedHeaders: ListenerConfig['forwardedHeaders']
  readonly upstreamTimes: UpstreamTimes
  readonly clientTimeout: number | undefined
  /** Who may come in by name and password; undefined: nobody is asked. */
  readonly users: UserList | undefined
  /** The configuration's, with the listener's own time-outs. */
  readonly limits: Limits
}

/** An address the gateway accepts on, ready for use. */
export interface CompiledListener extends ConnectionRules {
  readonly name: string
  readonly address: Address
  readonly proxyProtocol: boolean
  /** Whether it speaks TLS. */
  readonly secure: boolean
  /** Whose routes it serves, in the order in which they are asked. */
  readonly scopes: readonly string[]
  readonly style: RefusalStyle
  /** The name of what answers all its requests within the process; undefined: routes do. */
  readonly local: string | undefined
  /** Empty for a plain listener. */
  readonly tls: readonly TlsName[]
  /** Which of them is for which SNI. */
  readonly names: TlsNames
  /** The policy for certificates that a trusted proxy's header carries. */
  readonly clients: ClientPolicy
  readonly trustedProxies: TrustedProxies | undefined
  /** What of it expires, besides what `tls` has. */
  readonly notes: readonly Noted[]
}

/** One host:port of an upstream, ready for dialling. */
export interface CompiledEndpoint extends Omit<EndpointConfig, 'tls'> {
  /** For people and for Host: `host:port`, an IPv6 address in brackets. */
  readonly address: string
  /** Covers address, TLS profile and trust: connections under equal keys may be used for one another. */
  readonly key: string
  readonly tls: TlsClientProfile | undefined
  /** Undefined: it is plain, or the configuration says not to verify it. */
  readonly verification: Verification | undefined
  /** Whether it is asked for by the name in the Host that is sent. */
  readonly namedByHost: boolean
  /** The DNS name or IP address that the endpoint's certificate must speak for. */
  readonly name: string
  /** The same endpoint, asked for by another name. */
  named(name: string): CompiledEndpoint
}

/** Whom endpoints must be vouched for by. */
export interface Verification {
  readonly truststore: Truststore
  readonly depth: number
  /** Whether the certificate must speak for the endpoint's name. */
  readonly checkName: boolean
}

/** An upstream, ready for use. Where nothing of it changed it is the same object across snapshots. */
export interface CompiledUpstream {
  readonly name: string
  readonly config: UpstreamConfig
  /** Whether no endpoint is spoken to over TLS. */
  readonly isPlain: boolean
  readonly endpoints: readonly CompiledEndpoint[]
  /** Plain state that `core/upstream` reads and changes. */
  readonly balancer: Balancer<CompiledEndpoint>
  /** Undefined: each request is for itself. */
  readonly affinity: Affinity | undefined
  /** The gateway's own certificate towards the endpoints. */
  readonly certificate: Certificate | undefined
  /** Undefined: endpoints are plain, or the configuration says not to verify them. */
  readonly verification: Verification | undefined
  /** The Host to send for a request whose own is `authority`. */
  hostFor(authority: string, endpoint: CompiledEndpoint): string
  /** What of it expires. */
  readonly notes: readonly Noted[]
}

/** How a route tells the client certificate upstream. */
export interface ForwardCertificate {
  /** The header names it sets, lower case, `_` as `-`. */
  readonly names: readonly string[]
  /** Names and values in turn for a verified certificate. */
  headers(certificate: Certificate): HeaderList
}

/** A route, ready for use. */
export interface CompiledRoute extends RouteEntry {
  readonly kind: 'api' | 'route'
  readonly scope: string
  /** A key of the snapshot's upstreams, so that a change there changes no route; empty: it is never forwarded. */
  readonly upstream: string
  /** The name of what answers within the process instead of an upstream. */
  readonly local: string | undefined
  readonly style: RefusalStyle
  readonly requireCertificate: boolean
  /** Which certificates `requireCertificate` takes; undefined: all that count. */
  readonly identity: IdentityRule | undefined
  readonly forward: ForwardCertificate | undefined
  /** Undefined: a route without plans. */
  readonly plans: CompiledPlans | undefined
  /** Whether refusals tell the client the detail. */
  readonly verbose: boolean
  readonly filters: readonly CompiledFilter[]
  readonly config: RouteConfig | ApiConfig
}

/** One validated, frozen, compiled picture of all configuration. */
export interface Snapshot {
  /** Stands for what it was compiled with besides the configuration. */
  readonly basis: string
  /** What keeps equal things the same objects in the snapshots that follow. */
  readonly keeper: Keeper
  readonly configuration: Configuration
  readonly limits: Limits
  readonly listeners: ReadonlyMap<string, CompiledListener>
  readonly upstreams: ReadonlyMap<string, CompiledUpstream>
  readonly routes: ScopedRoutes
  readonly applications: ApplicationIndex
  /** What every request meets before the filters of its route. */
  readonly filters: readonly CompiledFilter[]
  /**
   * Whether a header, by its name in lower case, carries identity: it is removed from every request that does
   * not come from a trusted proxy. `_` counts as `-`.
   */
  isIdentityHeader(lowerName: string): boolean
}
