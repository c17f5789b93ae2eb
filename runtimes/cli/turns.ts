import type { Clock } from '../../core/mod.ts'

/** Work takes no longer than this at once, in milliseconds; then others have their turn. */
const AT_ONCE_MS = 1
/** Others were busy if they had the event loop for longer than this. */
const IDLE_MS = 0.1
/** Work that is over after so much time needs no rests. */
const FREE_MS = 20
/** While others are busy a turn is followed by a rest so many times as long. */
const REST = 3
const LONGEST_REST_MS = 50

/** Long work in short turns: while there is traffic most of the time is traffic's, and all of it is ours while none is. */
export class Turns {
  readonly #clock: Clock
  #from: number
  /** How long all turns took. */
  #worked = 0

  /** The first turn begins now. */
  constructor(clock: Clock) {
    this.#clock = clock
    this.#from = clock.monotonic()
  }

  /** Resolves at once while this turn is short, else when the next one begins. */
  async next(): Promise<void> {
    const end = this.#clock.monotonic()
    const took = end - this.#from
    if (took < AT_ONCE_MS) return
    this.#worked += took
    await new Promise<void>((resolve) => this.#clock.soon(resolve))
    if (this.#worked > FREE_MS && this.#clock.monotonic() - end > IDLE_MS) {
      const rest = Math.min(took * REST, LONGEST_REST_MS)
      await new Promise<void>((resolve) => void this.#clock.after(rest, resolve))
    }
    this.#from = this.#clock.monotonic()
  }
}
