import type { Configuration, Snapshot } from '../../core/mod.ts'
import type { DocumentProblem, InForce, PartsChange } from '../../core/dialect/mod.ts'
import type { Assembled, Assembly } from './assembly.ts'
import type { Failure } from './followers.ts'
import type { Host } from './host.ts'

/** After an attempt changes that nobody waits for are gathered for as long as it took, but no longer than this. */
const LONGEST_GATHERING_MS = 250
/** Attempts may take one part in so many of the time. */
const SHARE = 5
/** So much of it may be used at once, where little was used before. */
const CREDIT_MS = 250
const LONGEST_REST_MS = 500
/** Who waits for a revision that does not come is told so. */
const GIVE_UP_AFTER_MS = 15_000

/** How many revisions are remembered that something was wrong with. */
const FAILURES_KEPT = 1000

/** Who waits for a revision to be in force. */
interface Waiter {
  readonly revision: number
  readonly resolve: (found: InForce) => void
}

/** What changed since the last snapshot was made. */
interface Pending {
  others: boolean
  readonly applications: Set<string>
  /** The revision that touched each document last. */
  readonly documents: Map<string, number>
}

/** What a live configuration works with. */
export interface LiveOptions {
  readonly host: Host
  readonly assembly: Assembly
  /** Told of each attempt, whether it succeeded or not. */
  readonly made: (assembled: Assembled) => void
  /** Told of the store's revision that is in force now, and of what newly is wrong because of which. */
  readonly settled: (revision: number, failed: readonly Failure[]) => void
}

/**
 * Keeps the gateway at what the document and the store's documents ask for: one attempt at a time, changes that come
 * meanwhile together in the next one. A flood of changes is gathered, as each attempt costs something however little
 * changed; who waits for a change waits for that only where attempts have had more than their share of the time.
 */
export class Live {
  readonly #options: LiveOptions
  #base: Configuration
  #snapshot: Snapshot | undefined
  #pending: Pending = nothing()
  /** The store's revision as it is known, and as it is in force. */
  #seen = 0
  #inForce = 0
  #problems: readonly DocumentProblem[] = []
  /** What is wrong because of a revision, of the latest ones that something is wrong with. */
  readonly #failed = new Map<number, readonly DocumentProblem[]>()
  readonly #waiters = new Set<Waiter>()
  #line: Promise<unknown> = Promise.resolve()
  /** Of attempts that are under way or in line. */
  #attempts = 0
  /** Calls off the next attempt; undefined: none is due. */
  #callOff: (() => void) | undefined
  #started = false
  /** Then a change of applications may let others in as well. */
  #leftOut = false
  #gatherUntil = 0
  /** How much time attempts may take at once, as of a moment. */
  #credit = CREDIT_MS
  #creditAt: number | undefined
  #restUntil = 0

  constructor(base: Configuration, options: LiveOptions) {
    this.#base = base
    this.#options = options
  }

  /** What is wrong with the store's documents, as of the last attempt. */
  get problems(): readonly DocumentProblem[] {
    return this.#problems
  }

  /** The store's revision that is in force. */
  get revision(): number {
    return this.#inForce
  }

  /** Whether somebody waits for a revision to be in force. */
  get awaited(): boolean {
    return this.#waiters.size > 0
  }

