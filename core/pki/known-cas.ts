import { sha256Hex } from './bytes.ts'
import { certificateOf } from './certificate.ts'
import type { Certificate } from './types.ts'

/** How many intermediates are kept, and how long they may be: two megabytes at the very most. */
const [CAPACITY, MAX_SIZE] = [256, 8192]

/** Intermediates of paths that were accepted, in the order of last use. Their keys are imported already. */
const known = new Map<string, Certificate>()
/** Issuers, by SHA-256, whose signature on a certificate was good: it stays good. */
const issuers = new WeakMap<Certificate, Set<string>>()

/** Reads a certificate that comes along with a leaf; one of an accepted path is not read again. Throws as `certificateOf`. */
export async function intermediateOf(der: Uint8Array): Promise<Certificate> {
  if (der.length > MAX_SIZE) return await certificateOf(der)
  return known.get(await sha256Hex(der)) ?? await certificateOf(der)
}

/** Keeps the intermediates of a path that was accepted. */
export function rememberPath(path: readonly Certificate[]): void {
  for (const certificate of path.slice(1, -1)) {
    if (certificate.der.length > MAX_SIZE) continue
    known.delete(certificate.sha256)
    known.set(certificate.sha256, certificate)
  }
  for (const oldest of known.keys()) {
    if (known.size <= CAPACITY) break
    known.delete(oldest)
  }
}

/** Whether an issuer's signature on a certificate was found good before. */
export function isKnownIssue(certificate: Certificate, issuer: Certificate): boolean {
  return issuers.get(certificate)?.has(issuer.sha256) === true
}

/** Notes that an issuer's signature on a certificate is good. */
export function noteIssue(certificate: Certificate, issuer: Certificate): void {
  const noted = issuers.get(certificate)
  if (noted === undefined) issuers.set(certificate, new Set([issuer.sha256]))
  else noted.add(issuer.sha256)
}
