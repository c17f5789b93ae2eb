import { type Bytes, owned } from './bytes.ts'
import { decodedOf } from './certificate.ts'
import { context, readWhole, Tag } from './der.ts'
import { derElement, derNull, derOctets, derOid, derSequence } from './der-write.ts'
import type { Certificate } from './types.ts'

/** id-pkix-ocsp-nonce (RFC 9654 section 2.1). */
export const NONCE = '1.3.6.1.5.5.7.48.1.2'
const SHA_1 = '1.3.14.3.2.26'

/** What an OCSP responder is to be asked about. */
export interface OcspQuestion {
  readonly certificate: Certificate
  readonly issuer: Certificate
  /** Bytes that the response must repeat; undefined sends none. */
  readonly nonce?: Uint8Array | undefined
}

/**
 * Makes an OCSPRequest for one certificate, DER (RFC 6960 section 4.1). Issuer and key are named by SHA-1, which all
 * responders know (RFC 5019 section 2.1.1); nothing is trusted by it.
 */
export async function createOcspRequest(question: OcspQuestion): Promise<Uint8Array> {
  const { certificate, issuer, nonce } = question
  const { nameHash, keyHash } = await issuerHashes(certificate, issuer, 'SHA-1')
  const id = derSequence(
    derSequence(derOid(SHA_1), derNull()),
    derOctets(nameHash),
    derOctets(keyHash),
    derElement(Tag.integer, decodedOf(certificate).serial),
  )
  const list = derSequence(derSequence(id))
  if (nonce === undefined) return derSequence(derSequence(list))
  const extension = derSequence(derOid(NONCE), derOctets(derOctets(nonce)))
  return derSequence(derSequence(list, derElement(context(2), derSequence(extension))))
}

/** The parts of a CertID that name the issuer (RFC 6960 section 4.1.1). */
export async function issuerHashes(
  certificate: Certificate,
  issuer: Certificate,
  hash: string,
): Promise<{ readonly nameHash: Uint8Array; readonly keyHash: Uint8Array }> {
  return {
    nameHash: await digest(hash, issuerName(certificate.der)),
    keyHash: await digest(hash, decodedOf(issuer).key.key),
  }
}

/** A digest of bytes by WebCrypto's name of it. */
export async function digest(hash: string, bytes: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest(hash, owned(bytes)))
}

/** The issuer's name as it stands in a certificate that was read before. */
function issuerName(der: Uint8Array): Uint8Array {
  const inside = readWhole(der, Tag.sequence).inside().read(Tag.sequence).inside()
  inside.optional(context(0))
  inside.read(Tag.integer)
  inside.read(Tag.sequence)
  return inside.read(Tag.sequence).der
}
