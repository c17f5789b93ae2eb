import type { Clock } from '../port/mod.ts'
import { isStoreFailure } from './failure.ts'
import type { Change, Store, StoredDocument, StoreFailure, WatchEvent } from './types.ts'

/** Who follows a part of the store. Calls come in order; after `onEnd`, and after stopping, none. */
export interface Follower {
  /**
   * What is there, once, as the first call; later each change that there was, once. After a gap (`compacted`)
   * the difference comes as one call, whose `by` is not known.
   */
  onChanges(
    changes: readonly Change[],
    at: { readonly revision: number; readonly by?: string },
  ): void
  /** The store is out of reach, or back. What was told stays as it was. */
  onState?(state: { readonly connected: boolean; readonly message: string }): void
  /** The store was closed, or refuses us for good. */
  onEnd?(failure: StoreFailure): void
}

/** How a part of the store is followed. */
export interface FollowOptions {
  readonly clock: Clock
  /** From 0 to 1, for waits that do not meet. */
  readonly random?: () => number
}

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 10_000

/**
 * Lists what lies below a prefix, then watches it from that revision; lists anew where the past was
 * compacted, and tells the difference. So the follower's picture is complete, in order and without repeats.
 * @returns How to stop.
 */
export function follow(
  store: Store,
  prefix: string,
  { follower, ...options }: FollowOptions & { readonly follower: Follower },
): () => void {
  const following = new Following(store, prefix, { follower, ...options })
  void following.list()
  return () => following.stop()
}

class Following {
  readonly #store: Store
  readonly #prefix: string
  readonly #follower: Follower
  readonly #options: FollowOptions
  /** The revision at which each document was last put, as it was told. */
  readonly #known = new KnownRevisions()
  #first = true
  #connected = true
  #failures = 0
  #stopped = false
  #cancel: () => void = () => {}

  constructor(
    store: Store,
    prefix: string,
    { follower, ...options }: FollowOptions & { readonly follower: Follower },
  ) {
    this.#store = store
    this.#prefix = prefix
    this.#follower = follower
    this.#options = options
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
  }

  async list(): Promise<void> {
    const page = await this.#store.list(this.#prefix, { followed: true })
    if (this.#stopped) return
    if (isStoreFailure(page)) return this.#listFailed(page)
    this.#failures = 0
    this.#state(true, 'The store is within reach')
    const changes = this.#difference(page.documents)
    if (changes.length > 0 || this.#first) {
      this.#first = false
      this.#follower.onChanges(changes, { revision: page.revision })
    }
    if (this.#stopped) return
    this.#cancel = this.#store.watch(this.#prefix, page.revision, (event) => this.#take(event))
  }

  #take(event: WatchEvent): void {
    if (this.#stopped) return
    switch (event.kind) {
      case 'changes': {
        const { revision, changes, by } = event
        for (const change of changes) this.#learn(change)
        return this.#follower.onChanges(changes, by === undefined ? { revision } : { revision, by })
      }
      case 'compacted':
        return void this.list()
      case 'lost':
        return this.#state(false, event.message)
      case 'regained':
        return this.#state(true, 'The store is within reach')
      case 'ended':
        return this.#listFailed(event.failure)
    }
  }

  #listFailed(failure: StoreFailure): void {
    if (failure.failure === 'closed') {
      this.#stopped = true
      return this.#follower.onEnd?.(failure)
    }
    this.#state(false, failure.message)
    const { clock, random = Math.random } = this.#options
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures++)
    this.#cancel = clock.after(longest * (0.5 + random() / 2), () => void this.list())
  }

  #state(connected: boolean, message: string): void {
    if (connected === this.#connected) return
    this.#connected = connected
    this.#follower.onState?.({ connected, message })
  }

  #learn({ key, document }: Change): void {
    this.#known.set(key, document?.modifyRevision)
  }

  #difference(documents: readonly StoredDocument[]): Change[] {
    if (this.#first) {
      this.#known.begin(documents)
      return documents.map((document) => ({ key: document.key, document }))
    }
    const gone = new Set(this.#known.keys())
    const changes: Change[] = []
    for (const document of documents) {
      const { key, modifyRevision } = document
      gone.delete(key)
      if (this.#known.get(key) !== modifyRevision) changes.push({ key, document })
    }
    for (const key of gone) changes.push({ key, document: undefined })
    for (const change of changes) this.#learn(change)
    return changes
  }
}

/** At which revision each document was told of last: as the first list had it, and what changed since. */
class KnownRevisions {
  /** Sorted: a map of a hundred thousand keys would take longer to make than traffic can wait. */
  #listed: readonly string[] = []
  #revisions = new Float64Array()
  /** Undefined: it is there no longer. */
  readonly #since = new Map<string, number | undefined>()

  begin(documents: readonly StoredDocument[]): void {
    // Stores list by key, but not all of them order letters beyond Unicode's first 65,536 as we do.
    if (!documents.every(({ key }, at) => at === 0 || (documents[at - 1]?.key ?? '') < key)) {
      for (const { key, modifyRevision } of documents) this.set(key, modifyRevision)
      return
    }
    this.#listed = documents.map(({ key }) => key)
    this.#revisions = Float64Array.from(documents, ({ modifyRevision }) => modifyRevision)
  }

  get(key: string): number | undefined {
    return this.#since.has(key) ? this.#since.get(key) : this.#revisions[this.#find(key)]
  }

  set(key: string, revision: number | undefined): void {
    // Of keys that come and go nothing must stay.
    if (revision === undefined && this.#find(key) < 0) this.#since.delete(key)
    else this.#since.set(key, revision)
  }

  *keys(): Iterable<string> {
    for (const key of this.#listed) if (!this.#since.has(key)) yield key
    for (const [key, revision] of this.#since) if (revision !== undefined) yield key
  }

  /** Where a key stands in the list; -1: nowhere. */
  #find(key: string): number {
    let from = 0
    let to = this.#listed.length
    while (from < to) {
      const middle = (from + to) >>> 1
      if ((this.#listed[middle] as string) < key) from = middle + 1
      else to = middle
    }
    return this.#listed[from] === key ? from : -1
  }
}
