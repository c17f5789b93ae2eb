import { type DerElement, DerFault, readWhole, Tag } from './der.ts'
import { readCount, readIntegerBytes, readOctetBits, readOid } from './der-values.ts'

/** The curves that are used here, by OID. */
export const CURVES: Readonly<Record<string, { readonly name: string; readonly bits: number }>> = {
  '1.2.840.10045.3.1.7': { name: 'P-256', bits: 256 },
  '1.3.132.0.34': { name: 'P-384', bits: 384 },
  '1.3.132.0.35': { name: 'P-521', bits: 521 },
}

/** A SubjectPublicKeyInfo: what kind of key it is, and how strong. */
export interface PublicKeyInfo {
  readonly kind: 'rsa' | 'ec' | 'ed25519' | 'other'
  /** For people: `RSA`, `RSA-PSS`, `EC P-256`, `Ed25519`, or an OID. */
  readonly label: string
  readonly bits: number
  /** P-256, P-384 or P-521, for `ec`. */
  readonly curve: string
  /** The public exponent, for `rsa`. */
  readonly exponent: number
  /** Parameters of a key bound to RSASSA-PSS. */
  readonly pss: DerElement | undefined
  readonly pssOnly: boolean
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array
  /** The key's own bytes. */
  readonly key: Uint8Array
}

/** Reads a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7). */
export function readPublicKey(element: DerElement): PublicKeyInfo {
  const inside = element.inside()
  const algorithm = inside.read(Tag.sequence).inside()
  const key = readOctetBits(inside.read(Tag.bitString))
  inside.finish()
  const id = readOid(algorithm.read(Tag.oid))
  const parameters = algorithm.done ? undefined : algorithm.read()
  algorithm.finish()
  const base = {
    kind: 'other' as PublicKeyInfo['kind'],
    label: LABELS[id] ?? id,
    bits: 0,
    curve: '',
    exponent: 0,
    pss: undefined,
    pssOnly: false,
    spki: element.der,
    key,
  }
  if (id === RSA || id === RSA_PSS) {
    const pssOnly = id === RSA_PSS
    return { ...base, kind: 'rsa', ...readRsa(key), pssOnly, pss: pssOnly ? parameters : undefined }
  }
  if (id === EC) return { ...base, ...readEc(key, parameters) }
  if (id !== ED25519) return base
  // RFC 8410 section 3: parameters are absent.
  if (parameters !== undefined || key.length !== 32) {
    throw new DerFault('An Ed25519 key is malformed')
  }
  return { ...base, kind: 'ed25519', bits: 256 }
}

const RSA = '1.2.840.113549.1.1.1'
const RSA_PSS = '1.2.840.113549.1.1.10'
const EC = '1.2.840.10045.2.1'
const ED25519 = '1.3.101.112'
const LABELS: Readonly<Record<string, string>> = {
  [RSA]: 'RSA',
  [RSA_PSS]: 'RSA-PSS',
  [EC]: 'EC',
  [ED25519]: 'Ed25519',
  '1.3.101.113': 'Ed448',
  '1.2.840.10040.4.1': 'DSA',
}

function readRsa(key: Uint8Array): { bits: number; exponent: number } {
  const inside = readWhole(key, Tag.sequence).inside()
  const modulus = readIntegerBytes(inside.read(Tag.integer))
  const exponent = readCount(inside.read(Tag.integer))
  inside.finish()
  const first = modulus[0] as number
  if (first >= 0x80) throw new DerFault('An RSA modulus is negative')
  const significant = first === 0 ? modulus.subarray(1) : modulus
  const bits = significant.length === 0
    ? 0
    : significant.length * 8 - Math.clz32(significant[0] as number) + 24
  return { bits, exponent }
}

function readEc(key: Uint8Array, parameters: DerElement | undefined): Partial<PublicKeyInfo> {
  if (parameters?.tag !== Tag.oid) return { label: 'EC with explicit parameters' }
  const id = readOid(parameters)
  const curve = CURVES[id]
  if (curve === undefined) return { label: `EC ${id}` }
  const size = Math.ceil(curve.bits / 8)
  const full = key[0] === 4 && key.length === 1 + 2 * size
  const compressed = (key[0] === 2 || key[0] === 3) && key.length === 1 + size
  if (!full && !compressed) throw new DerFault('An EC point has another length')
  return { kind: 'ec', label: `EC ${curve.name}`, bits: curve.bits, curve: curve.name }
}
