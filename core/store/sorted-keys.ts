/** Keys that one part holds before it becomes two. */
const MOST = 1024

/**
 * Keys in order. They lie in parts of bounded size, so that a key among a million is added and removed at the cost of
 * a part.
 */
export class SortedKeys {
  /** None is empty; each one's keys come before those of the next. */
  #parts: string[][] = []
  #size = 0

  /** How many there are. */
  get size(): number {
    return this.#size
  }

  /** Takes keys that are not in order yet. */
  static of(keys: Iterable<string>): SortedKeys {
    const sorted = [...keys].sort()
    const made = new SortedKeys()
    for (let at = 0; at < sorted.length; at += MOST / 2) {
      made.#parts.push(sorted.slice(at, at + MOST / 2))
    }
    made.#size = sorted.length
    return made
  }

  /** Adds a key, unless it is there. */
  add(key: string): void {
    const at = Math.max(0, this.#partOf(key))
    const part = this.#parts[at] ?? []
    const place = firstFrom(part, key)
    if (part[place] === key) return
    this.#size++
    if (part.length === 0) return void this.#parts.push([key])
    part.splice(place, 0, key)
    if (part.length > MOST) this.#parts.splice(at + 1, 0, part.splice(MOST / 2))
  }

  /** Removes a key, where it is there. */
  delete(key: string): void {
    const at = this.#partOf(key)
    const part = this.#parts[at]
    const place = part === undefined ? -1 : firstFrom(part, key)
    if (part === undefined || part[place] !== key) return
    part.splice(place, 1)
    this.#size--
    if (part.length === 0) this.#parts.splice(at, 1)
  }

  /** The last of the keys, at most so many, the last one first. */
  last(count: number): string[] {
    const found: string[] = []
    for (let at = this.#parts.length - 1; at >= 0 && found.length < count; at--) {
      const part = this.#parts[at] as string[]
      found.push(...part.slice(Math.max(0, part.length - (count - found.length))).reverse())
    }
    return found
  }

  /** The same as long lists, for whoever goes through very many of them. */
  *partsFrom(key: string): IterableIterator<readonly string[]> {
    const first = Math.max(0, this.#partOf(key))
    const head = this.#parts[first]
    if (head === undefined) return
    yield head.slice(firstFrom(head, key))
    for (let at = first + 1; at < this.#parts.length; at++) yield this.#parts[at] as string[]
  }

  /** The keys from one on, which need not be there. */
  *from(key: string): IterableIterator<string> {
    for (const part of this.partsFrom(key)) yield* part
  }

  /** The last part that begins with the key or before it; -1 where all begin after it. */
  #partOf(key: string): number {
    let low = 0
    let high = this.#parts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#parts[middle]?.[0] as string) <= key) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}

/** Where the first key is that is not before `key`. */
function firstFrom(keys: readonly string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((keys[middle] as string) < key) low = middle + 1
    else high = middle
  }
  return low
}
