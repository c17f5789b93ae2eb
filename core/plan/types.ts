import type { PlanConfig, Span, SubscriptionConfig } from '../snapshot/types.ts'

/** Why a plan does not let a request in. The names are those of the answered refusals. */
export type PlanRefusalCode =
  | 'CERTIFICATE_MISSING'
  | 'CERTIFICATE_MALFORMED'
  | 'CERTIFICATE_UNTRUSTED'
  | 'CERTIFICATE_EXPIRED'
  | 'CERTIFICATE_NOT_YET_VALID'
  | 'CERTIFICATE_REVOKED'
  | 'CERTIFICATE_REVOCATION_UNKNOWN'
  | 'CERTIFICATE_UNKNOWN'
  | 'CERTIFICATE_NOT_ALLOWED'
  | 'API_KEY_MISSING'
  | 'TOKEN_MISSING'
  | 'TOKEN_INVALID'
  | 'TOKEN_UNCHECKED'
  | 'PLAN_NOT_MATCHED'
  | 'API_KEY_UNKNOWN'
  | 'SUBSCRIPTION_MISSING'
  | 'SUBSCRIPTION_PENDING'
  | 'SUBSCRIPTION_PAUSED'
  | 'SUBSCRIPTION_CLOSED'
  | 'SUBSCRIPTION_NOT_STARTED'
  | 'SUBSCRIPTION_EXPIRED'

/** Why a request is not let in, with a sentence for the operator. */
export interface PlanRefusal {
  readonly code: PlanRefusalCode
  readonly detail: string
  /** The plan that was chosen and then turned away, with what the token lacks; undefined: none was chosen. */
  readonly chosen?: {
    readonly type: 'jwt' | 'oauth2' | 'api-key'
    readonly lacks: 'scope' | 'certificate' | undefined
  }
}

/** An application as plans see it. */
export interface Application {
  readonly name: string
  /** All of them, or those of each API by its name: a table is worth its room where there are many. */
  readonly subscriptions:
    | readonly SubscriptionConfig[]
    | ReadonlyMap<string, readonly SubscriptionConfig[]>
}

/** What a token - a certificate or a key - stands for. */
export interface Credential extends Span {
  readonly application: Application
  /** It counts for this plan alone; undefined: for all that the application has subscribed to. */
  readonly only?: { readonly api: string; readonly plan: string } | undefined
  /** The credential's own name; undefined: it has none. */
  readonly id?: string | undefined
}

/** Where plans look up to whom a token belongs. */
export interface CredentialLookup {
  /** `fingerprint` is the SHA-256 of a certificate's DER, hex. */
  byCertificate(fingerprint: string): Credential | undefined
  byApiKey(key: string): Credential | undefined
  /** By how tokens name an application. */
  byClientId(clientId: string): Application | undefined
}

/** What was found about a token. Times are epoch milliseconds. */
export type TokenVerdict =
  | {
    readonly ok: true
    /** Names of applications, the likeliest first. */
    readonly clientIds: readonly string[]
    /** SHA-256 (hex) of the certificate that it is bound to; undefined: to none. */
    readonly certificate: string | undefined
    readonly from: number
    readonly until: number
  }
  | {
    readonly ok: false
    readonly code: 'TOKEN_INVALID' | 'TOKEN_UNCHECKED'
    readonly detail: string
    /** Whom it names, as it says itself. */
    readonly clientIds?: readonly string[]
    /** What it lacks, where it is good otherwise. */
    readonly lacks?: 'scope' | 'certificate'
  }

/** Checks tokens of one plan, and remembers what it found. */
export interface TokenChecker {
  /** What is known; undefined: {@linkcode check} it first. */
  known(token: string, now: number): TokenVerdict | undefined
  /** Finds out, so that {@linkcode known} knows. Never rejects. */
  check(token: string, now: number): Promise<void>
}

/** A token that must be checked before plans can say anything. */
export interface PendingToken {
  /** Checks it; then ask again. Never rejects. */
  readonly check: (now: number) => Promise<void>
}

/** The names in a certificate: its subject (RFC 4514 text), and those it speaks for. */
export interface Identity {
  readonly subject: string
  readonly names: {
    readonly dns: readonly string[]
    readonly uri: readonly string[]
    readonly email: readonly string[]
    readonly ip: readonly string[]
  }
}

/** Conditions on the names of certificates, one of which must be met. */
export interface IdentityRule {
  /** Why none is met; undefined where one is. */
  refusalOf(identity: Identity): PlanRefusal | undefined
  /** Which one is met and by what, or why none is, for the operator. */
  explain(identity: Identity): string
}

/** A client certificate as plans see it: `problem` says why it does not count. */
export interface CertificateToken {
  readonly fingerprint: string
  readonly problem: PlanRefusal | undefined
  /** Known where there is no problem. */
  readonly identity: Identity | undefined
}

/** What a request brings along to prove itself. */
export interface Tokens {
  readonly certificate: CertificateToken | undefined
  /** The value of a header, by its name in lower case; undefined where absent. */
  header(name: string): string | undefined
}

/** A plan, ready for use. */
export interface CompiledPlan extends PlanConfig {
  /** Which of the certificates that applications have it takes; undefined: all. */
  readonly identity: IdentityRule | undefined
  /** For `jwt` and `oauth2`; undefined: this host cannot check tokens. */
  readonly tokens?: TokenChecker | undefined
  /** Whether a request meets the plan's conditions; undefined: there are none. */
  readonly holds?: ((request: unknown) => boolean) | undefined
}

/** The plans of one API, in the order in which they are tried. */
export interface CompiledPlans {
  readonly api: string
  /** Which reason is told where plans have several, the lowest first; undefined: the most telling one. */
  readonly rank?: ((refusal: PlanRefusal) => number) | undefined
  readonly plans: readonly CompiledPlan[]
}

/** What one plan says: it lets in, it found a token and does not, or it found no token. */
export type PlanResult =
  | {
    readonly kind: 'granted'
    readonly application: string | undefined
    readonly subscription?: string | undefined
  }
  | { readonly kind: 'refused'; readonly refusal: PlanRefusal }
  /** It found whose token it is, and no other plan is to be asked. */
  | { readonly kind: 'denied'; readonly refusal: PlanRefusal }
  /** It found a token, and does not take such requests. */
  | { readonly kind: 'unmatched'; readonly refusal: PlanRefusal }
  | { readonly kind: 'no-token'; readonly refusal: PlanRefusal }
  | { readonly kind: 'pending'; readonly pending: PendingToken }
  | { readonly kind: 'skipped' }
