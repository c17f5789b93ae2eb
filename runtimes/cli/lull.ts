import type { Clock } from '../../core/mod.ts'

/** Traffic is away where no exchange ended for so long. */
const LULL_MS = 1000

/** Tells whether there is traffic, from how many exchanges have ended: as good as it is asked often. */
export class Lull {
  readonly #clock: Clock
  readonly #exchanges: () => number
  #last = -1
  /** Since when there were no more than that. */
  #since = 0

  /** @param exchanges how many have ended so far */
  constructor(clock: Clock, exchanges: () => number) {
    this.#clock = clock
    this.#exchanges = exchanges
  }

  /** Whether no exchange has ended since a question that is a second old or older. */
  get isOn(): boolean {
    const now = this.#clock.monotonic()
    const exchanges = this.#exchanges()
    if (exchanges !== this.#last) this.#since = now
    this.#last = exchanges
    return now - this.#since >= LULL_MS
  }
}
