/** Reads numbers and length-prefixed vectors (RFC 8446 section 3.4). Reading past the end gives zeros and sets `failed`. */
export class ByteCursor {
  readonly #bytes: Uint8Array
  #at = 0
  #failed = false

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Whether something was to be read that is not there. */
  get failed(): boolean {
    return this.#failed
  }

  /** Bytes that are left. */
  get left(): number {
    return this.#bytes.length - this.#at
  }

  /** A big-endian number of one to three bytes. */
  number(size: number): number {
    const bytes = this.take(size)
    let value = 0
    for (const byte of bytes) value = value * 256 + byte
    return value
  }

  /** The next `length` bytes, not copied. */
  take(length: number): Uint8Array {
    if (length > this.left) {
      this.#failed = true
      return this.#bytes.subarray(0, 0)
    }
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  /** A vector after its length, which takes `size` bytes. */
  vector(size: number): Uint8Array {
    return this.take(this.number(size))
  }
}
