import { CR, LF } from './characters.ts'

const TAB = 9
const SPACE = 32

/**
 * Puts spaces in place of the line ends within folded field values (obs-fold, RFC 9112 section 5.2), which the
 * section allows. Some proxies pass PEM on like that; only theirs is to be read so, for two readers could understand
 * it differently.
 */
export class Unfolder {
  /** A line end whose next byte has not come yet. */
  #held: Uint8Array = new Uint8Array(0)
  /** The last bytes that were given out. */
  #last: readonly [number, number] = [0, 0]

  /** The bytes of a head, or some of them, that can be read by now; what is behind the head stays as it is. */
  take(chunk: Uint8Array): Uint8Array {
    const bytes = joined(this.#held, chunk)
    this.#held = new Uint8Array(0)
    const ready = this.#unfold(bytes)
    const [, last] = this.#last
    if (ready.length > 0) this.#last = [ready.at(-2) ?? last, ready.at(-1) ?? 0]
    return ready
  }

  #unfold(bytes: Uint8Array): Uint8Array {
    const byte = (at: number): number => bytes[at] ?? this.#last[at + 2] ?? 0
    for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) {
      const start = byte(at - 1) === CR ? at - 1 : at
      // An empty line: the head is over.
      if (byte(start - 1) === LF) return bytes
      const next = bytes[at + 1]
      const from = Math.max(0, start)
      if (next === undefined) {
        this.#held = bytes.slice(from)
        return bytes.subarray(0, from)
      }
      if (next === TAB || next === SPACE) bytes.fill(SPACE, from, at + 1)
    }
    return bytes
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}
