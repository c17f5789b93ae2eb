import { keyOf } from './check.ts'
import { storeFailure } from './failure.ts'
import { copyJson } from './json.ts'
import { SortedKeys } from './sorted-keys.ts'
import type {
  Change,
  Found,
  Json,
  ListOptions,
  Operation,
  Page,
  StoredDocument,
  StoreFailure,
  Transaction,
} from './types.ts'

/** One transaction as it was made: what a log keeps, and what watchers are told. */
export interface Commit {
  readonly revision: number
  readonly by: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly changes: readonly Change[]
}

/** What a transaction would do, or why it may not. A commit without changes takes no revision. */
export type Evaluated = Commit | StoreFailure

/** Documents that a table knows of without holding them. */
export interface ColdDocuments {
  readonly size: number
  /** Takes a document in place of the one before; false: the table has to hold it. */
  take(document: StoredDocument): boolean
  get(key: string): StoredDocument | undefined
  /** Whether there was one. */
  delete(key: string): boolean
  /** Those that begin with a prefix. */
  keys(prefix: string): Iterable<string>
  documents(): Iterable<StoredDocument>
}

/** The documents of a store, in memory and in order. It keeps no past and tells nobody. */
export class Table {
  readonly #documents = new Map<string, StoredDocument>()
  /** In order; undefined while documents are loaded in bulk. */
  #keys: SortedKeys | undefined
  #revision = 0
  readonly #cold: ColdDocuments | undefined
  /** Those of the cold ones below a prefix that a list was asked of last. */
  #coldKeys: { readonly prefix: string; readonly keys: SortedKeys } | undefined

  constructor(cold?: ColdDocuments) {
    this.#cold = cold
  }

  get revision(): number {
    return this.#revision
  }

  get size(): number {
    return this.#documents.size + (this.#cold?.size ?? 0)
  }

  read(key: string): StoredDocument | undefined {
    return this.#documents.get(key) ?? this.#cold?.get(key)
  }

