import type { Clock } from '../port/mod.ts'
import { getHeader } from '../wire/mod.ts'
import type { HeaderList } from '../wire/mod.ts'

/** The `Date` of answers that have none: ours, and those that endpoints send without (RFC 9110 section 6.6.1). */
export class DateField {
  readonly #clock: Clock
  #second = -1
  #text = ''

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The present time as HTTP says it (RFC 9110 section 5.6.7). */
  get text(): string {
    const second = Math.floor(this.#clock.now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#text = new Date(second * 1000).toUTCString()
    }
    return this.#text
  }

  /** Adds the field where it is missing. */
  addTo(headers: HeaderList): void {
    if (getHeader(headers, 'date') === undefined) headers.push('Date', this.text)
  }
}
