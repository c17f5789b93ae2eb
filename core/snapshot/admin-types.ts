import type { Address } from '../port/mod.ts'
import type { TokenIssuerConfig } from './plan-types.ts'
import type { Material } from './types.ts'

/** Where a dialect's API is served, and where what it configures is. */
export interface DialectConfig {
  /** An address of its own; undefined: the admin listener's. */
  readonly address: Address | undefined
  /** The names of the listeners that it adds server certificates to; undefined: all TLS listeners of the document. */
  readonly listeners: readonly string[] | undefined
}

/** APISIX's Admin API. */
export interface ApisixConfig extends DialectConfig {
  /** The key of role admin; undefined: made at the first start. */
  readonly key: string | undefined
  /** The key of role viewer, which may only read; undefined: there is none. */
  readonly viewerKey: string | undefined
  /** Whether requests need a key. */
  readonly keyRequired: boolean
  /** Ranges of addresses that may ask. */
  readonly allow: readonly string[]
  /** Stands before keys in answers, as APISIX's etcd prefix does: `/apisix`. */
  readonly prefix: string
  /** The shape of answers, APISIX's `admin_api_version`. */
  readonly apiVersion: 'v2' | 'v3'
  readonly cors: boolean
  /** Whether upstreams over TLS are verified where their documents do not say. */
  readonly verifyUpstreams: boolean
  /** Keys that APISIX encrypted fields with: read, never used to write. */
  readonly keyring: readonly string[]
  /** Further keys, where APISIX's own configuration names several. */
  readonly keys?: readonly { readonly key: string; readonly role: 'admin' | 'viewer' }[] | undefined
  /** Whether callers over TLS need a certificate that counts: without one they get 400. */
  readonly clientCertificate?: boolean | undefined
  /** Whether answers tell APISIX's version. */
  readonly serverTokens?: boolean | undefined
  /** Whether documents come in one piece, from a file or through `/configs`. */
  readonly standalone?: boolean | undefined
  /** The name whose certificate is shown to clients that send none. */
  readonly fallbackSni?: string | undefined
  /** The port that `http_to_https` redirects to; undefined: 443. */
  readonly httpsPort?: number | undefined
  /** Whether clients of ssls are offered HTTP/2; undefined: they are. */
  readonly http2?: boolean | undefined
  /** APISIX's `ssl_protocols`, where an ssl has none of its own. */
  readonly protocols?: readonly string[] | undefined
  /** APISIX's `show_upstream_status_in_response_header`. */
  readonly tellStatus?: boolean | undefined
  /** APISIX's `router.http`; undefined: its default. */
  readonly router?:
    | 'radixtree_host_uri'
    | 'radixtree_uri'
    | 'radixtree_uri_with_parameter'
    | undefined
}

/** Someone who may use Gravitee's Management API. */
export interface GraviteeUserConfig {
  readonly name: string
  readonly password: string
  readonly role: 'admin' | 'publisher' | 'owner'
}

/** What becomes of an id that an endpoint sends back: ours takes its place, joins it, or gives way to it. */
export type IdOverride = 'override' | 'merge' | 'keep'

/** How Gravitee's APIs are served; undefined: as Gravitee does unless it is told otherwise. */
export interface GraviteeGatewayConfig {
  /** `policy.api-key.header`; empty: keys do not come in a header. */
  readonly apiKeyHeader?: string | undefined
  /** `policy.api-key.param`; empty: keys do not come in the query. */
  readonly apiKeyArgument?: string | undefined
  /** `handlers.request.transaction.header`. */
  readonly transactionHeader?: string | undefined
  readonly transactionOverride?: IdOverride | undefined
  /** `handlers.request.request.header`. */
  readonly requestHeader?: string | undefined
  readonly requestOverride?: IdOverride | undefined
  /** `handlers.request.format`. */
  readonly idFormat?: 'uuid' | 'hex' | undefined
  /** Whether endpoints are told the context path, as `X-Forwarded-Prefix`. */
  readonly forwardedPrefix?: boolean | undefined
  /** Whose tokens JWT plans with `GATEWAY_KEYS` take: `policy.jwt.issuer`. */
  readonly issuers?: readonly TokenIssuerConfig[] | undefined
}

/** Gravitee's Management API. */
export interface GraviteeConfig extends DialectConfig, GraviteeGatewayConfig {
  /** Empty: `admin`, with a password made at the first start. */
  readonly users: readonly GraviteeUserConfig[]
  /** Gravitee's `api.security.verbose401`. */
  readonly verbose401: boolean
  /** Files with resources of Gravitee's operator, which count besides what the store has. */
  readonly resources?: readonly string[] | undefined
  /** The folder below which APIs may name files with key stores and trust stores; undefined: nowhere. */
  readonly files?: string | undefined
}

/** Gcore's load-balancer API. */
export interface GcoreConfig extends DialectConfig {
  /** The permanent token; undefined: made at the first start. */
  readonly key: string | undefined
  /** Addresses that load balancers may bind, at least one. */
  readonly addresses: readonly string[]
}

/** The dialects whose APIs are served; undefined: switched off. */
export interface DialectsConfig {
  readonly apisix: ApisixConfig | undefined
  readonly gravitee: GraviteeConfig | undefined
  readonly gcore: GcoreConfig | undefined
}

/** The operators' own listener. Its address is also that of the listener named `admin`. */
export interface AdminConfig {
  readonly address: Address
  readonly dialects: DialectsConfig
  /** Who is told of certificates that end soon; undefined: the log alone. */
  readonly expiryWebhook?: WebhookConfig | undefined
}

/** A service that events are sent to. */
export interface WebhookConfig {
  readonly url: string
  /** What events are signed with; undefined: they are not. */
  readonly secret: string | undefined
}

/** A cluster of etcd, and how it is spoken with. */
export interface EtcdConfig {
  /** Such as `https://10.0.0.5:2379`, at least one. */
  readonly endpoints: readonly string[]
  /** Stands before every key, such as `/apisix`. */
  readonly prefix: string
  readonly user: string | undefined
  readonly password: string | undefined
  /** Of a flood no more changes are taken in; undefined: as the store has it. */
  readonly changesPerSecond: number | undefined
  readonly tls: {
    /** Whom to trust; undefined: the roots of the host. */
    readonly ca: Material | undefined
    readonly cert: Material | undefined
    readonly key: Material | undefined
    readonly verify: boolean
    readonly sni: string | undefined
  } | undefined
}

/** What a gateway does with its store: all, only the admin APIs, or only traffic. */
export type Role = 'traditional' | 'control-plane' | 'data-plane'

/** Where documents are kept. */
export interface StoreConfig {
  /**
   * Set: documents are in memory alone, and come from this file, or, where it is empty, through an API in one piece.
   * A YAML file counts once it ends with `#END`.
   */
  readonly standalone?: string | undefined
  /** The folder of the embedded store, joined to the document's folder; with etcd, of the last good state. */
  readonly folder: string
  readonly etcd: EtcdConfig | undefined
  readonly role: Role
  /** What secrets are sealed with, 32 bytes in base64, one a line; undefined: a file beside `folder`. */
  readonly keys: string | undefined
}
