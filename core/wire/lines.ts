import { CR, LF } from './characters.ts'

/** Whole lines, each ending in LF: `bytes` from `start` to `end`, and the same as text from index 0. */
export interface Lines {
  bytes: Uint8Array
  text: string
  start: number
  end: number
}

const FIRST_SIZE = 256

/** Keeps the beginning of a line until its end arrives. Its user bounds how much. */
export class HeldLine {
  #bytes: Uint8Array = new Uint8Array(0)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Valid up to `length`, until the next call. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  hold(chunk: Uint8Array, from: number, to: number): void {
    const needed = this.#length + to - from
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(FIRST_SIZE, this.#bytes.length * 2, needed))
      larger.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = larger
    }
    this.#bytes.set(chunk.subarray(from, to), this.#length)
    this.#length = needed
  }

  clear(): void {
    this.#length = 0
  }
}

/** A chunk up to this size that ends like a head is taken to be one, without a search. */
const SMALL = 4096

/** An index after an empty line from `from` on, or -1 where there is none: the first, or where that is at hand, a later one. */
export function headEnd(bytes: Uint8Array, from: number, limit: number): number {
  if (limit - from <= SMALL && limit - from > 3 && endsEmpty(bytes, limit)) return limit
  return firstEmptyLine(bytes, from, limit)
}

function endsEmpty(bytes: Uint8Array, end: number): boolean {
  return bytes[end - 1] === LF && bytes[end - 2] === CR && bytes[end - 3] === LF &&
    bytes[end - 4] === CR
}

/** Looks at every fourth byte where it can. */
function firstEmptyLine(bytes: Uint8Array, from: number, limit: number): number {
  let at = from + 3
  while (at < limit) {
    const byte = bytes[at]!
    if (byte > CR) at += 4
    else if (byte === LF) {
      if (bytes[at - 1] === CR && bytes[at - 2] === LF && bytes[at - 3] === CR) return at + 1
      at += 2
    } else if (byte === CR) at += 1
    else at += 4
  }
  return -1
}

/** The text of one line that starts at `from`, without its ending. */
export function lineText(lines: Lines, from: number): string {
  const end = lines.text.indexOf('\n', from - lines.start)
  return lines.text.slice(from - lines.start, end < 0 ? undefined : end).replace(/\r$/, '')
}
