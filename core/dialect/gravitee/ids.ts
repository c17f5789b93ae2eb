import type { Clock, Entropy } from '../../port/mod.ts'

/** Makes ids: UUIDs whose order is that of their making (RFC 9562 section 5.7). */
export class Ids {
  readonly #clock: Clock
  readonly #entropy: Entropy
  #last = 0
  #count = 0

  constructor({ clock, entropy }: { readonly clock: Clock; readonly entropy: Entropy }) {
    this.#clock = clock
    this.#entropy = entropy
  }

  next(): string {
    const now = Math.max(this.#clock.now(), this.#last)
    // Within one millisecond, and where the clock went back, a counter keeps the order.
    this.#count = now === this.#last ? this.#count + 1 : 0
    this.#last = this.#count > 0xfff ? now + 1 : now
    if (this.#count > 0xfff) this.#count = 0
    const bytes = this.#entropy.bytes(8)
    bytes[0] = ((bytes[0] as number) & 0x3f) | 0x80
    const time = this.#last.toString(16).padStart(12, '0')
    const tail = hex(bytes)
    const count = this.#count.toString(16).padStart(3, '0')
    return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${tail.slice(0, 4)}-${tail.slice(4)}`
  }
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