  /** All documents as they are now, in no order. */
  documents(): Iterable<StoredDocument> {
    const held = [...this.#documents.values()]
    const cold = this.#cold?.documents() ?? []
    return (function* () {
      yield* held
      yield* cold
    })()
  }

  /** Those that will vanish by themselves. */
  leased(): StoredDocument[] {
    return [...this.#documents.values()].filter(({ expires }) => expires !== undefined)
  }

  get(key: string): Found {
    return { document: this.read(key), revision: this.#revision }
  }

  list(prefix: string, { after, limit = Infinity, followed = false }: ListOptions = {}): Page {
    const documents: StoredDocument[] = []
    const first = after !== undefined && after >= prefix ? after : prefix
    for (const part of followed ? this.#held.partsFrom(first) : this.#partsFrom(first, prefix)) {
      for (const key of part) {
        if (!key.startsWith(prefix)) return { documents, revision: this.#revision, more: false }
        if (key === after) continue
        if (documents.length >= limit) return { documents, revision: this.#revision, more: true }
        const document = this.read(key)
        if (document !== undefined) documents.push(document)
      }
    }
    return { documents, revision: this.#revision, more: false }
  }

  /** Takes in one document of a snapshot, as it stands. */
  load(document: StoredDocument): void {
    if (this.#cold?.take(document) === true) return
    this.#documents.set(document.key, document)
    this.#keys = undefined
  }

  /** Says at which revision what was loaded stood. */
  startAt(revision: number): void {
    this.#revision = revision
  }

  apply({ revision, changes }: Commit): void {
    for (const { key, document } of changes) {
      if (document === undefined) this.#remove(key)
      else this.#set(key, document)
    }
    this.#revision = revision
  }

  get #held(): SortedKeys {
    return this.#keys ??= SortedKeys.of(this.#documents.keys())
  }

  /** Keys in order, in parts, those of cold documents below the prefix among them. */
  #partsFrom(first: string, prefix: string): Iterable<Iterable<string>> {
    if (this.#cold === undefined || this.#cold.size === 0) return this.#held.partsFrom(first)
    if (this.#coldKeys?.prefix !== prefix) {
      this.#coldKeys = { prefix, keys: SortedKeys.of(this.#cold.keys(prefix)) }
    }
    return [merged(this.#held.from(first), this.#coldKeys.keys.from(first))]
  }

  #set(key: string, document: StoredDocument): void {
    if (this.#cold?.take(document) === true) {
      if (this.#documents.delete(key)) this.#keys?.delete(key)
      this.#coldKeys = undefined
      return
    }
    if (this.#cold?.delete(key) === true) this.#coldKeys?.keys.delete(key)
    const before = this.#documents.size
    this.#documents.set(key, document)
    if (this.#documents.size > before) this.#keys?.add(key)
  }

  #remove(key: string): void {
    if (this.#documents.delete(key)) this.#keys?.delete(key)
    else if (this.#cold?.delete(key) === true) this.#coldKeys?.keys.delete(key)
  }
}

/** Two lists in order as one. */
function* merged(left: Iterator<string>, right: Iterator<string>): Iterable<string> {
  let [one, other] = [left.next(), right.next()]
  while (one.done !== true || other.done !== true) {
    if (other.done === true || (one.done !== true && one.value < other.value)) {
      yield one.value
      one = left.next()
    } else {
      yield other.value
      other = right.next()
    }
  }
}

/** What a transaction is judged by. */
export interface Ground {
  /** The document as it would be found, with what stands before this transaction in line. */
  read(key: string): StoredDocument | undefined
  /** The store's revision before the transaction. */
  readonly revision: number
  /** Milliseconds since 1970. */
  readonly now: number
}

/** Judges conditions and makes the documents that a transaction would put; changes nothing. */
export function evaluate(transaction: Transaction, ground: Ground): Evaluated {
  for (const { key, revision } of transaction.conditions ?? []) {
    const found = ground.read(key)?.modifyRevision ?? 0
    if (found !== revision) return conflict(key, revision, found)
  }
  const revision = ground.revision + 1
  const changes: Change[] = []
  for (const operation of transaction.operations) {
    const change = changeOf(operation, ground)
    if (change === undefined) continue
    if ('failure' in change) return change
    changes.push(change)
  }
  const { by } = transaction
  return { revision: changes.length > 0 ? revision : ground.revision, by, at: ground.now, changes }
}

/** Says that a condition does not hold. */
export function conflict(key: string, wanted: number, found: number): StoreFailure {
  const state = found === 0
    ? 'there is none'
    : wanted === 0
    ? 'it is there'
    : `it was changed at revision ${found}`
  const asked = wanted === 0 ? 'as new' : `as of revision ${wanted}`
  return storeFailure('conflict', `Take "${key}" ${asked}: ${state}`, key)
}

function changeOf(operation: Operation, ground: Ground): Change | StoreFailure | undefined {
  const key = keyOf(operation)
  const before = ground.read(key)
  if (!('put' in operation)) {
    return before === undefined ? undefined : { key, document: undefined }
  }
  const value: Json | undefined = copyJson(operation.value)
  if (value === undefined) return storeFailure('invalid', `Put "${key}": its value is not JSON`)
  const revision = ground.revision + 1
  const expires = expiryOf(operation, before, ground.now)
  const document = Object.freeze({
    key,
    value,
    createRevision: before?.createRevision ?? revision,
    modifyRevision: revision,
    version: (before?.version ?? 0) + 1,
    ...(expires === undefined ? {} : { expires }),
  })
  return { key, document }
}

function expiryOf(
  { ttl, keepExpiry }: { readonly ttl?: number; readonly keepExpiry?: boolean },
  before: StoredDocument | undefined,
  now: number,
): number | undefined {
  if (ttl !== undefined) return now + ttl * 1000
  return keepExpiry === true ? before?.expires : undefined
}
