import { DerFault, DerReader, readWhole, Tag } from './der.ts'
import { readCount } from './der-values.ts'
import { readRawExtensions } from './extensions.ts'
import { NameForm, readGeneralNames } from './general-name.ts'

/** An entry that was found. */
export interface CrlEntry {
  /** CRLReason (RFC 5280 section 5.3.1); 0 where none is given. */
  readonly reason: number
  /** The key of the issuer's name that an indirect CRL gives; undefined is the CRL's own issuer. */
  readonly issuer: string | undefined
}

const REASON = '2.5.29.21'
const INVALIDITY_DATE = '2.5.29.24'
const CERTIFICATE_ISSUER = '2.5.29.29'
/** Entries that are looked at in one go, at first and at most: few at first, while the code is not yet compiled. */
const [FIRST_SLICE, SLICE] = [250, 8_000]

/**
 * The entries of a CRL where they stand: a hash table of offsets into the DER, eight bytes or so an entry. Hashing
 * starts from a random seed, so that nobody can choose serial numbers that fall together.
 */
export class CrlTable {
  readonly #bytes: Uint8Array
  readonly #seed: number = crypto.getRandomValues(new Uint32Array(1))[0] as number
  #slots: Uint32Array = new Uint32Array(1)
  #count = 0
  /** Where the issuer changes in an indirect CRL: offsets, ascending, and names' keys. */
  readonly #issuers: { readonly offset: number; readonly key: string }[] = []
  readonly #unknown = new Set<string>()

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get count(): number {
    return this.#count
  }

  /** Critical extensions of entries that are not processed: they spoil the whole CRL (RFC 5280 section 5.3). */
  get unknownCritical(): ReadonlySet<string> {
    return this.#unknown
  }

