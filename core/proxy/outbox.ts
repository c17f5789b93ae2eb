import type { Clock, Duplex } from '../port/mod.ts'

/**
 * What waits to be written to a connection that several exchanges share. Frames that become ready in one
 * turn of the event loop leave in one write: fewer, larger TLS records and system calls.
 */
export class Outbox {
  /** Whether the connection takes no more for now. */
  full = false
  readonly #duplex: Duplex
  readonly #clock: Clock
  readonly #gather: () => void
  #held = 0
  #due = false

  /** `gather` makes the codec hand over what it has, by `write`. */
  constructor(duplex: Duplex, clock: Clock, gather: () => void) {
    this.#duplex = duplex
    this.#clock = clock
    this.#gather = gather
  }

  /** Takes bytes from the codec. */
  write(bytes: Uint8Array): void {
    if (!this.#duplex.write(bytes)) this.full = true
  }

  /** The codec has something to say: it leaves at the end of this turn. */
  stir(): void {
    if (this.#due || this.#held > 0) return
    this.#due = true
    this.#clock.soon(() => this.flush())
  }

  /** Between `hold` and `release` nothing leaves; `release` sends all of it. */
  hold(): void {
    this.#held++
  }

  release(): void {
    if (--this.#held === 0) this.flush()
  }

  flush(): void {
    this.#due = false
    this.#gather()
  }

  /** The connection takes bytes again. */
  drained(): void {
    this.full = false
  }
}
