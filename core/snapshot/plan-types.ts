import type { ConditionConfig } from './filter-types.ts'
import type { IdentityConfig, Material } from './types.ts'

/** The kinds of plans, in the order in which they are tried. */
export type PlanType = 'mtls' | 'jwt' | 'oauth2' | 'api-key' | 'keyless'

/** Where the keys are that tokens are signed with. */
export type TokenKeysConfig =
  /** A JWK set (RFC 7517), fetched and fetched again. */
  | { readonly url: string }
  /** A JWK set, a public key or a certificate in PEM. */
  | { readonly key: Material }
  /** The secret of HMAC signatures. */
  | { readonly secret: string }

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
  /** The claim that names the application; undefined: the first of `azp`, `aud` and `client_id`. */
  readonly clientClaim: string | undefined
  /** Whether tokens must be bound to the client's certificate (RFC 8705 section 3); those that are always have to fit. */
  readonly bound: boolean
}

/** How tokens are asked about (RFC 7662). */
export interface IntrospectionConfig {
  readonly url: string
  /** By which the gateway proves itself; undefined: it does not. */
  readonly clientId: string | undefined
  readonly clientSecret: string | undefined
  /** All must be among the token's scopes. */
  readonly scopes: readonly string[]
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
  /** For `mtls`: conditions, one of which the certificate must meet; empty: none. */
  readonly allow: readonly IdentityConfig[]
  /** All must hold of a request that brings the plan's token, or the next plan is tried; undefined: none. */
  readonly conditions?: readonly ConditionConfig[] | undefined
  /** For `jwt`. */
  readonly jwt?: JwtConfig | undefined
  /** For `oauth2`. */
  readonly introspection?: IntrospectionConfig | undefined
}
