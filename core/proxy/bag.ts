/**
 * Things in no order, added and taken out at each request; each remembers its place by the field `K`, -1 or undefined
 * being none. Not a Set: V8 grows one by leaving its old table behind with a link to the new one. Where an old table
 * has outlived its youth, all that came since hangs on it, and each collection of young garbage copies what is dead.
 */
export class Bag<K extends string, T extends { [P in K]?: number }> {
  readonly #items: T[] = []
  readonly #field: K

  constructor(field: K) {
    this.#field = field
  }

  get size(): number {
    return this.#items.length
  }

  /** Nothing where it is in already. */
  add(item: T): void {
    const places = item as Record<K, number | undefined>
    if ((places[this.#field] ?? -1) >= 0) return
    places[this.#field] = this.#items.push(item) - 1
  }

  /** Nothing where it is not in. */
  remove(item: T): void {
    const places = item as Record<K, number | undefined>
    const at = places[this.#field] ?? -1
    if (at < 0) return
    places[this.#field] = -1
    const last = this.#items.pop() as T
    if (last === item) return
    this.#items[at] = last
    ;(last as Record<K, number | undefined>)[this.#field] = at
  }

  /** The one at `at` of `size`, which may not be there any more. */
  at(at: number): T | undefined {
    return this.#items[at]
  }

  /** All of them, as they are now. */
  all(): T[] {
    return [...this.#items]
  }
}
