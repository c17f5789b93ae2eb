import type { Clock } from '../port/mod.ts'
import { Bag } from './bag.ts'

/** How often deadlines are looked at; a limit is kept to this accuracy. */
const TICK_MS = 100

/** Something that must not last for ever. */
export interface Mortal {
  /** In {@linkcode Ticker.now} milliseconds; Infinity while nothing limits it. */
  deadline: number
  /** Where the ticker keeps it: the ticker's own. */
  place?: number
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
  readonly #mortals = new Bag<'place', Mortal>('place')
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
    this.#mortals.remove(mortal)
  }

  stop(): void {
    this.#stop()
  }

  #tick(): void {
    const now = this.now = this.#clock.monotonic()
    // From the end: what is taken out meanwhile gives its place to one that was looked at.
    for (let i = this.#mortals.size - 1; i >= 0; i--) {
      const mortal = this.#mortals.at(i)
      if (mortal === undefined || mortal.deadline > now) continue
      mortal.deadline = Infinity
      mortal.expire()
    }
  }
}
