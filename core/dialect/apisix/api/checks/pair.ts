import { isPkiProblem, readCertificates, readKeyPair, readPem } from '../../../../pki/mod.ts'
import type { Certificate } from '../../../../pki/mod.ts'
import type { Ciphertext } from '../ciphertext.ts'
import type { Wrong } from './types.ts'

const REFERENCE = /^\$(?:secret|env):\/\//

/** A certificate with its key, as they are kept. */
export interface CheckedPair {
  readonly key: string
  /** Undefined where one of the two is kept elsewhere. */
  readonly leaf: Certificate | undefined
}

/** Checks a certificate, or several, in PEM. @returns the first, or what OpenSSL would say through APISIX */
export async function checkCertificate(cert: string): Promise<Certificate | undefined | Wrong> {
  if (REFERENCE.test(cert)) return undefined
  const blocks = readPem(cert)
  const read = isPkiProblem(blocks) ? blocks : await readCertificates(cert)
  if (isPkiProblem(read)) {
    return { wrong: 'failed to parse cert: PEM_read_bio_X509_AUX() failed' }
  }
  return read[0]
}

/**
 * Checks a certificate and its key, which may be encrypted as APISIX or this gateway told it. APISIX does not look
 * whether the two belong together.
 */
export async function checkPair(
  cert: string,
  key: string,
  ciphertext: Ciphertext,
): Promise<CheckedPair | Wrong> {
  const leaf = await checkCertificate(cert)
  if (leaf !== undefined && 'wrong' in leaf) return leaf
  if (REFERENCE.test(key)) return { key, leaf }
  const clear = key.trimStart().startsWith('---') ? key : await ciphertext.open(key)
  if (clear === undefined) return { wrong: 'failed to decrypt previous encrypted key' }
  if (leaf === undefined) return { key: clear, leaf }
  const pair = await readKeyPair({ cert, key: clear })
  if (!isPkiProblem(pair)) return { key: clear, leaf: pair.certificates[0] ?? leaf }
  if (pair.problem === 'mismatch') {
    return { wrong: 'failed to match cert and key: the key does not belong to the certificate' }
  }
  return { wrong: 'failed to parse key: PEM_read_bio_PrivateKey() failed' }
}
