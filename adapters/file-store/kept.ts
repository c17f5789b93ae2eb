import { Buffer } from 'node:buffer'
import { type Json, SEALED_MARK, type StoredDocument } from '../../core/store/mod.ts'

/**
 * Of which documents the text alone is kept. Their values are read whenever they are asked for: there are very many of
 * them, and whoever works with them keeps what it needs.
 */
export type Asleep = (key: string) => boolean

/** What is told of a document besides its key and value. */
export interface Revisions {
  readonly created: number
  readonly modified: number
  readonly version: number
  readonly expires?: number | undefined
}

/** Bytes that are put in one place; each has its own, so that none keeps a whole file in memory. */
const SHELF_BYTES = 1_048_576

/** Where a value's JSON lies. */
export interface Place {
  readonly shelf: Buffer
  readonly at: number
  readonly length: number
}

/** Where the values of documents lie that nobody has asked for, outside of what is collected. */
export class Shelf {
  #bytes: Buffer = Buffer.alloc(0)
  #used = 0
  #spare: Buffer | undefined

  /** Whether it will soon have use for a place that somebody else has no more use for. */
  get wantsRoom(): boolean {
    return this.#spare === undefined
  }

  /** New memory costs more than what is written into it: what was used for reading is taken over. */
  takeRoom(room: Buffer): void {
    this.#spare = room
  }

  /** Keeps a copy of some of the bytes. */
  keep(bytes: Buffer, from: number, to: number): Place {
    const length = to - from
    if (length > SHELF_BYTES / 8) {
      return { shelf: Buffer.from(bytes.subarray(from, to)), at: 0, length }
    }
    if (this.#used + length > this.#bytes.length) {
      this.#bytes = this.#spare ?? Buffer.allocUnsafeSlow(SHELF_BYTES)
      this.#spare = undefined
      this.#used = 0
    }
    const at = this.#used
    bytes.copy(this.#bytes, at, from, to)
    this.#used += length
    return { shelf: this.#bytes, at, length }
  }
}

const SEALED = Buffer.from(SEALED_MARK)

/** A document whose value is read whenever somebody asks for it, so ask once for what is needed twice. */
export class KeptDocument implements StoredDocument {
  readonly key: string
  readonly createRevision: number
  readonly modifyRevision: number
  readonly version: number
  declare readonly expires?: number
  readonly #shelf: Buffer
  readonly #at: number
  readonly #length: number

  constructor(
    key: string,
    { created, modified, version, expires }: Revisions,
    { shelf, at, length }: Place,
  ) {
    this.key = key
    this.createRevision = created
    this.modifyRevision = modified
    this.version = version
    if (expires !== undefined) (this as { expires?: number }).expires = expires
    this.#shelf = shelf
    this.#at = at
    this.#length = length
  }

  get value(): Json {
    return JSON.parse(this.text) as Json
  }

  get sealed(): boolean {
    return this.#shelf.subarray(this.#at, this.#at + this.#length).includes(SEALED)
  }

  /** Where its JSON lies. */
  get place(): Place {
    return { shelf: this.#shelf, at: this.#at, length: this.#length }
  }

  /** The value's JSON. */
  get text(): string {
    return this.#shelf.toString('utf8', this.#at, this.#at + this.#length)
  }

  /** What travels between processes. */
  toJSON(): StoredDocument {
    const { key, value, createRevision, modifyRevision, version, expires } = this
    const document = { key, value, createRevision, modifyRevision, version }
    return expires === undefined ? document : { ...document, expires }
  }
}

/** A value's JSON, which is not read for that. */
export function valueText(document: StoredDocument): string {
  return document instanceof KeptDocument ? document.text : JSON.stringify(document.value)
}

/** What stands between key and value. */
const VALUE = Buffer.from('","value":')
const CREATED = Buffer.from(',"created":')
const MODIFIED = Buffer.from(',"modified":')
const VERSION = Buffer.from(',"version":')
const EXPIRES = Buffer.from(',"expires":')
const ZERO = 48
const BRACE = 125
const QUOTE = 34

/** A record taken apart. */
export interface Parts {
  /** Where its value begins and ends. */
  readonly from: number
  readonly to: number
  readonly revisions: Omit<Revisions, 'modified'> & { readonly modified: number | undefined }
}

/**
 * The key of a record that begins with `{"name":"`; undefined where it does not, or the key is not told as it is.
 * @param name in quotes, with the brace before and the colon and the quote after it
 */
export function keyIn(json: Buffer, name: Buffer): string | undefined {
  if (!stands(name, json, 0)) return undefined
  const end = json.indexOf(QUOTE, name.length)
  if (end < 0) return undefined
  // A text of its own: a part of the line's would keep all of it in memory.
  const key = json.toString('latin1', name.length, end)
  return key.includes('\\') ? undefined : key
}

/** The rest of such a record, without reading its value; undefined where it is in another form. */
export function partsOf(json: Buffer, valueEnd: number): Parts | undefined {
  const valueAt = valueEnd + VALUE.length
  if (!stands(VALUE, json, valueEnd) || json[json.length - 1] !== BRACE) return undefined
  const tail = new Tail(json)
  const expires = tail.number(EXPIRES)
  const version = tail.number(VERSION)
  const modified = tail.number(MODIFIED)
  const created = tail.number(CREATED)
  if (version === undefined || created === undefined || tail.end < valueAt) return undefined
  return {
    from: valueAt,
    to: tail.end,
    revisions: { created, modified, version, expires },
  }
}

/** Numbers at the end of a record, read from the last one on. */
class Tail {
  readonly #json: Buffer
  /** Where what was not read yet ends. */
  end: number

  constructor(json: Buffer) {
    this.#json = json
    this.end = json.length - 1
  }

  /** The number that follows a name; undefined where another name stands there. */
  number(name: Buffer): number | undefined {
    const json = this.#json
    let at = this.end - 1
    let number = 0
    for (let factor = 1; at >= 0 && isDigit(json[at]); at--, factor *= 10) {
      number += factor * ((json[at] as number) - ZERO)
    }
    const begin = at + 1 - name.length
    if (at === this.end - 1 || begin < 0 || !stands(name, json, begin)) return undefined
    this.end = begin
    return number
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= ZERO + 9
}

function stands(part: Buffer, json: Buffer, at: number): boolean {
  for (let index = 0; index < part.length; index++) {
    if (json[at + index] !== part[index]) return false
  }
  return true
}
