import type { Address, ClientMode } from '../port/mod.ts'
import type { AdminConfig, StoreConfig } from './admin-types.ts'
import type { ConditionConfig, FilterConfig, LoginConfig } from './filter-types.ts'
import type { PlanConfig } from './plan-types.ts'
import type { UpstreamConfig, UpstreamTimes } from './upstream-types.ts'

export type * from './admin-types.ts'
export type * from './filter-types.ts'
export type * from './plan-types.ts'
export type * from './upstream-types.ts'

/**
 * Content that a configuration names: a file's bytes, or what stood inline or in a variable, as UTF-8. `from` names it
 * in messages: the file's path, `$VARIABLE`, or the place in the document. Never empty.
 */
export interface Material {
  readonly from: string
  readonly data: Uint8Array
}

/** A certificate with its private key, still unparsed. */
export type KeyPairConfig =
  | { readonly cert: Material; readonly key: Material; readonly passphrase: string | undefined }
  | { readonly pkcs12: Material; readonly passphrase: string | undefined }

/** What a stale or missing CRL means: `hard` refuses, `soft` warns. */
export type CrlPolicy = 'hard' | 'soft'

/** Whether revocation is asked about over the network, and what it means to get no answer. */
export type OnlinePolicy = 'off' | 'soft' | 'hard'

/** Whom to trust, and how far. */
export interface TrustConfig {
  /** Trust anchors, PEM or DER, each may hold many. Empty: see `applications`. */
  readonly ca: readonly Material[]
  /** How many intermediates a path may have between leaf and anchor. */
  readonly depth: number
  readonly crl: readonly Material[]
  readonly crlPolicy: CrlPolicy
  /** Whether each certificate of a path must be known not to be revoked, or the leaf alone. */
  readonly crlDepth: 'chain' | 'leaf'
  /** CRLs from where certificates say they are. */
  readonly crlFetch: OnlinePolicy
  readonly ocsp: OnlinePolicy
  readonly ocspNonce: boolean
  /** Ranges of addresses, besides public ones, that may be asked. */
  readonly fetchFrom: readonly string[]
  /** `compatible` refuses what is unsafe, `strict` whatever RFC 5280 forbids, `webpki` what browsers' CAs must not do. */
  readonly profile: 'compatible' | 'strict' | 'webpki'
  readonly minRsaBits: number
}

/**
 * A condition on the names of a client certificate: all that are given must fit. `*` stands for any characters and
 * `?` for one, within a part of the name; `\\` takes their meaning away.
 */
export interface IdentityConfig {
  /** RFC 4514 text; `*,` at the start stands for any parts before the others. */
  readonly subject: string | undefined
  readonly commonName: string | undefined
  /** `*.` at the start stands for one label or more. */
  readonly dns: string | undefined
  /** `*` at the end stands for all that follows. */
  readonly uri: string | undefined
  readonly email: string | undefined
  /** An address with its prefix length. */
  readonly ip: string | undefined
}

/** The client policy of an SNI name or of a plain listener behind a trusted proxy. */
export interface ClientsConfig extends TrustConfig {
  readonly mode: ClientMode
  /** Whether applications' own certificates are trusted as such, besides `ca`. Default: where `ca` is empty. */
  readonly applications: boolean
  /** Whether the handshake tells strangers the names of the CAs in `ca`. */
  readonly sendAuthorities: boolean
  /** Of trusted certificates, those that meet one of these conditions count; empty: all. */
  readonly allow: readonly IdentityConfig[]
}

/** One server certificate and the client policy of its names. */
export interface TlsEntryConfig {
  /** SNI names in lower case, exact or `*.domain`; empty: for clients that send no known name. */
  readonly names: readonly string[]
  /** At least one; several have keys of different types. */
  readonly certificates: readonly KeyPairConfig[]
  readonly clients: ClientsConfig
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** The newest version that is spoken; undefined: the newest that there is. */
  readonly maxVersion?: 'TLSv1.2' | undefined
  /** Whether it is also for clients that send no name at all. */
  readonly withoutName?: boolean | undefined
  /** Whether clients are offered HTTP/2. */
  readonly http2: boolean
  /**
   * Regular expressions on the path, decoded and with its dots resolved. Where there is one, the handshake of a
   * `require` policy asks for a certificate and does not insist: each request whose path meets none of them does.
   */
  readonly skipClientCertificate: readonly string[]
}

