import { sha256 } from './sha256.ts'

/** Bytes over an ordinary buffer, as the web's crypto functions take them. */
export type Bytes = Uint8Array<ArrayBuffer>

const HEX: readonly string[] = Array.from(
  { length: 256 },
  (_, i) => i.toString(16).padStart(2, '0'),
)

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += HEX[byte]
  return text
}

/** Whether two byte strings are the same. Not in constant time: for public values only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Byte-wise order; a shorter string sorts before its extensions. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** The parts after one another. */
export function concatBytes(...parts: readonly Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    out.set(part, offset)
    offset += part.length
  }
  return out
}

/** One character a byte, as `atob` and `btoa` speak. */
export function toLatin1(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8192))
  }
  return text
}

/** The low byte of each character. */
export function fromLatin1(text: string): Bytes {
  const out = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i)
  return out
}

const DIGITS = new TextEncoder().encode(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
)
const PADDING = 0x3d
const ascii = new TextDecoder()

/** Base64 with padding (RFC 4648 section 4). Thousands of certificates are written so at a start. */
export function toBase64(bytes: Uint8Array): string {
  const { length } = bytes
  const out = new Uint8Array(Math.ceil(length / 3) * 4).fill(PADDING)
  for (let from = 0, to = 0; from < length; from += 3, to += 4) {
    const group = bytes[from]! << 16 | (bytes[from + 1] ?? 0) << 8 | (bytes[from + 2] ?? 0)
    out[to] = DIGITS[group >> 18]!
    out[to + 1] = DIGITS[group >> 12 & 63]!
    if (from + 1 < length) out[to + 2] = DIGITS[group >> 6 & 63]!
    if (from + 2 < length) out[to + 3] = DIGITS[group & 63]!
  }
  return ascii.decode(out)
}

/** Base64, white space ignored; undefined where it is none. */
export function fromBase64(text: string): Bytes | undefined {
  const dense = text.replace(/[ \t\r\n\f\v]+/g, '')
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(dense)) return undefined
  if (dense.length % 4 === 1 || (dense.includes('=') && dense.length % 4 !== 0)) return undefined
  try {
    return fromLatin1(atob(dense))
  } catch {
    return undefined
  }
}

/** What is digested here; more is handed to WebCrypto, which is quicker from there on. */
const SHORT = 4096

/** SHA-256, lower-case hex. */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  if (bytes.length <= SHORT) return sha256(bytes)
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', owned(bytes))))
}

/** The same bytes, typed for WebCrypto; copied only where they lie in shared memory. */
export function owned(bytes: Uint8Array): Bytes {
  return bytes.buffer instanceof ArrayBuffer ? bytes as Bytes : new Uint8Array(bytes)
}
