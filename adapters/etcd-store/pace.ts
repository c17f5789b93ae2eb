import type { Clock } from '../../core/port/mod.ts'

/** A member that is not listened to for long looks as if it had fallen silent. */
const LONGEST_REST_MS = 1000
/** So soon it is asked again whether there is hurry. */
const ASK_AGAIN_MS = 50

/** How fast changes are to come. */
export interface PaceOptions {
  readonly clock: Clock
  readonly changesPerSecond: number
  /** Whether they may come as they are just now. */
  readonly hurry: () => boolean
}

/** Slows a flood of changes down: half a second's worth comes as it is, what comes after that with rests. */
export class Pace {
  readonly #options: PaceOptions
  /** How many changes may come without a rest, as of a moment. */
  #allowance: number
  #asOf = 0

  constructor(options: PaceOptions) {
    this.#options = options
    this.#allowance = options.changesPerSecond / 2
  }

  /** Notes that so many changes came. */
  took(changes: number): void {
    const most = LONGEST_REST_MS / 1000 * this.#options.changesPerSecond
    this.#allowance = Math.max(this.#left() - changes, -most)
  }

  /** How many milliseconds to rest before asking again; 0: more may come. */
  rest(): number {
    const left = this.#left()
    if (left >= 0 || this.#options.hurry()) return 0
    return Math.min(-left / this.#options.changesPerSecond * 1000, ASK_AGAIN_MS)
  }

  #left(): number {
    const { clock, changesPerSecond } = this.#options
    const now = clock.monotonic()
    const earned = (now - this.#asOf) / 1000 * changesPerSecond
    this.#allowance = Math.min(this.#allowance + earned, changesPerSecond / 2)
    this.#asOf = now
    return this.#allowance
  }
}