/** Who may speak for a client: a proxy in front that ends TLS. */
export interface TrustedProxiesConfig {
  /** Each with its prefix length, at least one. */
  readonly cidrs: readonly string[]
  /** SHA-256 (hex) of the proxies' own client certificates; empty: the address is enough. */
  readonly fingerprints: readonly string[]
  /** The header that carries the client certificate, lower case; undefined: none is believed. */
  readonly clientCertificateHeader: string | undefined
}

/** How refusals look to clients: the gateway's own way, or that of the system that configures what was asked for. */
export type RefusalStyle = 'native' | 'apisix' | 'gravitee' | 'gcore'

/** An address the gateway accepts on. */
export interface ListenerConfig {
  /** Unique. Unless told otherwise, the address: `0.0.0.0:443`, `[::1]:443`. */
  readonly name: string
  readonly address: Address
  /** Whether it speaks TLS. Without any entry in `tls` it then takes nobody, until one is added. */
  readonly secure: boolean
  /** Empty for a plain listener. */
  readonly tls: readonly TlsEntryConfig[]
  /**
   * The policy for certificates that a trusted proxy's header carries. Mode `request` unless told otherwise where such a
   * header is configured; `none` where it is not.
   */
  readonly clients: ClientsConfig
  readonly trustedProxies: TrustedProxiesConfig | undefined
  /** Whether each connection starts with a PROXY protocol header, v1 or v2. */
  readonly proxyProtocol: boolean
  /** Set: connections are no HTTP, and their bytes go to one upstream. */
  readonly stream: StreamConfig | undefined
  /** Ranges of client addresses that may connect; empty: all. */
  readonly allowFrom: readonly string[]
  /** Connections open at once; 0: those of `limits` alone. */
  readonly connections: number
  /** Who may come in by HTTP basic authentication; empty: nobody is asked. */
  readonly users: readonly UserConfig[]
  /** What becomes of X-Forwarded-* and X-Real-IP: set anew, left as the client sent them, or removed. */
  readonly forwardedHeaders: 'set' | 'pass' | 'remove'
  /** The longest silence of a client that something is awaited of, in milliseconds; undefined: as `limits` say. */
  readonly clientTimeout: number | undefined
  readonly upstreamTimes: UpstreamTimes
  /** It serves the routes and APIs of these scopes, the first that takes a request. */
  readonly scopes: readonly string[]
  /** How it refuses where no route says otherwise. */
  readonly style: RefusalStyle
  /** The name of what answers all its requests within the process, such as `admin`; undefined: routes do. */
  readonly local: string | undefined
}

/** Where the bytes of a listener's connections go. */
export interface StreamConfig {
  /** A key of `upstreams`. */
  readonly upstream: string
  /** Whether connections are TLS that passes through: the ClientHello is read for its SNI, and nothing is changed. */
  readonly sni: boolean
}

/** A name with the hash of its password, as crypt(3) writes it: `$5$`, `$6$`, `$2b$`. */
export interface UserConfig {
  readonly name: string
  readonly hash: string
}

/** Which requests a route takes. Empty lists take any. */
export interface MatchConfig {
  /** Lower case, without port: exact, `*.domain`, or an IP address (IPv6 in brackets). */
  readonly hosts: readonly string[]
  /** Each starts with `/`: exact, or a prefix ending in `*`. */
  readonly paths: readonly string[]
  readonly methods: readonly string[]
  /** Ranges of addresses, one of which the client's must be in. */
  readonly addresses: readonly string[]
  /** All must hold; where one does not, the search goes on. */
  readonly conditions: readonly ConditionConfig[]
  /**
   * `priority`: the highest priority wins, then the better host, then the better path. `fit`: the better host, then
   * the better path, then priority; routes with hosts come before all without. Routes of the first kind come first.
   */
  readonly order: MatchOrder
}

