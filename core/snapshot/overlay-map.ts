/** So many differences are kept, and of large maps this part of their size: then a copy costs less. */
const LIMIT = 256
const PART = 8

/** What is different. */
export interface Differences<K, V> {
  readonly put: ReadonlyMap<K, V>
  readonly remove: Iterable<K>
}

/**
 * A map that differs from another in few places, without a copy of it: one upstream changed among a hundred thousand
 * must not cost a hundred thousand.
 */
export class OverlayMap<K, V> implements ReadonlyMap<K, V> {
  readonly #base: ReadonlyMap<K, V>
  readonly #put: ReadonlyMap<K, V>
  readonly #gone: ReadonlySet<K>
  readonly size: number

  private constructor(
    base: ReadonlyMap<K, V>,
    put: ReadonlyMap<K, V>,
    gone: ReadonlySet<K>,
  ) {
    this.#base = base
    this.#put = put
    this.#gone = gone
    const added = [...put.keys()].filter((key) => !base.has(key)).length
    this.size = base.size + added - gone.size
  }

  /** The map with these differences; a plain one where they are many, the very same where there are none. */
  static of<K, V>(
    map: ReadonlyMap<K, V>,
    { put, remove }: Differences<K, V>,
  ): ReadonlyMap<K, V> {
    const known = map instanceof OverlayMap ? map as OverlayMap<K, V> : undefined
    const base = known === undefined ? map : known.#base
    const all = new Map(known === undefined ? [] : known.#put)
    const gone = new Set(known === undefined ? [] : known.#gone)
    let changed = put.size > 0
    for (const key of remove) {
      changed ||= map.has(key)
      all.delete(key)
      if (base.has(key)) gone.add(key)
    }
    for (const [key, value] of put) {
      all.set(key, value)
      gone.delete(key)
    }
    if (!changed) return map
    const many = Math.max(LIMIT, base.size / PART)
    return all.size + gone.size > many ? copied(base, all, gone) : new OverlayMap(base, all, gone)
  }

  /** The keys at which two maps may differ; undefined where only a comparison of all could tell. */
  static between<K, V>(a: ReadonlyMap<K, V>, b: ReadonlyMap<K, V>): ReadonlySet<K> | undefined {
    if (a === b) return new Set()
    const [first, second] = [a, b].map((map) => map instanceof OverlayMap ? map : undefined)
    const made = baseOf(a) === baseOf(b) ? undefined : COPIES.get(baseOf(b))
    if (baseOf(a) !== baseOf(b) && made?.of.deref() !== baseOf(a)) return undefined
    const keys = new Set<K>(made?.keys as Iterable<K> | undefined)
    for (const overlay of [first, second] as (OverlayMap<K, V> | undefined)[]) {
      if (overlay === undefined) continue
      for (const key of overlay.#put.keys()) keys.add(key)
      for (const key of overlay.#gone) keys.add(key)
    }
    return keys

    function baseOf(map: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
      return map instanceof OverlayMap ? map.#base as ReadonlyMap<K, V> : map
    }
  }

  get(key: K): V | undefined {
    const found = this.#put.get(key)
    if (found !== undefined) return found
    return this.#gone.has(key) ? undefined : this.#base.get(key)
  }

  has(key: K): boolean {
    return this.#put.has(key) || !this.#gone.has(key) && this.#base.has(key)
  }

  /** In the order of the map below, what is new last. */
  *entries(): MapIterator<[K, V]> {
    for (const entry of this.#base) {
      const [key] = entry
      if (this.#gone.has(key)) continue
      const other = this.#put.get(key)
      yield other === undefined ? entry : [key, other]
    }
    for (const entry of this.#put) if (!this.#base.has(entry[0])) yield entry
  }

  *keys(): MapIterator<K> {
    for (const [key] of this.entries()) yield key
  }

  *values(): MapIterator<V> {
    for (const [, value] of this.entries()) yield value
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries()
  }

  forEach(each: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this.entries()) each(value, key, this)
  }
}

/** What a plain map was copied from, without keeping it, and the keys at which it may differ from that. */
interface Copy {
  readonly of: WeakRef<object>
  readonly keys: readonly unknown[]
}

const COPIES = new WeakMap<object, Copy>()

function copied<K, V>(
  base: ReadonlyMap<K, V>,
  put: ReadonlyMap<K, V>,
  gone: ReadonlySet<K>,
): ReadonlyMap<K, V> {
  const map = new Map(base)
  for (const key of gone) map.delete(key)
  for (const [key, value] of put) map.set(key, value)
  COPIES.set(map, { of: new WeakRef(base), keys: [...gone, ...put.keys()] })
  return map
}
