import { Buffer } from 'node:buffer'
import {
  type Change,
  type Commit,
  freezeJson,
  type Json,
  type StoredDocument,
} from '../../core/store/mod.ts'
import type { Block } from './blocks.ts'
import { type Asleep, KeptDocument, keyIn, partsOf, Shelf, valueText } from './kept.ts'

/** Of the files' format; a store refuses others. */
export const FORMAT = 1

/** The first line of a file. */
export interface HeaderRecord {
  readonly sallyport: 'store log' | 'store snapshot'
  readonly format: number
  /** Of a log: the revision before its first. Of a snapshot: the revision that it shows. */
  readonly revision: number
}

interface ChangeRecord {
  readonly put?: string
  readonly value?: Json
  readonly created?: number
  readonly version?: number
  readonly expires?: number
  readonly delete?: string
}

/** One transaction in the log. */
export interface CommitRecord {
  readonly revision: number
  /** The last revision that was safe on disk when this line was written. */
  readonly flushed: number
  readonly at: string
  readonly by: string
  /** How many bytes each of the changes has, so that they can be told apart unread; logs of old have none. */
  readonly sizes?: readonly number[]
  readonly changes: readonly ChangeRecord[]
}

/** One document in a snapshot. */
interface DocumentRecord {
  readonly key: string
  readonly value: Json
  readonly created: number
  readonly modified: number
  readonly version: number
  readonly expires?: number
}

/** The last line of a snapshot. */
export interface FooterRecord {
  readonly documents: number
}

/** A transaction as JSON. */
export function commitText({ revision, by, at, changes }: Commit, flushed: number): string {
  const texts = changes.map(changeText)
  const head = { revision, flushed, at: new Date(at).toISOString(), by }
  const sizes = texts.map((text) => Buffer.byteLength(text))
  const rest = `"sizes":[${sizes.join(',')}],${CHANGES}${texts.join(',')}]}`
  return `${JSON.stringify(head).slice(0, -1)},${rest}`
}

/** No text within JSON has bare quotes, so this stands there once, unless a value has it. */
const CHANGES = '"changes":['

function changeText({ key, document }: Change): string {
  if (document === undefined) return JSON.stringify({ delete: key })
  const { createRevision, version, expires } = document
  const end = expires === undefined ? '' : `,"expires":${expires}`
  const revisions = `"created":${createRevision},"version":${version}${end}`
  return `{"put":${JSON.stringify(key)},"value":${valueText(document)},${revisions}}`
}

/** A document as JSON. */
export function documentText(document: StoredDocument): string {
  const { key, createRevision, modifyRevision, version, expires } = document
  const end = expires === undefined ? '' : `,"expires":${expires}`
  const revisions = `"created":${createRevision},"modified":${modifyRevision},"version":${version}`
  return `{"key":${JSON.stringify(key)},"value":${valueText(document)},${revisions}${end}}`
}

const KEY = Buffer.from('{"key":"')
const PUT = Buffer.from('{"put":"')

/** Reads records; of documents that are asleep, all but their values. */
export class RecordReader {
  readonly #asleep: Asleep | undefined
  readonly #shelf = new Shelf()

  constructor(asleep: Asleep | undefined) {
    this.#asleep = asleep
  }

  /** Tells that all records of a block have been read. */
  end(block: Block): void {
    if (this.#asleep !== undefined && this.#shelf.wantsRoom) this.#shelf.takeRoom(block.give())
  }

  /** A document's record. */
  document(json: Buffer): StoredDocument {
    return this.#kept(json, KEY) ?? recordToDocument(read(json) as DocumentRecord)
  }

  /** A transaction's record. */
  commit(json: Buffer): Commit {
    const changesAt = this.#asleep === undefined ? -1 : json.indexOf(CHANGES)
    const head = changesAt < 0 ? undefined : headOf(json, changesAt)
    if (head === undefined) return recordToCommit(read(json) as CommitRecord)
    const { revision, by, at, sizes = [] } = head
    const changes: Change[] = []
    let from = changesAt + CHANGES.length
    for (const size of sizes) {
      changes.push(this.#change(json.subarray(from, from + size), revision))
      from += size + 1
    }
    return { revision, by, at: Date.parse(at), changes }
  }

  #change(json: Buffer, revision: number): Change {
    const document = this.#kept(json, PUT, revision)
    return document === undefined
      ? toChange(read(json) as ChangeRecord, revision)
      : { key: document.key, document }
  }

  #kept(json: Buffer, name: Buffer, revision?: number): KeptDocument | undefined {
    if (this.#asleep === undefined) return undefined
    const key = keyIn(json, name)
    if (key === undefined || !this.#asleep(key)) return undefined
    const parts = partsOf(json, name.length + key.length)
    const modified = parts?.revisions.modified ?? revision
    if (parts === undefined || modified === undefined) return undefined
    const { from, to, revisions } = parts
    return new KeptDocument(key, { ...revisions, modified }, this.#shelf.keep(json, from, to))
  }
}

/** What a transaction says of itself, where its changes can be told apart unread. */
function headOf(json: Buffer, changesAt: number): CommitRecord | undefined {
  const head = JSON.parse(`${json.toString('utf8', 0, changesAt)}${CHANGES}]}`) as CommitRecord
  const { sizes } = head
  if (sizes === undefined) return undefined
  const length = sizes.reduce((sum, size) => sum + size, sizes.length - 1)
  return changesAt + CHANGES.length + length + 2 === json.length ? head : undefined
}

function read(json: Buffer): unknown {
  return JSON.parse(json.toString('utf8'))
}

function recordToCommit({ revision, at, by, changes }: CommitRecord): Commit {
  return {
    revision,
    by,
    at: Date.parse(at),
    changes: changes.map((change) => toChange(change, revision)),
  }
}

function toChange(record: ChangeRecord, revision: number): Change {
  const { put, value = null, created = revision, version = 1, expires } = record
  if (put === undefined) return { key: record.delete ?? '', document: undefined }
  const document = documentOf({ key: put, value, created, modified: revision, version }, expires)
  return { key: put, document }
}

function recordToDocument(record: DocumentRecord): StoredDocument {
  return documentOf(record, record.expires)
}

function documentOf(
  { key, value, created, modified, version }: DocumentRecord,
  expires: number | undefined,
): StoredDocument {
  const revisions = { createRevision: created, modifyRevision: modified, version }
  const document = { key, value: freezeJson(value), ...revisions }
  return Object.freeze(expires === undefined ? document : { ...document, expires })
}
