/** Why a chain was accepted or refused; `trusted` is the only acceptance. */
export type VerdictCode =
  | 'trusted'
  | 'malformed'
  | 'expired'
  | 'not-yet-valid'
  | 'unknown-issuer'
  | 'bad-signature'
  | 'not-a-ca'
  | 'path-too-long'
  | 'depth-exceeded'
  | 'key-usage'
  | 'extended-key-usage'
  | 'name-mismatch'
  | 'name-constraint'
  | 'policy'
  | 'unknown-critical-extension'
  | 'weak-signature'
  | 'weak-key'
  | 'revoked'
  | 'revocation-unknown'
  | 'too-complex'

/** The names a certificate speaks for (RFC 5280 section 4.2.1.6), in their text forms. */
export interface SubjectAltNames {
  readonly dns: readonly string[]
  readonly ip: readonly string[]
  readonly email: readonly string[]
  readonly uri: readonly string[]
}

/** A certificate as it was read. Times are epoch milliseconds, hex is lower case. */
export interface Certificate {
  readonly der: Uint8Array
  /** SHA-256 of `der`, hex. The only identity a certificate has here. */
  readonly sha256: string
  readonly version: 1 | 2 | 3
  readonly serial: string
  /** RFC 4514 text. */
  readonly issuer: string
  /** RFC 4514 text. */
  readonly subject: string
  readonly notBefore: number
  readonly notAfter: number
  readonly names: SubjectAltNames
  readonly isCa: boolean
}

/** Whom a check trusts. Made by `createTruststore`; equal ids mean equal content. */
export interface Truststore {
  readonly id: string
  readonly anchors: readonly Certificate[]
  /** A leaf is its own anchor: only its own form, dates and usages count. Who it belongs to is asked elsewhere. */
  readonly acceptsAnyLeaf: boolean
  /** How strict a check is. Absent: {@linkcode DEFAULT_RULES}. */
  readonly rules?: TrustRules
  readonly crls?: readonly Crl[]
  /** What is asked over the network besides. Absent: nothing. */
  readonly online?: OnlineRules
}

/** How strict a check is. */
export interface TrustRules {
  /**
   * `compatible` accepts what common tools make, as long as it is safe: no key identifiers, names with underscores.
   * `strict` also refuses whatever RFC 5280 forbids those who issue certificates, and `webpki` what the CA/Browser
   * Forum's Baseline Requirements forbid those who issue them to servers.
   */
  readonly profile: 'compatible' | 'strict' | 'webpki'
  /** The shortest RSA modulus that is accepted, in bits. */
  readonly minRsaBits: number
  /** What a stale or missing CRL means, where a truststore has any: `hard` refuses, `soft` accepts and says so. */
  readonly crlPolicy: 'hard' | 'soft'
  /** Whose revocation is asked about: each certificate's of a path but the anchor's, or the leaf's alone. */
  readonly crlDepth: 'chain' | 'leaf'
}

/** Whether a source of revocation is asked, and what it means that it does not answer: see `crlPolicy`. */
export type OnlinePolicy = 'off' | 'soft' | 'hard'

/** What a truststore wants to be asked over the network. This room asks nobody: it says what it lacks. */
export interface OnlineRules {
  /** CRLs from the distribution points of certificates (RFC 5280 section 4.2.1.13). */
  readonly crlFetch: OnlinePolicy
  /** OCSP responders that certificates name (RFC 6960). */
  readonly ocsp: OnlinePolicy
  /** Whether OCSP responses must repeat a nonce (RFC 9654). */
  readonly ocspNonce: boolean
  /** Ranges of addresses that may be asked although they are not public, such as `10.0.0.0/8`. */
  readonly fetchFrom: readonly string[]
}

/** The rules of a truststore that names none. */
export const DEFAULT_RULES: TrustRules = {
  profile: 'compatible',
  minRsaBits: 2048,
  crlPolicy: 'hard',
  crlDepth: 'chain',
}

/** A certificate revocation list as it was read. Times are epoch milliseconds. */
export interface Crl {
  /** SHA-256 of its DER, hex. */
  readonly sha256: string
  /** RFC 4514 text. */
  readonly issuer: string
  readonly thisUpdate: number
  readonly nextUpdate: number | undefined
  readonly entryCount: number
}

/** What a chain is presented for. */
export interface Presentation {
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[]
  readonly purpose: 'client' | 'server'
  /** For backends: the DNS name or IP address that the leaf must speak for (RFC 9525). */
  readonly name?: string | undefined
  /** How many intermediates are allowed. */
  readonly depth: number
}

/** What was found about a presented chain. It holds from `validFrom` until `validUntil`; outside, ask again. */
export interface Verdict {
  readonly ok: boolean
  readonly code: VerdictCode
  /** One sentence for the operator. */
  readonly detail: string
  /** The leaf, where it could be read. */
  readonly certificate: Certificate | undefined
  /** Leaf to anchor, where a path was found. */
  readonly path: readonly Certificate[]
  readonly validFrom: number
  readonly validUntil: number
  /** What would have told more about revocation, and was not at hand. */
  readonly lacks?: readonly RevocationSource[]
}

/** Where it can be learned whether a certificate is revoked. The address stands in a certificate that a path vouches for. */
export type RevocationSource =
  | { readonly kind: 'crl'; readonly url: string }
  | {
    readonly kind: 'ocsp'
    readonly url: string
    readonly certificate: Certificate
    readonly issuer: Certificate
  }

/** What was fetched from such a place; `failed` says why there is nothing. */
export type Fetched<T> = T | { readonly failed: string } | undefined

/** What was fetched so far. Undefined means: not asked yet. */
export interface RevocationMaterial {
  crl(source: RevocationSource & { readonly kind: 'crl' }): Fetched<Crl>
  ocsp(source: RevocationSource & { readonly kind: 'ocsp' }): Fetched<OcspResponse>
}

/** An OCSP response as it was read; whom it speaks about and who signed it is asked in a verdict. */
export interface OcspResponse {
  readonly producedAt: number
  /** The nonce of the request, hex, where it is repeated. */
  readonly nonce: string | undefined
  /** Until when its answers hold, epoch milliseconds. */
  readonly until: number
}
