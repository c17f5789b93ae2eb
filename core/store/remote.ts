import type { Clock, Entropy } from '../port/mod.ts'
import { StoreBase } from './base.ts'
import { checkTransaction } from './check.ts'
import { isStoreFailure, storeFailure } from './failure.ts'
import { copyJson, freezeJson } from './json.ts'
import {
  type Asked,
  isTold,
  type ListPart,
  type Question,
  type StoreChannel,
  type Told,
} from './remote-messages.ts'
import type {
  Change,
  Committed,
  Found,
  Json,
  ListOptions,
  Page,
  StoredDocument,
  StoreFailure,
  Transaction,
  WatchEvent,
} from './types.ts'

/** What a client of another process's store needs. */
export interface RemoteStoreOptions {
  readonly channel: StoreChannel
  readonly clock: Clock
  /** Names the client unlike any other. */
  readonly entropy: Entropy
  /** How long an answer may take, in ms; 30,000 unless given. */
  readonly answerWithinMs?: number
}

const ALIVE_EVERY_MS = 10_000

type Answer = Extract<Told, { answer: unknown }>['answer']

/** Somebody who waits for the answers to one question. Says whether that was the last. */
type Waiting = (answer: Answer) => boolean

/** The store that another process owns, over messages. Closing it leaves the owner's open. */
export class RemoteStore extends StoreBase {
  readonly #options: RemoteStoreOptions
  readonly #name: string
  readonly #waiting = new Map<number, Waiting>()
  readonly #watches = new Map<number, (event: WatchEvent) => void>()
  readonly #cancelAlive: () => void
  #asked = 0
  #closed = false

  constructor(options: RemoteStoreOptions) {
    super()
    this.#options = options
    this.#name = [...options.entropy.bytes(12)].map((byte) => byte.toString(16)).join('-')
    options.channel.onMessage((message) => {
      if (!this.#closed && isTold(message, this.#name)) this.#take(message)
    })
    this.#cancelAlive = options.clock.every(ALIVE_EVERY_MS, () => this.#send({ ask: 'alive' }))
  }

  override async get(key: string): Promise<Found | StoreFailure> {
    const found = await this.#ask<Found>(`Get "${key}"`, { ask: 'get', key })
    if (isStoreFailure(found)) return found
    // What is undefined may be lost on the way.
    return { document: found.document && frozen(found.document), revision: found.revision }
  }

  override async list(prefix: string, options: ListOptions = {}): Promise<Page | StoreFailure> {
    const documents: StoredDocument[] = []
    const part = await this.#ask<ListPart>(
      `List "${prefix}"`,
      { ask: 'list', prefix, ...options },
      (part) => {
        for (const document of part.documents) documents.push(frozen(document))
        return part.last
      },
    )
    if (isStoreFailure(part)) return part
    return { documents, revision: part.revision, more: part.more }
  }

  override async commit(transaction: Transaction): Promise<Committed | StoreFailure> {
    const wrong = checkTransaction(transaction)
    if (wrong !== undefined) return wrong
    const copied: Transaction['operations'][number][] = []
    for (const operation of transaction.operations) {
      if (!('put' in operation)) {
        copied.push(operation)
        continue
      }
      const value = copyJson(operation.value)
      if (value === undefined) {
        return storeFailure('invalid', `Put "${operation.put}": its value is not JSON`)
      }
      copied.push({ ...operation, value })
    }
    const question = { ask: 'commit', transaction: { ...transaction, operations: copied } } as const
    const done = await this.#ask<Committed>('Commit', question)
    if (isStoreFailure(done)) return done
    return { revision: done.revision, changes: done.changes.map(changeOf) }
  }

  override watch(
    prefix: string,
    after: number,
    receive: (event: WatchEvent) => void,
  ): () => void {
    const watch = this.#send({ ask: 'watch', prefix, after })
    this.#watches.set(watch, receive)
    return () => {
      if (this.#watches.delete(watch)) this.#send({ ask: 'unwatch', watch })
    }
  }

  override close(): Promise<void> {
    if (this.#closed) return Promise.resolve()
    this.#send({ ask: 'bye' })
    this.#closed = true
    this.#cancelAlive()
    const failure = storeFailure('closed', 'Use the store: it was closed')
    for (const receive of this.#watches.values()) receive({ kind: 'ended', failure })
    for (const take of this.#waiting.values()) take(failure)
    this.#watches.clear()
    this.#waiting.clear()
    return Promise.resolve()
  }

  /** Asks, and waits for the answer that `last` says is the last. */
  #ask<T extends object>(
    action: string,
    question: Question,
    last: (answer: T) => boolean = () => true,
  ): Promise<T | StoreFailure> {
    if (this.#closed) {
      return Promise.resolve(storeFailure('closed', `${action}: the store was closed`))
    }
    return new Promise((resolve) => {
      const { clock, answerWithinMs = 30_000 } = this.#options
      const id = this.#send(question)
      const cancel = clock.after(answerWithinMs, () => {
        this.#waiting.delete(id)
        resolve(storeFailure('unavailable', `${action}: the process that owns the store is silent`))
      })
      this.#waiting.set(id, (answer) => {
        if (!isStoreFailure(answer) && !last(answer as T)) return false
        cancel()
        resolve(answer as T | StoreFailure)
        return true
      })
    })
  }

  #send(question: Question): number {
    const id = ++this.#asked
    const asked: Asked = { store: 'ask', client: this.#name, id, question }
    if (!this.#closed) this.#options.channel.send(asked)
    return id
  }

  #take(told: Told): void {
    if ('answer' in told) {
      if (this.#waiting.get(told.id)?.(told.answer) === true) this.#waiting.delete(told.id)
      return
    }
    const receive = this.#watches.get(told.id)
    const { event } = told
    if (event.kind === 'compacted' || event.kind === 'ended') this.#watches.delete(told.id)
    receive?.(event.kind === 'changes' ? { ...event, changes: event.changes.map(changeOf) } : event)
  }
}

function changeOf({ key, document }: Change): Change {
  return { key, document: document && frozen(document) }
}

function frozen(document: StoredDocument): StoredDocument {
  freezeJson(document.value as Json)
  return Object.freeze(document)
}
