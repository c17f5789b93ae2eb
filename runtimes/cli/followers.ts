import type { DocumentProblem } from '../../core/dialect/mod.ts'
import type { Clock } from '../../core/mod.ts'
import type { Host } from './host.ts'

/** How long a worker may take to follow before nobody waits for it any more. */
const GIVE_UP_AFTER_MS = 5000

/** How often a worker asks whether it may take clients. */
const ASK_EVERY_MS = 200

/** How many revisions are remembered that something was wrong with. */
const FAILURES_KEPT = 1000

/** What is wrong because of a revision of the store. */
export interface Failure {
  readonly revision: number
  readonly problems: readonly DocumentProblem[]
}

/** What a worker tells its primary. */
interface Followed {
  readonly kind: 'in-force'
  readonly revision: number
  readonly failed: readonly Failure[]
}

/** What a worker says once a revision of the store is in force there, and what is not. */
export function followed(revision: number, failed: readonly Failure[]): Followed {
  return { kind: 'in-force', revision, failed }
}

/** What a worker asks before it takes clients, and what it is answered. */
interface Join {
  readonly kind: 'join' | 'joined'
  readonly nonce: string
  /** That is in force in the primary. */
  readonly revision: number
}

/**
 * Resolves once a worker may take clients: its primary waits for it from now on, and what was in force there is in
 * force here.
 */
export async function joinPrimary(
  { workers, entropy, clock }: Pick<Host, 'workers' | 'entropy' | 'clock'>,
  inForce: (revision: number) => Promise<unknown>,
): Promise<void> {
  const nonce = [...entropy.bytes(12)].join('-')
  const ask = (): void => workers.send({ kind: 'join', nonce, revision: 0 } satisfies Join)
  const timers: (() => void)[] = []
  const revision = await new Promise<number>((resolve) => {
    workers.onMessage((message) => {
      if (isJoin(message, 'joined') && message.nonce === nonce) resolve(message.revision)
    })
    // An answer to a process that has just begun may be lost.
    timers.push(clock.every(ASK_EVERY_MS, ask))
    timers.push(clock.after(GIVE_UP_AFTER_MS, () => resolve(0)))
    ask()
  })
  for (const stop of timers) stop()
  await inForce(revision)
}

/** How far the workers are that follow the store, so that what is answered holds in all of them. */
export class Followers {
  readonly #clock: Clock
  readonly #revisions = new Map<number, number>()
  readonly #waiting = new Set<() => void>()
  /** What workers cannot do that they were asked for, by revision: mostly listeners, which they alone open. */
  readonly #failed = new Map<number, readonly DocumentProblem[]>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Takes a worker's message, where it is one.
   * @param revision that is in force here
   * @returns what to answer
   */
  take(message: unknown, worker: number, revision: number): unknown {
    if (isJoin(message, 'join')) {
      if (!this.#revisions.has(worker)) this.#revisions.set(worker, 0)
      return { kind: 'joined', nonce: message.nonce, revision } satisfies Join
    }
    if (!isFollowed(message)) return undefined
    this.#revisions.set(worker, message.revision)
    for (const { revision, problems } of message.failed) this.#failed.set(revision, problems)
    for (const oldest of this.#failed.keys()) {
      if (this.#failed.size <= FAILURES_KEPT) break
      this.#failed.delete(oldest)
    }
    this.#look()
    return undefined
  }

  /** A worker is gone: it serves nobody. */
  left(worker: number): void {
    this.#revisions.delete(worker)
    this.#look()
  }

  /**
   * Resolves once a revision is in force in all workers, or one of them takes too long.
   * @returns What is wrong in one of them because of it.
   */
  async reached(revision: number): Promise<readonly DocumentProblem[]> {
    await this.#reached(revision)
    return this.#failed.get(revision) ?? []
  }

  async #reached(revision: number): Promise<void> {
    const there = (): boolean => [...this.#revisions.values()].every((each) => each >= revision)
    if (there()) return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        cancel()
        this.#waiting.delete(look)
        resolve()
      }
      const look = (): void => void (there() && done())
      const cancel = this.#clock.after(GIVE_UP_AFTER_MS, done)
      this.#waiting.add(look)
    })
  }

  #look(): void {
    for (const look of [...this.#waiting]) look()
  }
}

function isJoin(message: unknown, kind: Join['kind']): message is Join {
  return typeof message === 'object' && message !== null && 'kind' in message &&
    message.kind === kind
}

function isFollowed(message: unknown): message is Followed {
  return typeof message === 'object' && message !== null && 'kind' in message &&
    message.kind === 'in-force'
}
