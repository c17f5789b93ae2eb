import { signatureAlgorithm } from './algorithms.ts'
import { decodedOf } from './certificate.ts'
import type { CrlContent } from './crl.ts'
import { KeyUsage } from './extensions.ts'
import { verifySignature } from './signature.ts'
import type { Certificate } from './types.ts'

const verified = new WeakMap<CrlContent, Map<string, Promise<boolean>>>()

/** Certificates by whose name a CRL may be signed and that may sign CRLs, likely ones first. */
export function possibleSigners(
  crl: CrlContent,
  certificates: readonly Certificate[],
): Certificate[] {
  const rank = (certificate: Certificate) => {
    const id = decodedOf(certificate).extensions.subjectKeyId
    if (id === undefined || crl.authorityKeyId === undefined) return 1
    return id === crl.authorityKeyId ? 0 : 2
  }
  return certificates.filter((certificate) => {
    const { subject, extensions: { keyUsage } } = decodedOf(certificate)
    // RFC 5280 section 6.3.3 (f): key usage counts where it is there.
    return subject.key === crl.issuer.key &&
      (keyUsage === undefined || (keyUsage & KeyUsage.cRLSign) !== 0)
  }).sort((a, b) => rank(a) - rank(b))
}

/** Whether a certificate's key made the CRL's signature. Asked once for each pair: a CRL may be long. */
export function isSignedBy(crl: CrlContent, certificate: Certificate): Promise<boolean> {
  let outcomes = verified.get(crl)
  if (outcomes === undefined) verified.set(crl, outcomes = new Map())
  const known = outcomes.get(certificate.sha256)
  if (known !== undefined) return known
  const outcome = verify(crl, certificate)
  outcomes.set(certificate.sha256, outcome)
  return outcome
}

async function verify(crl: CrlContent, certificate: Certificate): Promise<boolean> {
  const { tbs: content, signature } = crl
  try {
    const algorithm = signatureAlgorithm(crl.algorithm)
    if (algorithm === undefined) return false
    return await verifySignature(decodedOf(certificate).key, { content, signature, algorithm })
  } catch {
    return false
  }
}
