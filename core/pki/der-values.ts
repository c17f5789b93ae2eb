import { type DerElement, DerFault, Tag } from './der.ts'

/** X.690 section 11.1: TRUE is 0xff. */
export function readBoolean(element: DerElement): boolean {
  const value = element.bytes[element.body]
  if (element.length !== 1 || (value !== 0 && value !== 0xff)) {
    throw new DerFault('A BOOLEAN is neither 0x00 nor 0xff')
  }
  return value === 0xff
}

/** The bytes of an INTEGER, two's complement, as few as possible (X.690 section 8.3.2). */
export function readIntegerBytes(element: DerElement): Uint8Array {
  const bytes = element.content
  const [first, second] = bytes
  if (first === undefined) throw new DerFault('An INTEGER is empty')
  if (second !== undefined && (first === 0 ? second < 0x80 : first === 0xff && second >= 0x80)) {
    throw new DerFault('An INTEGER is not minimal')
  }
  return bytes
}

/** An INTEGER that is small and not negative. */
export function readCount(element: DerElement): number {
  const bytes = readIntegerBytes(element)
  if ((bytes[0] as number) >= 0x80) throw new DerFault('A count is negative')
  if (bytes.length > 6) return Number.MAX_SAFE_INTEGER
  return bytes.reduce((value, byte) => value * 256 + byte, 0)
}

/** An OBJECT IDENTIFIER, dotted. */
export function readOid(element: DerElement): string {
  const { bytes, body, end, length } = element
  if (length === 0 || length > 64) throw new DerFault('An OID is empty or too long')
  let text = ''
  let value = 0
  for (let i = body; i < end; i++) {
    const byte = bytes[i] as number
    if (value === 0 && byte === 0x80) throw new DerFault('An OID is not minimal')
    // Arcs beyond what a number holds exactly are rare: only UUIDs are that long.
    if (value >= 2 ** 45) return readLongOid(element)
    value = value * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    text += text === '' ? firstArcs(value) : `.${value}`
    value = 0
  }
  if ((bytes[end - 1] as number) >= 0x80) throw new DerFault('An OID is cut short')
  return text
}

function firstArcs(value: number): string {
  const root = value < 80 ? Math.floor(value / 40) : 2
  return `${root}.${value - root * 40}`
}

function readLongOid(element: DerElement): string {
  const arcs: bigint[] = []
  let value = 0n
  for (const byte of element.content) {
    if (value === 0n && byte === 0x80) throw new DerFault('An OID is not minimal')
    value = value * 128n + BigInt(byte & 0x7f)
    if (byte >= 0x80) continue
    if (arcs.length === 0) {
      arcs.push(value < 80n ? value / 40n : 2n, value < 80n ? value % 40n : value - 80n)
    } else arcs.push(value)
    value = 0n
  }
  if ((element.bytes[element.end - 1] as number) >= 0x80) throw new DerFault('An OID is cut short')
  return arcs.join('.')
}

/** A BIT STRING: its bytes and how many bits at the end do not count. */
export interface BitString {
  readonly bytes: Uint8Array
  readonly unused: number
}

/** X.690 section 11.2: bits that do not count are zero. */
export function readBitString(element: DerElement): BitString {
  const unused = element.bytes[element.body]
  if (element.length === 0 || unused === undefined || unused > 7) {
    throw new DerFault('A BIT STRING has no valid first byte')
  }
  const bytes = element.content.subarray(1)
  const last = bytes[bytes.length - 1]
  if (last === undefined ? unused > 0 : (last & ((1 << unused) - 1)) !== 0) {
    throw new DerFault('A BIT STRING has bits set that do not count')
  }
  return { bytes, unused }
}

/** A BIT STRING of whole bytes, as keys and signatures are. */
export function readOctetBits(element: DerElement): Uint8Array {
  const { bytes, unused } = readBitString(element)
  if (unused !== 0) throw new DerFault('A BIT STRING does not end at a byte')
  return bytes
}

/** Named bits as a number, bit 0 being its lowest (X.690 section 11.2.2 wants no zero at the end). */
export function readNamedBits(element: DerElement): { bits: number; canonical: boolean } {
  const { bytes, unused } = readBitString(element)
  let bits = 0
  for (let i = 0; i < Math.min(bytes.length * 8 - unused, 31); i++) {
    if (((bytes[i >> 3] as number) & (0x80 >> (i & 7))) !== 0) bits |= 1 << i
  }
  const last = bytes[bytes.length - 1]
  return { bits, canonical: last === undefined || (last & (1 << unused)) !== 0 }
}

/** UTCTime or GeneralizedTime as RFC 5280 section 4.1.2.5 has them; epoch milliseconds. */
export function readTime(element: DerElement): number {
  const text = String.fromCharCode(...element.content.subarray(0, 20))
  const utc = element.tag === Tag.utcTime
  if (!utc && element.tag !== Tag.generalizedTime) throw new DerFault('A time has another type')
  const parts =
    (utc ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/)
      .exec(text)?.slice(1).map(Number)
  if (parts === undefined || element.length !== text.length) {
    throw new DerFault('A time is not in form')
  }
  const [y = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
  // RFC 5280 section 4.1.2.5.1: two digits of 50 and more are in the last century.
  const year = utc ? y + (y >= 50 ? 1900 : 2000) : y
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second)
  const same = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day && date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute && date.getUTCSeconds() === second
  if (!same) throw new DerFault('A time does not exist')
  return date.getTime()
}
