import type { HeaderList, SensitiveNames } from '../types.ts'
import { huffmanEncode, huffmanLength } from './huffman.ts'
import {
  ENTRY_OVERHEAD,
  HpackTable,
  type NameIndex,
  STATIC_INDEX,
  STATIC_SIZE,
} from './hpack-table.ts'

/** The dynamic table's size where the peer allows more. */
const MAX_TABLE = 4096

/** Fields whose values differ from message to message: an entry would push out one that is of use. */
const FLEETING: ReadonlySet<string> = new Set([
  ':path',
  'age',
  'content-length',
  'content-range',
  'etag',
  'expires',
  'if-modified-since',
  'if-none-match',
  'last-modified',
  'location',
  'x-request-id',
])

/** Fields that no intermediary may put into a table (RFC 7541 section 7.1.3). */
export const SECRET: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'set-cookie',
  'x-api-key',
])

/** Room for a block, and how much of it is kept for the next one. */
const ROOM = 1024
const MAX_ROOM = 16_384

/** Values longer than this are worth no place in the table. */
const MAX_INDEXED = 1024

/** Writes header blocks. One for each direction of a connection. */
export class HpackEncoder {
  readonly #table = new HpackTable(MAX_TABLE, (name, value, number) => {
    this.#forget(name, value, number)
  })
  /** The numbers of the dynamic table's entries. */
  readonly #names = new Map<string, NameIndex>()
  #target = new Uint8Array(ROOM)
  #at = 0
  /** Sizes that the table is to have next: the smallest that was asked for meanwhile, and the last. */
  #smallest = MAX_TABLE
  #size = MAX_TABLE

  /** What the peer said of its table (SETTINGS_HEADER_TABLE_SIZE); told to it by the next block. */
  allow(tableSize: number): void {
    this.#size = Math.min(tableSize, MAX_TABLE)
    this.#smallest = Math.min(this.#smallest, this.#size)
  }

  /**
   * One block for these fields; names in lower case. The bytes hold until the next one. Fields that are `sensitive` stay
   * so, as RFC 7541 section 6.2.3 wants of intermediaries.
   */
  encode(fields: HeaderList, sensitive?: SensitiveNames): Uint8Array {
    this.#at = 0
    if (this.#target.length > MAX_ROOM) this.#target = new Uint8Array(ROOM)
    // RFC 7541 section 4.2: where it changed more than once, the smallest size is told before the last.
    if (this.#smallest < this.#table.maxSize) this.#resize(this.#smallest)
    if (this.#size !== this.#table.maxSize) this.#resize(this.#size)
    this.#smallest = this.#size
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i]!
      if (sensitive?.has(name) === true) this.#never(name, fields[i + 1]!)
      else this.#field(name, fields[i + 1]!)
    }
    return this.#target.subarray(0, this.#at)
  }

  #resize(size: number): void {
    this.#table.resize(size)
    this.#room(8)
    this.#integer(0x20, 5, size)
  }

  #field(name: string, value: string): void {
    // Four bytes a character are more than any coding takes.
    this.#room((name.length + value.length) * 4 + 16)
    const constant = STATIC_INDEX.get(name)
    const entry = this.#names.get(name)
    const index = constant?.values.get(value) ?? this.#indexOf(entry?.values.get(value))
    if (index !== undefined) return this.#integer(0x80, 7, index)
    const known = constant?.index ?? this.#indexOf(entry?.index) ?? 0
    if (SECRET.has(name)) this.#integer(0x10, 4, known)
    else if (!this.#isWorthIt(name, value)) this.#integer(0, 4, known)
    else {
      this.#integer(0x40, 6, known)
      this.#remember(name, value)
    }
    if (known === 0) this.#string(name)
    this.#string(value)
  }

  /** A literal that is never indexed, not even by others behind us. */
  #never(name: string, value: string): void {
    this.#room((name.length + value.length) * 4 + 16)
    const known = STATIC_INDEX.get(name)?.index ?? 0
    this.#integer(0x10, 4, known)
    if (known === 0) this.#string(name)
    this.#string(value)
  }

  #isWorthIt(name: string, value: string): boolean {
    const size = name.length + value.length + ENTRY_OVERHEAD
    return value.length <= MAX_INDEXED && size <= this.#table.maxSize && !FLEETING.has(name)
  }

  #remember(name: string, value: string): void {
    this.#table.add(name, value)
    const number = this.#table.added
    const entry = this.#names.get(name)
    if (entry === undefined) {
      this.#names.set(name, { values: new Map([[value, number]]), index: number })
      return
    }
    entry.index = number
    entry.values.set(value, number)
  }

  #forget(name: string, value: string, number: number): void {
    const entry = this.#names.get(name)
    if (entry?.values.get(value) === number) entry.values.delete(value)
    if (entry?.index === number) this.#names.delete(name)
  }

  /** The index that an entry with this number has now. */
  #indexOf(number: number | undefined): number | undefined {
    return number === undefined ? undefined : STATIC_SIZE + 1 + this.#table.added - number
  }

  /** RFC 7541 section 5.1. */
  #integer(first: number, prefix: number, value: number): void {
    const max = (1 << prefix) - 1
    if (value < max) {
      this.#target[this.#at++] = first | value
      return
    }
    this.#target[this.#at++] = first | max
    let rest = value - max
    while (rest >= 128) {
      this.#target[this.#at++] = (rest & 127) | 128
      rest >>>= 7
    }
    this.#target[this.#at++] = rest
  }

  /** RFC 7541 section 5.2, by whichever coding is shorter. */
  #string(text: string): void {
    const coded = huffmanLength(text)
    if (coded < text.length) {
      this.#integer(0x80, 7, coded)
      this.#at = huffmanEncode(text, this.#target, this.#at)
      return
    }
    this.#integer(0, 7, text.length)
    for (let i = 0; i < text.length; i++) this.#target[this.#at++] = text.charCodeAt(i)
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#target.length) return
    const larger = new Uint8Array(Math.max(this.#target.length * 2, this.#at + bytes))
    larger.set(this.#target)
    this.#target = larger
  }
}