  /** Puts another document in force, with all that the store asks for. Where it cannot be, the old one stays. */
  async rebase(base: Configuration): Promise<Assembled> {
    return await this.#next(async () => {
      const assembled = await this.#all(base, false)
      if (assembled.snapshot !== undefined) this.#base = base
      this.#started = true
      return assembled
    })
  }

  /** Tries once more to put everything in force. */
  async again(): Promise<Assembled> {
    return await this.#next(() => this.#all(this.#base, true))
  }

  /** Notes what documents changed. */
  changed(
    change: PartsChange,
    { revision, keys }: { readonly revision: number; readonly keys: readonly string[] },
  ): void {
    this.#seen = revision
    this.#pending.others ||= change.others
    for (const name of change.applications) this.#pending.applications.add(name)
    // What is there at the start is taken as a whole.
    if (!this.#started) return
    for (const key of keys) this.#pending.documents.set(key, revision)
    this.#schedule()
  }

  /** Resolves once a revision of the store is in force, or is known not to be. */
  inForce(revision: number): Promise<InForce> {
    if (revision <= this.#inForce) return Promise.resolve(this.#foundOf(revision))
    return new Promise((resolve) => {
      const waiter: Waiter = {
        revision,
        resolve: (found) => {
          cancel()
          this.#waiters.delete(waiter)
          resolve(found)
        },
      }
      const late = `Revision ${revision} of the store did not get here in time`
      const cancel = this.#options.host.clock.after(
        GIVE_UP_AFTER_MS,
        () =>
          waiter.resolve({ ok: false, problems: [{ key: '', severity: 'error', message: late }] }),
      )
      this.#waiters.add(waiter)
      this.#schedule()
    })
  }

  /** Sees to it that what is pending is attempted: soon if somebody waits for it, else after some gathering. */
  #schedule(): void {
    if (!this.#started || this.#attempts > 0 || !this.#isBehind()) return
    const { clock } = this.#options.host
    const from = this.#waiters.size > 0 ? this.#restUntil : this.#gatherUntil
    const wait = from - clock.monotonic()
    if (this.#callOff !== undefined && wait > 0) return
    this.#callOff?.()
    this.#callOff = undefined
    if (wait <= 0) return void this.#next(() => this.#change())
    this.#callOff = clock.after(wait, () => {
      this.#callOff = undefined
      this.#schedule()
    })
  }

  #isBehind(): boolean {
    const { others, applications, documents } = this.#pending
    return others || applications.size > 0 || documents.size > 0 || this.#seen > this.#inForce
  }

  async #change(): Promise<void> {
    const { others, applications } = this.#pending
    const previous = this.#snapshot
    if (!others && !this.#leftOut && previous !== undefined) {
      if (applications.size === 0) return this.#settle(this.#take(), this.#problems)
      const taken = this.#take()
      const snapshot = await this.#options.assembly.applications(taken.applications, previous)
      if (snapshot !== undefined) {
        this.#snapshot = snapshot
        const documents = this.#problems
        const rest = { problems: [], listening: [], warnings: [], leftOut: false }
        this.#options.made({ snapshot, documents, ...rest })
        return this.#settle(taken, this.#problems)
      }
      this.#giveBack(taken)
    }
    await this.#all(this.#base, true)
  }

  async #all(base: Configuration, news: boolean): Promise<Assembled> {
    const taken = this.#take()
    const assembled = await this.#options.assembly.all(base, this.#snapshot, news)
    if (assembled.snapshot !== undefined) this.#snapshot = assembled.snapshot
    this.#leftOut = assembled.leftOut
    this.#options.made(assembled)
    const { problems, listening, documents, snapshot } = assembled
    const failed = snapshot === undefined
      ? [...problems, ...listening.map(({ code }) => ({ message: code }))].map(({ message }) => (
        { key: '', severity: 'error' as const, message }
      ))
      : []
    this.#settle(taken, [...documents, ...failed])
    return assembled
  }

  /** Takes what is pending; what changes from now on is the next attempt's. */
  #take(): Pending & { readonly seen: number } {
    const taken = { ...this.#pending, seen: this.#seen }
    this.#pending = nothing()
    return taken
  }

  #giveBack({ others, applications, documents }: Pending): void {
    this.#pending.others ||= others
    for (const name of applications) this.#pending.applications.add(name)
    for (const [key, revision] of documents) {
      this.#pending.documents.set(key, Math.max(revision, this.#pending.documents.get(key) ?? 0))
    }
  }

  /** Tells those who wait what became of their revision. */
  #settle(
    { documents, seen }: Pending & { readonly seen: number },
    problems: readonly DocumentProblem[],
  ): void {
    const known = new Set(this.#problems.map(({ key, message }) => `${key} ${message}`))
    this.#problems = problems
    this.#inForce = Math.max(seen, this.#inForce)
    const errors = problems.filter(({ severity }) => severity === 'error')
    const failed: Failure[] = []
    if (errors.length > 0) {
      for (const revision of new Set(documents.values())) {
        // What another document suffers from since then is the doing of whoever changed something.
        const own = errors.filter(({ key, message }) =>
          documents.get(key) === revision ||
          !documents.has(key) && !known.has(`${key} ${message}`)
        )
        if (own.length === 0) continue
        this.#failed.set(revision, own)
        failed.push({ revision, problems: own })
      }
    }
    for (const oldest of this.#failed.keys()) {
      if (this.#failed.size <= FAILURES_KEPT) break
      this.#failed.delete(oldest)
    }
    this.#options.settled(this.#inForce, failed)
    for (const waiter of [...this.#waiters]) {
      if (waiter.revision <= seen) waiter.resolve(this.#foundOf(waiter.revision))
    }
  }

  #foundOf(revision: number): InForce {
    const problems = this.#failed.get(revision)
    return problems === undefined ? { ok: true } : { ok: false, problems }
  }

  /** Notes when an attempt was made. */
  #account(from: number, to: number): void {
    const before = this.#creditAt
    this.#creditAt = to
    // The first one takes its time before there is traffic.
    if (before === undefined) return
    const took = to - from
    const left = Math.min(this.#credit + (to - before) / SHARE, CREDIT_MS) - took
    this.#credit = Math.max(left, -LONGEST_REST_MS / SHARE)
    this.#restUntil = to + Math.max(0, -this.#credit) * SHARE
    this.#gatherUntil = to + Math.min(took, LONGEST_GATHERING_MS)
  }

  /** One after the other. */
  #next<T>(work: () => Promise<T>): Promise<T> {
    this.#attempts++
    const { clock, log } = this.#options.host
    let from = 0
    const done = this.#line.then(() => {
      from = clock.monotonic()
      return work()
    })
    this.#line = done.catch((error: unknown) => {
      const detail = error instanceof Error ? error.stack ?? error.message : String(error)
      log.write('error', 'A change could not be made: please report this', { detail })
      from = -Infinity
    }).then(() => {
      this.#account(from, clock.monotonic())
      this.#attempts--
      this.#schedule()
    })
    return done
  }
}

function nothing(): Pending {
  return { others: false, applications: new Set(), documents: new Map() }
}
