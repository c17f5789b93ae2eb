import type { ConditionConfig } from './filter-types.ts'
import type { IdentityConfig, Material } from './types.ts'

/** The kinds of plans, in the order in which they are tried. */
export type PlanType = 'mtls' | 'jwt' | 'oauth2' | 'api-key' | 'keyless'

/** Where the keys are that tokens are signed with. */
export type TokenKeysConfig =
  /** A JWK set (RFC 7517), fetched and fetched again. */
  | {
    readonly url: string
    readonly timeout?: number | undefined
    /** Undefined: no. */
    readonly followRedirects?: boolean | undefined
  }
  /** A JWK set, a public key or a certificate in PEM. */
  | { readonly key: Material }
  /** The secret of HMAC signatures; `base64`: what it stands for in base64 counts as well. */
  | { readonly secret: string; readonly base64?: boolean | undefined }
  /** Keys by who issued the token, its `iss`; those of `default` for tokens of others. */
  | { readonly issuers: readonly TokenIssuerConfig[] }

/** Someone who issues tokens. */
export interface TokenIssuerConfig {
  readonly name: string
  /** Public keys or certificates in PEM, keys as SSH writes them, or secrets in base64; at least one. */
  readonly keys: readonly string[]
}

/** What `typ` in a token's header may be. */
export interface TokenTypesConfig {
  readonly expected: readonly string[]
  readonly ignoreCase: boolean
  /** Whether a token may have none. */
  readonly ignoreMissing: boolean
}

/** How JSON Web Tokens (RFC 7519) are checked. */
export interface JwtConfig {
  readonly keys: TokenKeysConfig
  /** Signature algorithms that are taken, such as `RS256`; at least one. */
  readonly algorithms: readonly string[]
  readonly issuer: string | undefined
  /** One of these must be among the token's audiences; empty: any. */
  readonly audience: readonly string[]
  /** How far clocks may be apart, in milliseconds. */
  readonly clockSkew: number
  /** The claim that names the application, steps of it between dots; undefined: the first of `azp`, `aud` and `client_id`. */
  readonly clientClaim: string | undefined
  /** Whether the first name alone counts; undefined: the next does where nobody has it. */
  readonly oneClient?: boolean | undefined
  /** Undefined: any. */
  readonly types?: TokenTypesConfig | undefined
  /** Whether tokens must be bound to the client's certificate (RFC 8705 section 3); those that are always have to fit. */
  readonly bound: boolean
}

/** How the question about a token looks, where it is not that of RFC 7662. */
export interface IntrospectionRequestConfig {
  readonly method: 'GET' | 'POST'
  /** Where the token stands: an argument of the query, a field of the head, a field of the form; undefined: not there. */
  readonly argument: string | undefined
  readonly header: string | undefined
  readonly field: string | undefined
  /** Where the gateway proves itself, and by which scheme; undefined: it does not. */
  readonly authorization: { readonly header: string; readonly scheme: string } | undefined
}

/** How tokens are asked about (RFC 7662). */
export interface IntrospectionConfig {
  readonly url: string
  /** By which the gateway proves itself; undefined: it does not. */
  readonly clientId: string | undefined
  readonly clientSecret: string | undefined
  /** All must be among the token's scopes. */
  readonly scopes: readonly string[]
  /** Whether one of `scopes` is enough; undefined: it is not. */
  readonly anyScope?: boolean | undefined
  /** What stands between scopes that come as text; undefined: spaces. */
  readonly scopeSeparator?: string | undefined
  /** Undefined: a form, sent by POST. */
  readonly request?: IntrospectionRequestConfig | undefined
  /** How long an answer is kept, in milliseconds; never longer than the token lives. */
  readonly cache: number
  readonly timeout: number
  readonly bound: boolean
}

/** A way to use an API. */
export interface PlanConfig {
  readonly name: string
  readonly type: PlanType
  /** For `api-key`: the header that carries the key, lower case. */
  readonly header: string
  /** For `api-key`: the argument that carries the key where the header does not; undefined: none does. */
  readonly argument?: string | undefined
  /**
   * Whether who is subscribed by a token that is no good is turned away at once, without a try of the next plan:
   * Gravitee's way. Undefined: no.
   */
  readonly decisive?: boolean | undefined
  /** Whether Authorization goes no further once this plan has let in; undefined: it does. */
  readonly hidesToken?: boolean | undefined
  /** For `mtls`: conditions, one of which the certificate must meet; empty: none. */
  readonly allow: readonly IdentityConfig[]
  /** All must hold of a request that brings the plan's token, or the next plan is tried; undefined: none. */
  readonly conditions?: readonly ConditionConfig[] | undefined
  /** For `jwt`. */
  readonly jwt?: JwtConfig | undefined
  /** For `oauth2`. */
  readonly introspection?: IntrospectionConfig | undefined
}
