/** How much of a limit is used up. */
export interface Used {
  /** Requests of a span, or how far a bucket is filled. */
  amount: number
  /** When the span ends, or when the bucket was looked at last; epoch milliseconds. */
  time: number
}

/** How many keys are kept. */
const KEPT = 100_000

/**
 * What limits have counted: plain state, which outlives configurations. It is bounded: where there are too many keys,
 * the one that was used longest ago is forgotten.
 */
export class LimitState {
  /** In the order of last use. */
  readonly #used = new Map<string, Used>()
  readonly #kept: number

  constructor(kept: number = KEPT) {
    this.#kept = kept
  }

  get size(): number {
    return this.#used.size
  }

  get(key: string): Used | undefined {
    return this.#used.get(key)
  }

  set(key: string, used: Used): void {
    this.#used.delete(key)
    this.#used.set(key, used)
    for (const oldest of this.#used.keys()) {
      if (this.#used.size <= this.#kept) break
      this.#used.delete(oldest)
    }
  }
}
