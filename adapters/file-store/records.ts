import {
  type Change,
  type Commit,
  freezeJson,
  type Json,
  type StoredDocument,
} from '../../core/store/mod.ts'

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

export function commitToRecord(
  { revision, by, at, changes }: Commit,
  flushed: number,
): CommitRecord {
  return { revision, flushed, at: new Date(at).toISOString(), by, changes: changes.map(toRecord) }
}

function toRecord({ key, document }: Change): ChangeRecord {
  if (document === undefined) return { delete: key }
  const { value, createRevision: created, version, expires } = document
  return { put: key, value, created, version, ...(expires === undefined ? {} : { expires }) }
}

export function recordToCommit({ revision, at, by, changes }: CommitRecord): Commit {
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

export function documentToRecord(document: StoredDocument): DocumentRecord {
  const { key, value, createRevision, modifyRevision, version, expires } = document
  const record = { key, value, created: createRevision, modified: modifyRevision, version }
  return expires === undefined ? record : { ...record, expires }
}

export function recordToDocument(record: DocumentRecord): StoredDocument {
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
