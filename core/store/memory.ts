import type { Clock } from '../port/mod.ts'
import { StoreBase } from './base.ts'
import { checkTransaction } from './check.ts'
import { isStoreFailure, storeFailure } from './failure.ts'
import { Feed } from './feed.ts'
import { LeaseSweep } from './leases.ts'
import { evaluate, Table } from './table.ts'
import type {
  Committed,
  Found,
  ListOptions,
  Page,
  StoreFailure,
  Transaction,
  WatchEvent,
} from './types.ts'

/** What a store in memory needs. */
export interface MemoryStoreOptions {
  readonly clock: Clock
  /** Changes remembered for watchers; 10,000 unless given. */
  readonly remembered?: number
}

/** Documents in memory alone: for tests, for trying things out, for hosts without a disk. */
export class MemoryStore extends StoreBase {
  readonly #clock: Clock
  readonly #table = new Table()
  readonly #feed: Feed
  readonly #leases: LeaseSweep
  #closed = false

  constructor({ clock, remembered }: MemoryStoreOptions) {
    super()
    this.#clock = clock
    this.#feed = new Feed(0, remembered)
    this.#leases = new LeaseSweep(clock, (transaction) => this.commit(transaction))
  }

  override get(key: string): Promise<Found | StoreFailure> {
    return Promise.resolve(this.#closed ? closed('Get', key) : this.#table.get(key))
  }

  override list(prefix: string, options?: ListOptions): Promise<Page | StoreFailure> {
    return Promise.resolve(
      this.#closed ? closed('List', prefix) : this.#table.list(prefix, options),
    )
  }

  override commit(transaction: Transaction): Promise<Committed | StoreFailure> {
    return Promise.resolve(this.#commit(transaction))
  }

  override watch(
    prefix: string,
    after: number,
    receive: (event: WatchEvent) => void,
  ): () => void {
    return this.#feed.watch(prefix, after, receive)
  }

  /** Forgets the changes up to a revision, as a compaction of a store on disk would. */
  forget(revision: number): void {
    this.#feed.forget(revision)
  }

  override close(): Promise<void> {
    this.#closed = true
    this.#leases.close()
    this.#feed.end(storeFailure('closed', 'Watch the store: it was closed'))
    return Promise.resolve()
  }

  #commit(transaction: Transaction): Committed | StoreFailure {
    if (this.#closed) return closed('Commit by', transaction.by)
    const wrong = checkTransaction(transaction)
    if (wrong !== undefined) return wrong
    const commit = evaluate(transaction, {
      read: (key) => this.#table.read(key),
      revision: this.#table.revision,
      now: this.#clock.now(),
    })
    if (isStoreFailure(commit)) return commit
    const { revision, changes } = commit
    if (changes.length > 0) {
      this.#table.apply(commit)
      this.#feed.push(commit)
      this.#leases.note(changes)
    }
    return { revision, changes }
  }
}

function closed(action: string, what: string): StoreFailure {
  return storeFailure('closed', `${action} "${what}": the store was closed`)
}
