import type { PkiProblem } from '../pki/mod.ts'
import type { Certificate, Crl, OnlineRules, Truststore } from '../pki/mod.ts'
import type { Credentials } from '../port/mod.ts'
import type { TrustConfig } from '../snapshot/types.ts'

/** A certificate with its private key, still unread. */
export type KeyPairSource =
  | {
    readonly cert: Uint8Array
    readonly key: Uint8Array
    readonly passphrase: string | undefined
  }
  | { readonly pkcs12: Uint8Array; readonly passphrase: string | undefined }

/** Bounds for reading a PKCS#12 payload. */
export interface KeyPairLimits {
  readonly pkcs12Iterations: number
  readonly pkcs12Size: number
}

/** A certificate with the key that belongs to it. */
export interface KeyPair {
  /** Leaf first. */
  readonly certificates: readonly Certificate[]
  readonly credentials: Credentials
}

/** What a truststore is made of. */
export interface TruststoreParts
  extends Pick<TrustConfig, 'crlPolicy' | 'crlDepth' | 'profile' | 'minRsaBits'> {
  readonly anchors: readonly Certificate[]
  readonly crls: readonly Crl[]
  readonly acceptsAnyLeaf: boolean
  readonly online: OnlineRules
}

/** What compiling needs of `core/pki`. Failures are values. */
export interface PkiTools {
  readCertificates(data: Uint8Array): Promise<readonly Certificate[] | PkiProblem>
  readKeyPair(source: KeyPairSource, limits: KeyPairLimits): Promise<KeyPair | PkiProblem>
  /** Reads all CRLs of a file, PEM or DER, at least one. */
  readCrls(data: Uint8Array): Promise<readonly Crl[] | PkiProblem>
  createTruststore(parts: TruststoreParts): Promise<Truststore>
}
