import type { Stream } from './streams.ts'

const FIRST_SIZE = 16

/**
 * The streams of a connection by their numbers: open addressing, twice the room that is needed. Not a Map, whose tables
 * hang together where streams come and go, so that V8 keeps what is dead.
 */
export class StreamTable {
  /** How many streams there are. */
  size = 0
  #slots: (Stream | undefined)[] = emptySlots(FIRST_SIZE)

  get(id: number): Stream | undefined {
    return this.#slots[this.#find(id)]
  }

  /** Adds a stream whose number is not in yet. */
  add(stream: Stream): void {
    if (++this.size * 2 > this.#slots.length) this.#grow()
    this.#slots[this.#find(stream.id)] = stream
  }

  delete(id: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    let gap = this.#find(id)
    if (slots[gap] === undefined) return
    this.size--
    // What stands behind moves up, where the gap would hide it.
    for (let at = (gap + 1) & mask;; at = (at + 1) & mask) {
      const stream = slots[at]
      if (stream === undefined) break
      const home = (stream.id >> 1) & mask
      if (((at - home) & mask) < ((at - gap) & mask)) continue
      slots[gap] = stream
      gap = at
    }
    slots[gap] = undefined
  }

  clear(): void {
    this.size = 0
    this.#slots = emptySlots(FIRST_SIZE)
  }

  /** All streams, as they are now. */
  values(): Stream[] {
    return this.#slots.filter((stream) => stream !== undefined)
  }

  /** Where the stream is, or where it would be put. */
  #find(id: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    let at = (id >> 1) & mask
    while (slots[at] !== undefined && slots[at]!.id !== id) at = (at + 1) & mask
    return at
  }

  #grow(): void {
    const streams = this.values()
    this.#slots = emptySlots(this.#slots.length * 2)
    for (const stream of streams) this.#slots[this.#find(stream.id)] = stream
  }
}

function emptySlots(size: number): (Stream | undefined)[] {
  return Array.from({ length: size }, () => undefined)
}