/** What counts first where several routes take a request. */
export type MatchOrder = 'priority' | 'fit'

/** How the verified client certificate is told upstream. Header names are in lower case; at least one is given. */
export type ForwardCertificateConfig =
  | { readonly form: 'client-cert' }
  | { readonly form: 'xfcc' }
  | {
    readonly form: 'headers'
    readonly fingerprint: string | undefined
    readonly subject: string | undefined
    readonly sans: string | undefined
  }

/** match -> upstream. */
export interface RouteConfig {
  /** Unique among routes and APIs. Unless told otherwise `route-<n>`, from 1. */
  readonly name: string
  readonly match: MatchConfig
  /** Listeners that name this scope serve it; empty: what the document itself has. */
  readonly scope: string
  readonly priority: number
  /** A key of `upstreams`; an upstream written inline is there under the route's name. Empty: it is never forwarded. */
  readonly upstream: string
  /** The name of what answers within the process instead of an upstream, such as `apisix`. */
  readonly local: string | undefined
  readonly style: RefusalStyle
  /** Refuses requests without a verified client certificate. */
  readonly requireCertificate: boolean
  /** With `requireCertificate`: conditions, one of which the certificate must meet; empty: none. */
  readonly allow: readonly IdentityConfig[]
  readonly forwardCertificate: ForwardCertificateConfig | undefined
  /** What requests and responses meet on their way, besides the configuration's own filters. */
  readonly filters: readonly FilterConfig[]
  /** Further variables of requests that take this route, such as `route_id`. */
  readonly variables: Readonly<Record<string, string>>
  /** Paths such as `/user/:name/*rest`, whose parts are variables (`uri_param_name`) of requests that fit them. */
  readonly parameters?: readonly string[] | undefined
  readonly upstreamTimes: UpstreamTimes
}

/** A route with plans. */
export interface ApiConfig extends RouteConfig {
  readonly plans: readonly PlanConfig[]
  /** Whether refusals tell the client the detail. */
  readonly verbose: boolean
  /** The name by which subscriptions mean it, where several APIs share them; undefined: its own. */
  readonly subscribedAs?: string | undefined
}

/** A span of time, epoch milliseconds; undefined is open. `from` counts in, `until` does not. */
export interface Span {
  readonly from: number | undefined
  readonly until: number | undefined
}

/** What is known of a certificate that was read before. Times are epoch milliseconds. */
export interface CertificateSummary {
  /** SHA-256 of its DER, hex. */
  readonly sha256: string
  /** RFC 4514 text. */
  readonly subject: string
  readonly issuer: string
  readonly notBefore: number
  readonly notAfter: number
}

/** A certificate that belongs to an application. */
export interface ApplicationCertificateConfig extends Span {
  readonly cert: Material
  /** Where it is given, `cert` need not be read again. */
  readonly read?: CertificateSummary | undefined
}

/** An API key that belongs to an application. */
export interface ApiKeyConfig extends Span {
  readonly key: string
  /** The key's own name, which upstreams are told; undefined: it has none. */
  readonly id?: string | undefined
  /** It counts for this plan alone; undefined: for all that the application has subscribed to. */
  readonly only?: { readonly api: string; readonly plan: string } | undefined
}

/** The stages of a subscription; only `accepted` lets in. */
export type SubscriptionStatus = 'pending' | 'accepted' | 'paused' | 'closed'

/** An application's leave to use a plan. */
export interface SubscriptionConfig extends Span {
  /** What it is called where callers are told apart; undefined: by its application. */
  readonly id?: string | undefined
  readonly api: string
  readonly plan: string
  readonly status: SubscriptionStatus
}

