import { equalBytes } from './bytes.ts'
import { context, type DerElement, readWhole, Tag } from './der.ts'
import { keyAlgorithm } from './private-key.ts'

/**
 * Whether a private key carries the public key of a certificate: modulus and exponent of RSA (RFC 8017 appendix A.1.2),
 * the point of an elliptic curve (RFC 5915 section 3). OpenSSL compares no more when it loads the two.
 * @param own the certificate's subjectPublicKey, without the count of unused bits
 * @returns undefined where the private key does not carry one
 */
export function carriesPublicKey(own: Uint8Array, pkcs8: Uint8Array): boolean | undefined {
  const { id, key } = keyAlgorithm(pkcs8)
  switch (id) {
    case '1.2.840.113549.1.1.1':
    case '1.2.840.113549.1.1.10':
      return sameModulus(own, key)
    case '1.2.840.10045.2.1':
      return samePoint(own, key)
    default:
      return undefined
  }
}

function sameModulus(own: Uint8Array, key: Uint8Array): boolean {
  const theirs = readWhole(own, Tag.sequence).inside()
  const ours = readWhole(key, Tag.sequence).inside()
  ours.read(Tag.integer)
  const same = (a: DerElement, b: DerElement): boolean => equalBytes(a.content, b.content)
  return same(theirs.read(Tag.integer), ours.read(Tag.integer)) &&
    same(theirs.read(Tag.integer), ours.read(Tag.integer))
}

function samePoint(own: Uint8Array, key: Uint8Array): boolean | undefined {
  const ours = readWhole(key, Tag.sequence).inside()
  ours.read(Tag.integer)
  ours.read(Tag.octetString)
  ours.optional(context(0))
  const point = ours.optional(context(1))?.inside().read(Tag.bitString).content.subarray(1)
  // One of the two may be compressed.
  if (point === undefined || point.length !== own.length) return undefined
  return equalBytes(point, own)
}
