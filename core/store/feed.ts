import type { Commit } from './table.ts'
import type { StoreFailure, WatchEvent } from './types.ts'

/** Changes that are remembered for watchers who come late or come back. */
const MAX_REMEMBERED = 10_000
/** How many forgotten commits may lie around. */
const SLACK = 1000

interface Watcher {
  readonly prefix: string
  readonly receive: (event: WatchEvent) => void
  /** The last revision that was told. */
  told: number
  busy: boolean
}

/**
 * The recent past of a store, and those who watch it. Each watcher reads the past at its own pace, so none
 * misses a change or sees one twice, and one that throws does not keep the others from theirs.
 */
export class Feed {
  readonly #limit: number
  /** In order of revision, without gaps; what stands before `#first` is forgotten. */
  #past: Commit[] = []
  #first = 0
  #changes = 0
  /** Changes up to this revision are forgotten. */
  #forgotten: number
  #last: number
  #watchers = new Set<Watcher>()
  #end: StoreFailure | undefined

  /** `revision`: the store's at the start; what came before is not known here. */
  constructor(revision: number, limit: number = MAX_REMEMBERED) {
    this.#forgotten = revision
    this.#last = revision
    this.#limit = limit
  }

  push(commit: Commit): void {
    this.#past.push(commit)
    this.#last = commit.revision
    this.#changes += commit.changes.length
    while (this.#changes > this.#limit && this.#past.length > this.#first + 1) this.#forgetFirst()
    for (const watcher of this.#watchers) this.#wake(watcher)
  }

  /** Forgets all changes up to a revision. */
  forget(revision: number): void {
    while ((this.#past[this.#first]?.revision ?? Infinity) <= revision) this.#forgetFirst()
  }

  watch(prefix: string, after: number, receive: (event: WatchEvent) => void): () => void {
    const watcher: Watcher = { prefix, receive, told: after, busy: false }
    this.#watchers.add(watcher)
    this.#wake(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  /** Tells all watchers what there is to tell, then why no more will come. */
  end(failure: StoreFailure): void {
    this.#end = failure
    for (const watcher of this.#watchers) this.#wake(watcher)
  }

  #forgetFirst(): void {
    const first = this.#past[this.#first]
    if (first === undefined) return
    this.#changes -= first.changes.length
    this.#forgotten = first.revision
    // Moving thousands of commits by one place costs more than letting some of them lie for a while.
    if (++this.#first < SLACK) return
    this.#past.splice(0, this.#first)
    this.#first = 0
  }

  #wake(watcher: Watcher): void {
    if (watcher.busy) return
    watcher.busy = true
    queueMicrotask(() => {
      watcher.busy = false
      this.#tell(watcher)
    })
  }

  #tell(watcher: Watcher): void {
    // A revision ahead of ours belongs to another past, such as the one before a backup was restored.
    if (watcher.told < this.#forgotten || watcher.told > this.#last) {
      this.#finish(watcher, { kind: 'compacted', revision: this.#forgotten })
      return
    }
    for (let at = this.#indexAfter(watcher.told); at < this.#past.length; at++) {
      if (!this.#watchers.has(watcher)) return
      const commit = this.#past[at] as Commit
      watcher.told = commit.revision
      const changes = commit.changes.filter(({ key }) => key.startsWith(watcher.prefix))
      if (changes.length === 0) continue
      // What the receiver does may move the past; the rest is told in another turn.
      this.#wake(watcher)
      const { revision, by, at: time } = commit
      watcher.receive({ kind: 'changes', revision, changes, by, at: time })
      return
    }
    if (this.#end !== undefined) this.#finish(watcher, { kind: 'ended', failure: this.#end })
  }

  #finish(watcher: Watcher, event: WatchEvent): void {
    if (this.#watchers.delete(watcher)) watcher.receive(event)
  }

  #indexAfter(revision: number): number {
    let low = this.#first
    let high = this.#past.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#past[middle] as Commit).revision <= revision) low = middle + 1
      else high = middle
    }
    return low
  }
}
