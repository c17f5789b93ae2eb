import { hmacSha256, sha256OfText } from '../pki/mod.ts'

const utf8 = new TextEncoder()

/** SHA-256 over any JSON-like content, hex: equal content gives equal ids. Each kind of content names itself first. */
export function contentId(kind: string, ...content: readonly unknown[]): string {
  return sha256OfText(JSON.stringify([kind, content]))
}

/** What {@linkcode deriveBytes} derives. */
export interface Derivation {
  readonly purpose: string
  /** In bytes. */
  readonly length: number
}

/** Derives key material from a secret without waiting: HKDF-Expand (RFC 5869 section 2.3) over SHA-256. */
export function expandKey(secret: Uint8Array, { purpose, length }: Derivation): Uint8Array {
  const info = utf8.encode(`sallyport ${purpose}`)
  const out = new Uint8Array(Math.ceil(length / 32) * 32)
  let block = new Uint8Array(0)
  for (let n = 1; n * 32 <= out.length; n++) {
    block = hmacSha256(secret, Uint8Array.of(...block, ...info, n))
    out.set(block, (n - 1) * 32)
  }
  return out.subarray(0, length)
}

/** Derives key material from a secret with HKDF (RFC 5869) over SHA-256. */
export async function deriveBytes(
  secret: Uint8Array,
  { purpose, length }: Derivation,
): Promise<Uint8Array> {
  const key = await keyOf(secret)
  const how = {
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(0),
    info: utf8.encode(`sallyport ${purpose}`),
  }
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, length * 8))
}

/** The keys of secrets in use: thousands of things are derived from one. */
const KEYS = new WeakMap<Uint8Array, Promise<CryptoKey>>()

function keyOf(secret: Uint8Array): Promise<CryptoKey> {
  let key = KEYS.get(secret)
  if (key === undefined) {
    key = crypto.subtle.importKey('raw', Uint8Array.from(secret), 'HKDF', false, ['deriveBits'])
    KEYS.set(secret, key)
  }
  return key
}
