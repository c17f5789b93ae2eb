import type { HeaderList, Latin1, SensitiveNames } from '../types.ts'
import { SECRET } from './hpack-encoder.ts'
import { huffmanDecode } from './huffman.ts'
import { ENTRY_OVERHEAD, HpackTable } from './hpack-table.ts'

/** What a header block held. */
export type HpackResult =
  | { readonly kind: 'fields'; readonly fields: HeaderList; readonly sensitive?: SensitiveNames }
  /** Larger than the limit; the table is in step all the same. */
  | { readonly kind: 'too-large' }
  /** So much larger that reading on would be work for nothing. */
  | { readonly kind: 'bomb' }
  | { readonly kind: 'broken'; readonly detail: string }

/** Bounds on a decoded block. */
export interface HpackLimits {
  /** Sum of names, values and 32 bytes each (RFC 9113 section 6.5.2). */
  readonly listSize: number
  readonly fieldCount: number
  /** The dynamic table's size that was announced. */
  readonly tableSize: number
}

/** Size updates that one block can begin with: the smallest size since the last block, and the present one. */
const MAX_UPDATES = 2

/** Blocks are read on to this many times their limit, to keep the table in step. */
const PATIENCE = 4

/** Reads header blocks (RFC 7541 section 3.2). One for each direction of a connection. */
export class HpackDecoder {
  readonly #limits: HpackLimits
  readonly #latin1: Latin1
  readonly #table: HpackTable
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0
  #fault = ''
  /** Names of the present block's literals that are never to be indexed, but for those that we never index anyway. */
  #sensitive: Set<string> | undefined

  constructor(limits: HpackLimits, latin1: Latin1) {
    this.#limits = limits
    this.#latin1 = latin1
    this.#table = new HpackTable(limits.tableSize)
  }

  /** Reads one whole block. Anything but fields of a block is a connection error of type COMPRESSION_ERROR. */
  decode(block: Uint8Array): HpackResult {
    this.#bytes = block
    this.#at = 0
    this.#fault = ''
    this.#sensitive = undefined
    const fields: HeaderList = []
    const { listSize, fieldCount } = this.#limits
    let size = 0
    let started = false
    let updates = 0
    while (this.#at < block.length) {
      const byte = block[this.#at]!
      if ((byte & 0xe0) === 0x20) {
        // Updates stand at the beginning alone (RFC 7541 section 4.2).
        if (started) return broken('A table size update stands behind a field')
        if (++updates > MAX_UPDATES) return broken('A third table size update')
        this.#resize()
      } else {
        started = true
        this.#field(byte, size <= listSize ? fields : undefined)
        const last = fields.length - 2
        if (size <= listSize && this.#fault === '') {
          size += fields[last]!.length + fields[last + 1]!.length + ENTRY_OVERHEAD
          if (fields.length > fieldCount * 2) size = listSize + 1
        } else size += ENTRY_OVERHEAD
        if (size > listSize * PATIENCE) return { kind: 'bomb' }
      }
      if (this.#fault !== '') return broken(this.#fault)
    }
    if (size > listSize) return { kind: 'too-large' }
    const sensitive = this.#sensitive
    return sensitive === undefined
      ? { kind: 'fields', fields }
      : { kind: 'fields', fields, sensitive }
  }

  #field(byte: number, fields: HeaderList | undefined): void {
    if (byte & 0x80) {
      const index = this.#integer(7)
      const name = this.#table.name(index)
      if (index === 0 || name === undefined) return this.#fail(`There is no entry ${index}`)
      fields?.push(name, this.#table.value(index)!)
      return
    }
    const incremental = (byte & 0x40) !== 0
    const index = this.#integer(incremental ? 6 : 4)
    const name = index === 0 ? this.#string() : this.#table.name(index)
    if (name === undefined) return this.#fail(`There is no entry ${index}`)
    const value = this.#string()
    if (this.#fault !== '') return
    if (incremental) this.#table.add(name, value)
    else if ((byte & 0x10) !== 0 && !SECRET.has(name)) (this.#sensitive ??= new Set()).add(name)
    fields?.push(name, value)
  }

  #resize(): void {
    const size = this.#integer(5)
    if (size > this.#limits.tableSize) return this.#fail(`A table of ${size} bytes was not allowed`)
    this.#table.resize(size)
  }

  /** RFC 7541 section 5.1. */
  #integer(prefix: number): number {
    const max = (1 << prefix) - 1
    let value = this.#bytes[this.#at++]! & max
    if (value < max) return value
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) break
      value += (byte & 127) << shift
      if (byte < 128) return value
    }
    this.#fail('An integer is cut off or too large')
    return 0
  }

  /** RFC 7541 section 5.2. */
  #string(): string {
    const huffman = (this.#bytes[this.#at] ?? 0) >= 128
    const length = this.#integer(7)
    const end = this.#at + length
    if (this.#fault !== '' || end > this.#bytes.length || this.#at > this.#bytes.length) {
      this.#fail('A string is cut off')
      return ''
    }
    const start = this.#at
    this.#at = end
    if (!huffman) return this.#latin1(this.#bytes, start, end)
    const text = huffmanDecode(this.#bytes, start, end, this.#latin1)
    if (text === undefined) this.#fail('A string is not Huffman-coded rightly')
    return text ?? ''
  }

  #fail(detail: string): void {
    if (this.#fault === '') this.#fault = detail
  }
}

function broken(detail: string): HpackResult {
  return { kind: 'broken', detail }
}
