import type { HeaderList } from '../types.ts'

const UNSAID = -1

/** Holds DATA to the length that the head named: a message is malformed where they differ (RFC 9113 section 8.1.1). */
export class BodyCount {
  #left = UNSAID

  /** Reads a head's Content-Length. One that is no number is left to the head's reader. */
  expect(fields: HeaderList): void {
    for (let i = 0; i < fields.length; i += 2) {
      if (fields[i] !== 'content-length') continue
      const length = Number(fields[i + 1])
      this.#left = Number.isSafeInteger(length) && length >= 0 ? length : UNSAID
    }
  }

  /** Counts bytes of DATA. False: more than was named. */
  add(bytes: number): boolean {
    if (this.#left === UNSAID) return true
    if (bytes > this.#left) return false
    this.#left -= bytes
    return true
  }

  /** No body follows, whatever the head says of its length (RFC 9110 section 6.4.1). */
  none(): void {
    this.#left = 0
  }

  /** Whether all that was named has come. */
  get whole(): boolean {
    return this.#left <= 0
  }
}