  /** Reads the entries between two offsets, letting others run in between. */
  static async read(
    bytes: Uint8Array,
    range: { start: number; end: number },
    pause: () => Promise<void>,
  ): Promise<CrlTable> {
    const table = new CrlTable(bytes)
    for (let at = range.start, slice = FIRST_SLICE; at < range.end; slice = longer(slice)) {
      for (let i = 0; i < slice && at < range.end; i++, table.#count++) {
        at = skip(bytes, at, { tag: Tag.sequence, end: range.end })
      }
      await pause()
    }
    if (table.#count === 0) return table
    table.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(table.#count * 1.6 + 1)))
    for (let at = range.start, slice = FIRST_SLICE; at < range.end; slice = longer(slice)) {
      for (let i = 0; i < slice && at < range.end; i++) at = table.#add(at, range.end)
      await pause()
    }
    return table
  }

  /** The entries for a serial number, given as the bytes of its INTEGER; nearly always none or one. */
  find(serial: Uint8Array): CrlEntry[] {
    const found: CrlEntry[] = []
    if (this.#count === 0) return found
    const mask = this.#slots.length - 1
    for (let slot = this.#hash(serial, 0, serial.length) & mask;; slot = (slot + 1) & mask) {
      const offset = this.#slots[slot] as number
      if (offset === 0) return found
      if (this.#holds(offset, serial)) found.push(this.#entry(offset))
    }
  }

  #add(at: number, end: number): number {
    const bytes = this.#bytes
    const next = skip(bytes, at, { tag: Tag.sequence, end })
    const serial = bodyOf(bytes, at)
    const afterSerial = skip(bytes, serial, { tag: Tag.integer, end: next })
    const date = bytes[afterSerial]
    const fits = date === Tag.utcTime ? 13 : date === Tag.generalizedTime ? 15 : -1
    if (bytes[afterSerial + 1] !== fits) throw new DerFault('An entry has no date in form')
    const afterDate = afterSerial + 2 + fits
    if (afterDate > next) throw new DerFault('An entry is cut short')
    if (afterDate < next && !isPlainReason(bytes, afterDate, next)) {
      this.#readExtensions(afterDate, next)
    }
    const body = bodyOf(bytes, serial)
    if (body === afterSerial) throw new DerFault('A serial number is empty')
    const mask = this.#slots.length - 1
    let slot = this.#hash(bytes, body, afterSerial) & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = at
    return next
  }

  #readExtensions(at: number, end: number): void {
    const reader = new DerReader(this.#bytes, at, end)
    const list = readRawExtensions(reader.read(Tag.sequence))
    reader.finish()
    for (const { id, critical, value } of list) {
      if (id === CERTIFICATE_ISSUER) {
        const names = readGeneralNames(readWhole(value, Tag.sequence))
        const key = names.find((name) => name.form === NameForm.directory)?.key ?? ''
        this.#issuers.push({ offset: at, key })
      } else if (critical && id !== REASON && id !== INVALIDITY_DATE) this.#unknown.add(id)
    }
  }

  #holds(offset: number, serial: Uint8Array): boolean {
    const at = bodyOf(this.#bytes, offset)
    const body = bodyOf(this.#bytes, at)
    if (lengthAt(this.#bytes, at) !== serial.length) return false
    for (let i = 0; i < serial.length; i++) if (this.#bytes[body + i] !== serial[i]) return false
    return true
  }

  #entry(offset: number): CrlEntry {
    const bytes = this.#bytes
    const serial = bodyOf(bytes, offset)
    const end = serial + lengthAt(bytes, offset)
    const date = bodyOf(bytes, serial) + lengthAt(bytes, serial)
    const extensions = bodyOf(bytes, date) + lengthAt(bytes, date)
    const issuer = this.#issuers.length === 0 ? undefined : this.#issuerAt(end)
    if (extensions === end) return { reason: 0, issuer }
    if (isPlainReason(bytes, extensions, end)) return { reason: bytes[end - 1] as number, issuer }
    return { reason: this.#reason(extensions, end), issuer }
  }

  #reason(at: number, end: number): number {
    const inside = new DerReader(this.#bytes, at, end)
    for (const { id, value } of readRawExtensions(inside.read(Tag.sequence))) {
      if (id === REASON) return readCount(readWhole(value, Tag.enumerated))
    }
    return 0
  }

  /** RFC 5280 section 5.3.3: an entry without issuer has that of the entry before. */
  #issuerAt(end: number): string | undefined {
    let [low, high] = [0, this.#issuers.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#issuers[middle]?.offset ?? 0) < end) low = middle + 1
      else high = middle
    }
    return this.#issuers[low - 1]?.key
  }

  /** FNV-1a from the seed, with its bits mixed at the end. */
  #hash(bytes: Uint8Array, start: number, end: number): number {
    let hash = this.#seed
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
    hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d)
    return (hash ^ (hash >>> 15)) >>> 0
  }
}

function longer(slice: number): number {
  return Math.min(slice * 2, SLICE)
}

// The functions below read DER as `DerReader` does, without making an object for each of a million elements.

function lengthAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at + 1] as number
  if (first < 0x80) return first
  if (first === 0x81) return bytes[at + 2] as number
  if (first === 0x82) return (bytes[at + 2] as number) * 256 + (bytes[at + 3] as number)
  throw new DerFault('An entry is too long')
}

function bodyOf(bytes: Uint8Array, at: number): number {
  const first = bytes[at + 1] as number
  return first < 0x80 ? at + 2 : at + 2 + (first & 0x7f)
}

function skip(bytes: Uint8Array, at: number, { tag, end }: { tag: number; end: number }): number {
  if (at + 2 > end || bytes[at] !== tag) throw new DerFault('An entry is malformed')
  const length = lengthAt(bytes, at)
  const minimal = bytes[at + 1] === 0x82 ? 0x100 : bytes[at + 1] === 0x81 ? 0x80 : 0
  const next = bodyOf(bytes, at) + length
  if (length < minimal || next > end) {
    throw new DerFault('An entry is cut short or its length not minimal')
  }
  return next
}

/** Extensions that are a reason code and no more: nearly all that there are. */
const PLAIN_REASON = [
  0x30,
  0x0c,
  0x30,
  0x0a,
  0x06,
  0x03,
  0x55,
  0x1d,
  0x15,
  0x04,
  0x03,
  0x0a,
  0x01,
] as const

function isPlainReason(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at !== PLAIN_REASON.length + 1) return false
  for (let i = 0; i < PLAIN_REASON.length; i++) if (bytes[at + i] !== PLAIN_REASON[i]) return false
  return true
}
