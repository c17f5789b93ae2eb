/**
 * Tells when an awaited sign has not come for some time. There is one time-out under way at most, and it is set
 * anew only when it fires, so that a sign costs no more than a number.
 */
export class Silence {
  readonly #ms: number
  readonly #onSilent: () => void
  /** Since when a sign is awaited; undefined: none is. */
  #since: number | undefined
  #timeout: AbortSignal | undefined
  #ended = false
  readonly #check = (): void => {
    this.#timeout = undefined
    if (this.#since === undefined) return
    const left = this.#since + this.#ms - performance.now()
    if (left > 0) this.#arm(left)
    else this.#onSilent()
  }

  constructor(ms: number, onSilent: () => void) {
    this.#ms = ms
    this.#onSilent = onSilent
  }

  /** A sign is awaited, from now on. */
  wait(): void {
    if (this.#ended) return
    this.#since = performance.now()
    if (this.#timeout === undefined) this.#arm(this.#ms)
  }

  /** No sign is awaited for now. */
  pause(): void {
    this.#since = undefined
  }

  /** No sign will be awaited any more. */
  end(): void {
    this.#ended = true
    this.#since = undefined
    this.#timeout?.removeEventListener('abort', this.#check)
  }

  #arm(ms: number): void {
    this.#timeout = AbortSignal.timeout(Math.ceil(ms))
    this.#timeout.addEventListener('abort', this.#check)
  }
}
