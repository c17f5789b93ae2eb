/** What the other side may still send, and what it gets back (RFC 9113 section 5.2). */
export class ReceiveWindow {
  #size: number
  #left: number
  /** Given back and not told yet. */
  #owed = 0

  constructor(size: number, left: number = size) {
    this.#size = size
    this.#left = left
  }

  /** Charges the window. False: more came than was allowed. */
  take(bytes: number): boolean {
    this.#left -= bytes
    return this.#left >= 0
  }

  /** Gives bytes back; the increment to tell now, which gathers to half a window. 0: none yet. */
  give(bytes: number): number {
    this.#owed += bytes
    const owed = this.#owed
    if (owed === 0 || owed * 2 < this.#size) return 0
    this.#owed = 0
    this.#left += owed
    return owed
  }

  /** The initial size changed while the window is in use; it may go below zero (RFC 9113 section 6.9.2). */
  resize(size: number): void {
    this.#left += size - this.#size
    this.#size = size
  }
}
