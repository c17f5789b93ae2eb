import type { Clock } from '../port/mod.ts'

/** How often deadlines are looked at; a limit is kept to this accuracy. */
const TICK_MS = 100

/** Something that must not last for ever. */
export interface Mortal {
  /** In {@linkcode Ticker.now} milliseconds; Infinity while nothing limits it. */
  deadline: number
  /** Called once the deadline has passed. */
  expire(): void
}

/**
 * One timer for all deadlines. Setting a deadline is writing a number, so the request path starts and
 * stops no timers.
 */
export class Ticker {
  /** Monotonic milliseconds, as of the last tick. */
  now: number
  readonly #mortals = new Set<Mortal>()
  readonly #clock: Clock
  readonly #stop: () => void

  constructor(clock: Clock) {
    this.#clock = clock
    this.now = clock.monotonic()
    this.#stop = clock.every(TICK_MS, () => this.#tick())
  }

  add(mortal: Mortal): void {
    this.#mortals.add(mortal)
  }

  remove(mortal: Mortal): void {
    this.#mortals.delete(mortal)
  }

  stop(): void {
    this.#stop()
  }

  #tick(): void {
    const now = this.now = this.#clock.monotonic()
    for (const mortal of this.#mortals) {
      if (mortal.deadline > now) continue
      mortal.deadline = Infinity
      mortal.expire()
    }
  }
}
