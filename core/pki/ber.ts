import { type Bytes, concatBytes } from './bytes.ts'
import { DerFault } from './der.ts'
import { derElement } from './der-write.ts'

const MAX_DEPTH = 24

/**
 * Rewrites BER as DER as far as PKCS#12 files need it: indefinite and roundabout lengths become plain, and OCTET
 * STRINGs in pieces become whole. Old tools write such files; certificates are never read this way.
 */
export function berToDer(bytes: Uint8Array): Bytes {
  const { der, next } = rewrite(bytes, 0, MAX_DEPTH)
  if (next !== bytes.length) throw new DerFault('Bytes follow where an element should end')
  return der
}

interface Rewritten {
  readonly tag: number
  readonly der: Bytes
  /** The value alone. */
  readonly content: Uint8Array
  readonly next: number
}

function rewrite(bytes: Uint8Array, at: number, depth: number): Rewritten {
  if (depth === 0) throw new DerFault('Elements are nested too deeply')
  const tag = bytes[at]
  if (tag === undefined || (tag & 0x1f) === 0x1f) {
    throw new DerFault('An element is missing or has a long tag')
  }
  const { length, body } = readLength(bytes, at + 1)
  const end = length === undefined ? bytes.length : body + length
  if (end > bytes.length) throw new DerFault('An element is cut short')
  if ((tag & 0x20) === 0) {
    if (length === undefined) throw new DerFault('A primitive element has no length')
    const content = bytes.subarray(body, end)
    return { tag, der: derElement(tag, content), content, next: end }
  }
  const parts: Rewritten[] = []
  let next = body
  while (length === undefined ? !isEnd(bytes, next) : next < end) {
    const part = rewrite(length === undefined ? bytes : bytes.subarray(0, end), next, depth - 1)
    parts.push(part)
    next = part.next
  }
  if (length === undefined) next += 2
  const whole = tag === 0x24
  const content = concatBytes(...parts.map((part) => whole ? part.content : part.der))
  return { tag, der: derElement(whole ? 0x04 : tag, content), content, next }
}

function isEnd(bytes: Uint8Array, at: number): boolean {
  if (at + 2 > bytes.length) throw new DerFault('An element has no end')
  return bytes[at] === 0 && bytes[at + 1] === 0
}

function readLength(bytes: Uint8Array, at: number): { length: number | undefined; body: number } {
  const first = bytes[at]
  if (first === undefined) throw new DerFault('A length is missing')
  if (first < 0x80) return { length: first, body: at + 1 }
  if (first === 0x80) return { length: undefined, body: at + 1 }
  const count = first & 0x7f
  if (count > 6 || at + count >= bytes.length) throw new DerFault('A length is too long')
  const length = bytes.subarray(at + 1, at + 1 + count).reduce((sum, byte) => sum * 256 + byte, 0)
  return { length, body: at + 1 + count }
}
