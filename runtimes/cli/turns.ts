import type { Clock } from '../../core/mod.ts'

/** Work takes no longer than this at once, in milliseconds; then others have their turn. */
const AT_ONCE_MS = 0.5
/** Others were busy if they had the event loop for longer than this. */
const IDLE_MS = 0.1
/** Work that is over after so much time needs no rest. */
const FREE_MS = 5
/** While others are busy a turn is followed by a rest so many times as long. */
const REST = 6
const LONGEST_REST_MS = 50

/**
 * All long work of a process in short turns: while there is traffic most of the time is traffic's, and all of it is
 * ours while none is.
 */
export class Turns {
  readonly #clock: Clock
  /** When the next turn may be, whoever's it is. */
  #nextAt = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Some work begins. Ask often: what is returned resolves at once while a turn is short, else when the next begins. */
  begin(): () => Promise<void> {
    let from = this.#clock.monotonic()
    let worked = 0
    return async () => {
      const took = this.#clock.monotonic() - from
      if (took < AT_ONCE_MS) return
      worked += took
      if (await this.#othersAreBusy() && worked > FREE_MS) await this.#rest(took)
      from = this.#clock.monotonic()
    }
  }

  async #othersAreBusy(): Promise<boolean> {
    const end = this.#clock.monotonic()
    await new Promise<void>((resolve) => this.#clock.soon(resolve))
    return this.#clock.monotonic() - end > IDLE_MS
  }

  async #rest(took: number): Promise<void> {
    const now = this.#clock.monotonic()
    const begin = Math.max(now + Math.min(took * REST, LONGEST_REST_MS), this.#nextAt)
    this.#nextAt = begin + AT_ONCE_MS * (1 + REST)
    await new Promise<void>((resolve) => void this.#clock.after(begin - now, resolve))
  }
}
