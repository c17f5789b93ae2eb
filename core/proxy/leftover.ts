import type { H2Connection, H2Stream } from '../wire/mod.ts'
import type { Outbox } from './outbox.ts'
import type { Mortal, Ticker } from './ticker.ts'

/** How long a client may take to read the answer before it is told to stop sending. */
const LINGER_MS = 250

/** The connection that the stream is of. */
export interface LeftoverOwner {
  readonly h2: H2Connection
  readonly outbox: Outbox
}

/**
 * A stream that is answered while its request still comes. RFC 9113 section 8.1: the client may be told to stop, and
 * what it sends until then is dropped. It is told late, because clients such as curl 7.88 take the answer for lost
 * where the reset comes with it in one read.
 */
export class Leftover implements Mortal {
  deadline: number
  place: number = -1
  readonly #ticker: Ticker
  readonly #owner: LeftoverOwner
  readonly #stream: H2Stream

  constructor(ticker: Ticker, owner: LeftoverOwner, stream: H2Stream) {
    this.#ticker = ticker
    this.#owner = owner
    this.#stream = stream
    this.deadline = ticker.now + LINGER_MS
    ticker.add(this)
  }

  expire(): void {
    if (!this.#owner.h2.stop(this.#stream)) {
      // The answer waits for a window.
      this.deadline = this.#ticker.now + LINGER_MS
      return
    }
    this.#ticker.remove(this)
    this.#owner.outbox.stir()
  }
}
