import { type Bytes, concatBytes } from './bytes.ts'

/** What a key, an IV or a MAC key is derived from. */
export interface Pkcs12Derivation {
  readonly passphrase: string
  readonly salt: Uint8Array
  readonly iterations: number
  readonly hash: 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512'
  /** 1 for a key, 2 for an IV, 3 for a MAC key. */
  readonly id: 1 | 2 | 3
  /** How many bytes are wanted. */
  readonly size: number
  /** Whether no passphrase at all is meant, where it is empty: some tools then leave out even its end mark. */
  readonly absent?: boolean
}

const SIZES = {
  'SHA-1': [20, 64],
  'SHA-256': [32, 64],
  'SHA-384': [48, 128],
  'SHA-512': [64, 128],
} as const

/** The key derivation of PKCS#12 (RFC 7292 appendix B.2). */
export async function pkcs12Derive(derivation: Pkcs12Derivation): Promise<Bytes> {
  const { salt, iterations, hash, id, size } = derivation
  const [u, v] = SIZES[hash]
  const password = derivation.absent === true ? new Uint8Array(0) : bmpText(derivation.passphrase)
  const diversifier = new Uint8Array(v).fill(id)
  const block = concatBytes(fill(salt, v), fill(password, v))
  const out = new Uint8Array(Math.ceil(size / u) * u)
  for (let offset = 0; offset < size; offset += u) {
    let a = await crypto.subtle.digest(hash, concatBytes(diversifier, block))
    for (let i = 1; i < iterations; i++) a = await crypto.subtle.digest(hash, a)
    const digest = new Uint8Array(a)
    out.set(digest, offset)
    const b = fill(digest, v)
    for (let at = 0; at < block.length; at += v) addOne(block.subarray(at, at + v), b)
  }
  return out.slice(0, size)
}

/** Big-endian UTF-16 with two zero bytes at the end (RFC 7292 appendix B.1). */
function bmpText(text: string): Bytes {
  const out = new Uint8Array(text.length * 2 + 2)
  for (let i = 0; i < text.length; i++) {
    out[2 * i] = text.charCodeAt(i) >> 8
    out[2 * i + 1] = text.charCodeAt(i)
  }
  return out
}

/** Repeats bytes up to a whole number of blocks. */
function fill(bytes: Uint8Array, v: number): Bytes {
  const out = new Uint8Array(Math.ceil(bytes.length / v) * v)
  for (let i = 0; i < out.length; i++) out[i] = bytes[i % bytes.length] as number
  return out
}

/** block = block + b + 1, modulo its size. */
function addOne(block: Uint8Array, b: Uint8Array): void {
  let carry = 1
  for (let i = block.length - 1; i >= 0; i--) {
    const sum = (block[i] as number) + (b[i] as number) + carry
    block[i] = sum
    carry = sum >> 8
  }
}
