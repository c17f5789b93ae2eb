import { Buffer } from 'node:buffer'
import { crc32 } from 'node:zlib'

/** Where a line was read. */
export interface Line {
  /** Its JSON, as it stands among the bytes. */
  readonly json: Buffer
  /** Offset of what follows. */
  readonly end: number
}

const NEWLINE = 10
const SPACE = 32
const ZERO = 48
const MAX_LENGTH = 2 ** 32
/** Checksum in hexadecimal, a blank. */
const LENGTH_AT = 9

/** One record as a line: CRC-32 of the JSON, its length in bytes, the JSON. */
export function encodeLine(value: unknown): Buffer {
  return encodeText(JSON.stringify(value))
}

/** The same for JSON that is text already. */
export function encodeText(text: string): Buffer {
  const json = Buffer.from(text)
  const head = `${crc32(json).toString(16).padStart(8, '0')} ${json.length} `
  return Buffer.concat([Buffer.from(head), json, Buffer.of(NEWLINE)])
}

/** Eight hexadecimal digits, of which letters are small; NaN where they are none. */
function sumAt(bytes: Buffer, start: number): number {
  let sum = 0
  for (let at = start; at < start + LENGTH_AT - 1; at++) {
    const byte = bytes[at] as number
    const digit = byte >= 97 && byte <= 102 ? byte - 87 : byte - ZERO
    if (digit < 0 || digit > 15 || (digit > 9 && byte < 97)) return NaN
    sum = sum * 16 + digit
  }
  return sum
}

/** What a line says. */
export function valueOf({ json }: Line): unknown {
  return JSON.parse(json.toString('utf8'))
}

/** The line at an offset, if it is whole and unharmed. */
export function decodeLine(bytes: Buffer, start: number): Line | undefined {
  let jsonAt = start + LENGTH_AT
  let length = 0
  for (; length < MAX_LENGTH; jsonAt++) {
    const digit = (bytes[jsonAt] ?? 0) - ZERO
    if (digit < 0 || digit > 9) break
    length = length * 10 + digit
  }
  if (length === 0 || bytes[jsonAt] !== SPACE || bytes[start + LENGTH_AT - 1] !== SPACE) {
    return undefined
  }
  jsonAt++
  const end = jsonAt + length
  if (bytes[end] !== NEWLINE) return undefined
  const json = bytes.subarray(jsonAt, end)
  if (crc32(json) !== sumAt(bytes, start)) return undefined
  return { json, end: end + 1 }
}

/** The first unharmed line that begins after some line end at or after an offset. */
export function findLine(bytes: Buffer, from: number): Line | undefined {
  for (let at = bytes.indexOf(NEWLINE, from); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) {
    const line = decodeLine(bytes, at + 1)
    if (line !== undefined) return line
  }
  return undefined
}

/**
 * Whether what stands at the end can be a write that power or life left too soon for: it stops within a line, or
 * has a hole that the system filled with zeros. Anything else was whole once.
 */
export function isTorn(bytes: Buffer, from: number): boolean {
  return bytes.indexOf(NEWLINE, from) === -1 || bytes.indexOf(0, from) !== -1
}
