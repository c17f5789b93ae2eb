import { Buffer } from 'node:buffer'
import type { ColdDocuments, StoredDocument } from '../../core/store/mod.ts'
import { KeptDocument } from './kept.ts'

/** Of which documents no object is kept. */
export type Cold = (key: string) => boolean

const NONE = -1
const FIRST_ROWS = 1024
/** Key bytes that the hash looks at; keys differ in their ends. */
const HASHED = 32
const LATIN1 = 'latin1'

/** What a row says; a length of 0 where its document is no longer there. */
const [HASH, KEY_AT, SHELF, AT, LENGTH, CREATED, MODIFIED, VERSION] = [0, 1, 2, 3, 4, 5, 6, 7]
const COLUMNS = 8

/**
 * Documents of which there may be hundreds of thousands and nobody asks for more than a few: where their keys and
 * values lie, in rows of numbers, which no collection has to go through. Whoever asks for one gets it made.
 */
export class ColdRecords implements ColdDocuments {
  readonly #isCold: Cold
  readonly #shelves: Buffer[] = []
  #keys: Buffer = Buffer.alloc(0)
  #keysEnd = 0
  #rows: Float64Array = new Float64Array(FIRST_ROWS * COLUMNS)
  #used = 0
  /** Rows by their keys' hash; where a place is taken, the next free one. */
  #places: Int32Array = new Int32Array(2 * FIRST_ROWS).fill(NONE)
  #size = 0

  constructor(isCold: Cold) {
    this.#isCold = isCold
  }

  get size(): number {
    return this.#size
  }

  take(document: StoredDocument): boolean {
    const { key } = document
    if (!this.#isCold(key) || !(document instanceof KeptDocument)) return false
    if (document.expires !== undefined) return false
    const row = this.#find(key) ?? this.#add(key)
    if (this.#get(row, LENGTH) === 0) this.#size++
    this.#fill(row, document)
    return true
  }

  get(key: string): StoredDocument | undefined {
    const row = this.#find(key)
    const length = row === undefined ? 0 : this.#get(row, LENGTH)
    return row === undefined || length === 0 ? undefined : this.#document(row, length)
  }

  delete(key: string): boolean {
    const row = this.#find(key)
    if (row === undefined || this.#get(row, LENGTH) === 0) return false
    this.#rows[row * COLUMNS + LENGTH] = 0
    this.#size--
    return true
  }

  *keys(prefix: string): Iterable<string> {
    for (let row = 0; row < this.#used; row++) {
      const key = this.#get(row, LENGTH) === 0 ? undefined : this.#keyOf(row)
      if (key?.startsWith(prefix) === true) yield key
    }
  }

  /** As of now, though each is made when it is asked for. */
  documents(): Iterable<StoredDocument> {
    const lengths = Float64Array.from({ length: this.#used }, (_, row) => this.#get(row, LENGTH))
    const document = (row: number, length: number) => this.#document(row, length)
    return (function* () {
      for (const [row, length] of lengths.entries()) if (length !== 0) yield document(row, length)
    })()
  }

  #get(row: number, column: number): number {
    return this.#rows[row * COLUMNS + column] as number
  }

  #document(row: number, length: number): StoredDocument {
    const revisions = {
      created: this.#get(row, CREATED),
      modified: this.#get(row, MODIFIED),
      version: this.#get(row, VERSION),
    }
    const shelf = this.#shelves[this.#get(row, SHELF)] as Buffer
    const place = { shelf, at: this.#get(row, AT), length }
    return new KeptDocument(this.#keyOf(row), revisions, place)
  }

  #fill(row: number, { createRevision, modifyRevision, version, place }: KeptDocument): void {
    const { shelf, at, length } = place
    if (this.#shelves.at(-1) !== shelf) this.#shelves.push(shelf)
    const from = row * COLUMNS
    this.#rows[from + SHELF] = this.#shelves.length - 1
    this.#rows[from + AT] = at
    this.#rows[from + LENGTH] = length
    this.#rows[from + CREATED] = createRevision
    this.#rows[from + MODIFIED] = modifyRevision
    this.#rows[from + VERSION] = version
  }

  #keyOf(row: number): string {
    const end = row + 1 < this.#used ? this.#get(row + 1, KEY_AT) : this.#keysEnd
    return this.#keys.toString(LATIN1, this.#get(row, KEY_AT), end)
  }

  #find(key: string): number | undefined {
    const hash = hashOf(key)
    const last = this.#places.length - 1
    for (let place = hash & last;; place = (place + 1) & last) {
      const row = this.#places[place] as number
      if (row === NONE) return undefined
      if (this.#get(row, HASH) === hash && this.#keyOf(row) === key) return row
    }
  }

  #add(key: string): number {
    const row = this.#used
    if (row * COLUMNS === this.#rows.length) this.#widen()
    if (this.#keysEnd + key.length > this.#keys.length) {
      const more = Buffer.allocUnsafeSlow(2 * this.#keys.length + FIRST_ROWS * key.length)
      this.#keys.copy(more)
      this.#keys = more
    }
    this.#rows[row * COLUMNS + HASH] = hashOf(key)
    this.#rows[row * COLUMNS + KEY_AT] = this.#keysEnd
    this.#keysEnd += this.#keys.write(key, this.#keysEnd, LATIN1)
    this.#used++
    this.#place(row)
    return row
  }

  #widen(): void {
    const more = new Float64Array(2 * this.#rows.length)
    more.set(this.#rows)
    this.#rows = more
    this.#places = new Int32Array(2 * this.#places.length).fill(NONE)
    for (let row = 0; row < this.#used; row++) this.#place(row)
  }

  #place(row: number): void {
    const last = this.#places.length - 1
    let place = this.#get(row, HASH) & last
    while (this.#places[place] !== NONE) place = (place + 1) & last
    this.#places[place] = row
  }
}

/** FNV-1a over a key's end. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5
  for (let at = Math.max(0, key.length - HASHED); at < key.length; at++) {
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  }
  return hash >>> 0
}
