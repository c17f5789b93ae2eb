import { type Bytes, concatBytes } from './bytes.ts'
import { Tag } from './der.ts'

/** One DER element of any tag. */
export function derElement(tag: number, ...parts: readonly Uint8Array[]): Bytes {
  const content = concatBytes(...parts)
  return concatBytes(new Uint8Array([tag, ...lengthBytes(content.length)]), content)
}

/** A SEQUENCE of finished elements. */
export function derSequence(...parts: readonly Uint8Array[]): Bytes {
  return derElement(Tag.sequence, ...parts)
}

/** An OCTET STRING. */
export function derOctets(content: Uint8Array): Bytes {
  return derElement(Tag.octetString, content)
}

/** A BIT STRING of whole bytes. */
export function derBits(content: Uint8Array): Bytes {
  return derElement(Tag.bitString, new Uint8Array([0]), content)
}

/** A small INTEGER that is not negative. */
export function derCount(value: number): Bytes {
  const bytes: number[] = []
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  if (bytes.length === 0 || (bytes[0] as number) >= 0x80) bytes.unshift(0)
  return derElement(Tag.integer, new Uint8Array(bytes))
}

/** An OBJECT IDENTIFIER from its dotted text. */
export function derOid(text: string): Bytes {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  const bytes: number[] = []
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc % 128]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
      groups.unshift(128 + left % 128)
    }
    bytes.push(...groups)
  }
  return derElement(Tag.oid, new Uint8Array(bytes))
}

/** NULL. */
export function derNull(): Bytes {
  return new Uint8Array([Tag.null, 0])
}

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length]
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return [0x80 | bytes.length, ...bytes]
}
