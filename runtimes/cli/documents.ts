import type { Dialect, PartsChange } from '../../core/dialect/mod.ts'
import type { Clock } from '../../core/mod.ts'
import {
  type Change,
  follow,
  type Follower,
  type Store,
  type StoreFailure,
} from '../../core/store/mod.ts'
import type { Turns } from './turns.ts'

/** How well the store is known. */
export interface StoreState {
  /** The revision that the documents are known as of; undefined: nothing is known yet. */
  readonly revision: number | undefined
  readonly connected: boolean
  /** Since when it is out of reach, epoch milliseconds; undefined: it is not. */
  readonly lostSince: number | undefined
  readonly reason: string
  /** How often it was lost. */
  readonly losses: number
}

/** Who is told that documents changed what is asked for. */
export interface DocumentsUser {
  changed(change: PartsChange, at: { readonly revision: number; readonly keys: string[] }): void
  /** The store was lost, regained, or ended. */
  stateChanged(state: StoreState): void
}

/** Changes of one revision. */
interface Batch {
  readonly changes: readonly Change[]
  readonly revision: number
}

/** Follows the store and hands each dialect the changes of its own documents. */
export class Documents implements Follower {
  readonly #dialects: readonly Dialect[]
  readonly #user: DocumentsUser
  readonly #clock: Clock
  readonly #turns: Turns
  #state: StoreState = {
    revision: undefined,
    connected: true,
    lostSince: undefined,
    reason: '',
    losses: 0,
  }
  #stop: () => void = () => {}
  #first: (() => void) | undefined
  /** What came and has not been handed on. */
  #waiting: Batch[] = []
  #handingOn = false

  constructor(
    dialects: readonly Dialect[],
    { clock, turns, user }: {
      readonly clock: Clock
      readonly turns: Turns
      readonly user: DocumentsUser
    },
  ) {
    this.#dialects = dialects
    this.#clock = clock
    this.#turns = turns
    this.#user = user
  }

  get state(): StoreState {
    return this.#state
  }

  /** Begins to follow. Resolves once all documents are known, or the store turned out to be out of reach. */
  async start(store: Store): Promise<void> {
    const first = new Promise<void>((resolve) => this.#first = resolve)
    this.#stop = follow(store, '/', { follower: this, clock: this.#clock })
    await first
  }

  stop(): void {
    this.#stop()
    this.#first?.()
  }

  /** A flood of changes is handed on a little at a time: traffic does not wait for all of it. */
  onChanges(changes: readonly Change[], { revision }: { readonly revision: number }): void {
    this.#waiting.push({ changes, revision })
    if (!this.#handingOn) void this.#handOn()
  }

  async #handOn(): Promise<void> {
    this.#handingOn = true
    const next = this.#turns.begin()
    while (this.#waiting.length > 0) {
      const batches = this.#waiting
      this.#waiting = []
      for (const batch of batches) {
        this.#translate(batch)
        await next()
      }
    }
    this.#handingOn = false
  }

  #translate({ changes, revision }: Batch): void {
    this.#state = { ...this.#state, revision }
    const applications = new Set<string>()
    let others = false
    for (const [dialect, own] of this.#byOwner(changes)) {
      const change = dialect.translator.take(own)
      for (const name of change.applications) applications.add(name)
      others ||= change.others
    }
    const keys = changes.map(({ key }) => key)
    this.#user.changed({ applications, others }, { revision, keys })
    this.#first?.()
  }

  onState({ connected, message }: { readonly connected: boolean; readonly message: string }): void {
    const { losses } = this.#state
    this.#state = connected ? { ...this.#state, connected, lostSince: undefined, reason: '' } : {
      ...this.#state,
      connected,
      lostSince: this.#clock.now(),
      reason: message,
      losses: losses + 1,
    }
    this.#user.stateChanged(this.#state)
    if (!connected) this.#first?.()
  }

  onEnd({ message }: StoreFailure): void {
    this.onState({ connected: false, message })
  }

  #byOwner(changes: readonly Change[]): Map<Dialect, Change[]> {
    const owned = new Map<Dialect, Change[]>()
    for (const change of changes) {
      const owner = this.#ownerOf(change.key)
      const own = owner && owned.get(owner)
      if (own !== undefined) own.push(change)
      else if (owner !== undefined) owned.set(owner, [change])
    }
    return owned
  }

  /** The dialect with the longest root that the key is below; keys of the gateway's own are nobody's. */
  #ownerOf(key: string): Dialect | undefined {
    if (key.startsWith('/sallyport/')) return undefined
    const rooted = this.#dialects.find(({ root }) =>
      root !== '' && key[root.length] === '/' && key.startsWith(root)
    )
    return rooted ??
      (/^\/(gravitee|gcore)\//.test(key)
        ? undefined
        : this.#dialects.find(({ root }) => root === ''))
  }
}