/** Who calls. */
export interface ApplicationConfig {
  readonly name: string
  readonly certificates: readonly ApplicationCertificateConfig[]
  readonly apiKeys: readonly ApiKeyConfig[]
  readonly subscriptions: readonly SubscriptionConfig[]
  /** How tokens of `jwt` and `oauth2` plans name it; unique. */
  readonly clientId?: string | undefined
  /** Names and passwords for `basic-auth`. */
  readonly logins?: readonly LoginConfig[] | undefined
  /** In place of the route's filters of the same types, once `key-auth` or `basic-auth` has told who calls. */
  readonly filters?: readonly FilterConfig[] | undefined
  /** Further variables of its requests, such as `consumer_group_id`. */
  readonly variables?: Readonly<Record<string, string>> | undefined
}

/**
 * Bounds on each HTTP/2 connection, of clients and to endpoints. Those below `span` are on frames that cost work and
 * bring nothing, in that span of time; who passes one loses the connection.
 */
export interface Http2Limits {
  /** Streams open at once. */
  readonly concurrentStreams: number
  /** Bytes of body that a stream, and the connection, may have under way towards us. */
  readonly streamWindow: number
  readonly connectionWindow: number
  /** CONTINUATION frames of one header block. */
  readonly continuations: number
  /** Bytes of answers to control frames that may wait unsent. */
  readonly pendingControl: number
  readonly span: number
  readonly resets: number
  readonly controls: number
  readonly emptyData: number
  readonly windowUpdates: number
}

/** Bounds, each with a safe default. Sizes in bytes, times in milliseconds. */
export interface Limits {
  readonly clientHelloTimeout: number
  readonly clientHelloSize: number
  readonly handshakeTimeout: number
  /** From the first byte of a head to its last. */
  readonly headTimeout: number
  readonly headSize: number
  readonly targetSize: number
  readonly headerCount: number
  /** Between two requests of one connection. */
  readonly idleTimeout: number
  /** The longest silence within a request's body. */
  readonly bodyTimeout: number
  /** 0: no bound. */
  readonly bodySize: number
  /** The longest a client may take no byte of a response. */
  readonly sendTimeout: number
  readonly connections: number
  readonly connectionsPerAddress: number
  readonly requestsPerConnection: number
  readonly http2: Http2Limits
  readonly pkcs12Iterations: number
  readonly pkcs12Size: number
  readonly crlSize: number
  /** How long the first sight of a certificate waits for answers about its revocation. */
  readonly revocationTimeout: number
}

/** How TLS sessions can be taken up again without a full handshake. */
export interface TicketsConfig {
  /** How long a key protects session tickets, in milliseconds; a ticket of the key before is of no use. */
  readonly rotate: number
}

/** Where access-log lines go. */
export interface AccessLogConfig {
  /** `stdout`, `off`, or a file's path, joined to the document's folder. */
  readonly to: string
}

/** All that an operator wants, checked and with defaults filled in; secrets and files are read. */
export interface Configuration {
  readonly listeners: readonly ListenerConfig[]
  /** By name. */
  readonly upstreams: ReadonlyMap<string, UpstreamConfig>
  readonly apis: readonly ApiConfig[]
  readonly routes: readonly RouteConfig[]
  readonly applications: readonly ApplicationConfig[]
  /** What every request meets before the filters of its route, and even where there is no route. */
  readonly filters: readonly FilterConfig[]
  readonly admin: AdminConfig | undefined
  readonly limits: Limits
  readonly tickets: TicketsConfig
  readonly accessLog: AccessLogConfig
  /** Processes that share the listeners. */
  readonly workers: number
  /** How long in-flight exchanges may take to finish after SIGTERM. */
  readonly drainTimeout: number
  readonly store: StoreConfig
}

/** Where something is in a document: keys and indices from the root. A missing key is told of at the map that lacks it. */
export type Path = readonly (string | number)[]

/** Something wrong, or worth a warning, in a configuration. */
export interface Problem {
  readonly severity: 'error' | 'warning'
  readonly path: Path
  /** What was found and what is expected, or what to do. Fit for a log: escaped, without secrets. */
  readonly message: string
  /** Line and column, both from 1, where the document has them. */
  readonly position:
    | { readonly file: string; readonly line: number; readonly column: number }
    | undefined
}
