import type { Mortal, Ticker } from './ticker.ts'

/** The time within which an answer has to begin, whoever is asked for it and how often. */
export class AnswerBound implements Mortal {
  deadline: number
  readonly #ticker: Ticker
  readonly #late: () => void

  /** @param deadline in the ticker's milliseconds */
  constructor(ticker: Ticker, deadline: number, late: () => void) {
    this.#ticker = ticker
    this.deadline = deadline
    this.#late = late
    ticker.add(this)
  }

  expire(): void {
    this.over()
    this.#late()
  }

  /** The answer has begun, or nobody waits for it any more. */
  over(): void {
    this.#ticker.remove(this)
  }
}
