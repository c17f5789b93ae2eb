import { pssParameters, type SignatureAlgorithm } from './algorithms.ts'
import { type Bytes, owned } from './bytes.ts'
import { DerFault, readWhole, Tag } from './der.ts'
import { readIntegerBytes } from './der-values.ts'
import { derBits, derOid, derSequence } from './der-write.ts'
import { CURVES, type PublicKeyInfo } from './public-key.ts'

/** What is to be verified. */
export interface SignedContent {
  readonly content: Uint8Array
  readonly signature: Uint8Array
  readonly algorithm: SignatureAlgorithm
}

const imported = new WeakMap<PublicKeyInfo, Map<string, Promise<CryptoKey>>>()

/** Whether `key` made the signature. What cannot be verified is not verified. */
export async function verifySignature(key: PublicKeyInfo, signed: SignedContent): Promise<boolean> {
  const { algorithm } = signed
  if (!fits(key, algorithm)) return false
  try {
    const signature = algorithm.kind === 'ec'
      ? rawEcdsa(signed.signature, key.curve)
      : owned(signed.signature)
    const cryptoKey = await importKey(key, algorithm)
    return await crypto.subtle.verify(
      verifyParameters(algorithm),
      cryptoKey,
      signature,
      owned(signed.content),
    )
  } catch {
    return false
  }
}

function fits(key: PublicKeyInfo, algorithm: SignatureAlgorithm): boolean {
  if (algorithm.kind === 'rsa') return key.kind === 'rsa' && !key.pssOnly
  if (algorithm.kind !== 'rsa-pss') return key.kind === algorithm.kind
  if (key.kind !== 'rsa') return false
  if (key.pss === undefined) return true
  // RFC 4055 section 3.3: the key's parameters bind the signature's.
  const bound = pssParameters(key.pss)
  return bound !== undefined && bound.hash === algorithm.hash &&
    algorithm.saltLength >= bound.saltLength
}

function verifyParameters(algorithm: SignatureAlgorithm): string | EcdsaParams | RsaPssParams {
  switch (algorithm.kind) {
    case 'ec':
      return { name: 'ECDSA', hash: algorithm.hash }
    case 'rsa-pss':
      return { name: 'RSA-PSS', saltLength: algorithm.saltLength }
    case 'rsa':
      return 'RSASSA-PKCS1-v1_5'
    case 'ed25519':
      return 'Ed25519'
  }
}

function importParameters(
  key: PublicKeyInfo,
  algorithm: SignatureAlgorithm,
): string | RsaHashedImportParams | EcKeyImportParams {
  switch (algorithm.kind) {
    case 'ec':
      return { name: 'ECDSA', namedCurve: key.curve }
    case 'rsa-pss':
      return { name: 'RSA-PSS', hash: algorithm.hash }
    case 'rsa':
      return { name: 'RSASSA-PKCS1-v1_5', hash: algorithm.hash }
    case 'ed25519':
      return 'Ed25519'
  }
}

function importKey(key: PublicKeyInfo, algorithm: SignatureAlgorithm): Promise<CryptoKey> {
  const name = `${algorithm.kind} ${algorithm.kind === 'ec' ? '' : algorithm.hash}`
  let keys = imported.get(key)
  if (keys === undefined) imported.set(key, keys = new Map())
  let promise = keys.get(name)
  if (promise === undefined) {
    promise = crypto.subtle.importKey(
      'spki',
      plainSpki(key),
      importParameters(key, algorithm),
      false,
      [
        'verify',
      ],
    )
    keys.set(name, promise)
  }
  return promise
}

/** WebCrypto takes RSA keys under rsaEncryption alone, whatever they are bound to. */
export function plainSpki(key: PublicKeyInfo): Bytes {
  if (!key.pssOnly) return owned(key.spki)
  const rsa = derSequence(derOid('1.2.840.113549.1.1.1'), new Uint8Array([Tag.null, 0]))
  return derSequence(rsa, derBits(key.key))
}

/** ECDSA-Sig-Value (RFC 3279 section 2.2.3) to the fixed form that WebCrypto takes. */
function rawEcdsa(signature: Uint8Array, curve: string): Bytes {
  const bits = Object.values(CURVES).find((c) => c.name === curve)?.bits ?? 0
  const size = Math.ceil(bits / 8)
  const inside = readWhole(signature, Tag.sequence).inside()
  const out = new Uint8Array(size * 2)
  for (const offset of [0, size]) {
    let value = readIntegerBytes(inside.read(Tag.integer))
    if ((value[0] as number) >= 0x80) throw new DerFault('A signature has a negative part')
    if (value[0] === 0) value = value.subarray(1)
    if (value.length > size) throw new DerFault('A signature is too long')
    out.set(value, offset + size - value.length)
  }
  inside.finish()
  return out
}
