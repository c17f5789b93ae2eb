import type { Clock } from '../port/mod.ts'
import type { Change, StoredDocument, Transaction } from './types.ts'
import { MAX_OPERATIONS } from './check.ts'

/** No timer waits longer; hosts take 31 bits of milliseconds. */
const LONGEST_WAIT_MS = 3_600_000

/** Makes documents vanish when their time is up, by transactions like any other. */
export class LeaseSweep {
  readonly #clock: Clock
  readonly #commit: (transaction: Transaction) => Promise<unknown>
  readonly #leased = new Map<string, StoredDocument>()
  #cancel: (() => void) | undefined
  #closed = false

  constructor(clock: Clock, commit: (transaction: Transaction) => Promise<unknown>) {
    this.#clock = clock
    this.#commit = commit
  }

  /** Learns what became of documents. */
  note(changes: readonly Change[]): void {
    let touched = false
    for (const { key, document } of changes) {
      touched = this.#leased.delete(key) || touched
      if (document?.expires === undefined) continue
      this.#leased.set(key, document)
      touched = true
    }
    if (touched) this.#plan()
  }

  close(): void {
    this.#closed = true
    this.#cancel?.()
  }

  #plan(leastMs = 0): void {
    this.#cancel?.()
    this.#cancel = undefined
    if (this.#closed || this.#leased.size === 0) return
    let soonest = Infinity
    for (const { expires = Infinity } of this.#leased.values()) {
      soonest = Math.min(soonest, expires)
    }
    const wait = Math.min(LONGEST_WAIT_MS, Math.max(leastMs, soonest - this.#clock.now()))
    this.#cancel = this.#clock.after(wait, () => void this.#sweep())
  }

  async #sweep(): Promise<void> {
    const now = this.#clock.now()
    const due = [...this.#leased.values()]
      .filter(({ expires = Infinity }) => expires <= now)
      .slice(0, MAX_OPERATIONS)
    if (due.length > 0) {
      await this.#commit({
        by: 'expiry',
        operations: due.map(({ key }) => ({ delete: key })),
        conditions: due.map(({ key, modifyRevision }) => ({ key, revision: modifyRevision })),
      })
    }
    // Where the store took no write, the next try is not at once.
    this.#plan(due.some(({ key }) => this.#leased.has(key)) ? 1000 : 0)
  }
}
