import { hash } from './hash.ts'

/** What is different. */
export interface Differences<V> {
  readonly put: ReadonlyMap<string, V>
  readonly remove: Iterable<string>
}

/** So many entries are in one leaf; more are shared out among branches, by the next bits of their keys' hashes. */
const LEAF = 32
const BITS = 6
const WIDTH = 1 << BITS
/** From here on there are no bits left. */
const DEEPEST = 30

/** Hash, key and value of each entry in turn: copied in no time, and sought through as quickly as a table. */
class Leaf<V> {
  readonly cells: (number | string | V)[]

  constructor(cells: (number | string | V)[]) {
    this.cells = cells
  }

  /** Where a key is; -1: nowhere. */
  find(bits: number, key: string): number {
    const { cells } = this
    for (let at = 0; at < cells.length; at += CELLS) {
      if (cells[at] === bits && cells[at + 1] === key) return at
    }
    return -1
  }

  get(bits: number, key: string): V | undefined {
    const at = this.find(bits, key)
    return at < 0 ? undefined : this.cells[at + 2] as V
  }

  *entries(): Generator<[string, V]> {
    const { cells } = this
    for (let at = 0; at < cells.length; at += CELLS) {
      yield [cells[at + 1] as string, cells[at + 2] as V]
    }
  }
}

const CELLS = 3

/** A branch or a leaf. */
type Node<V> = Node<V>[] | Leaf<V>

/**
 * A map that never changes: another one that differs in a few places shares all the rest with it (a hash trie). One
 * upstream changed among a hundred thousand costs next to nothing, and where two of these maps differ is found without
 * a look at what they share. Up to 32 entries come in the order in which they were put, more in no particular one.
 */
export class PersistentMap<V> implements ReadonlyMap<string, V> {
  readonly #root: Node<V>
  readonly size: number

  /** What it was made of, without keeping that, and the keys that were put or removed. */
  readonly #made: Made | undefined

  /** For {@linkcode MapChange} alone. */
  constructor(root: Node<V>, size: number, made: Made | undefined) {
    this.#root = root
    this.size = size
    this.#made = made
  }

  /** The map with these differences, of which `put` comes last; the very same where there are none. */
  static of<V>(
    map: ReadonlyMap<string, V>,
    { put, remove }: Differences<V>,
  ): ReadonlyMap<string, V> {
    const change = new MapChange(map)
    for (const key of remove) change.remove(key)
    for (const [key, value] of put) change.put(key, value)
    return change.map()
  }

  /** Where its entries are; undefined for other maps. */
  static rootOf<V>(map: ReadonlyMap<string, V>): Node<V> | undefined {
    return map instanceof PersistentMap ? (map as PersistentMap<V>).#root : undefined
  }

  /** The keys at which two maps may differ; undefined where only a comparison of all could tell. */
  static between<V>(
    a: ReadonlyMap<string, V>,
    b: ReadonlyMap<string, V>,
  ): ReadonlySet<string> | undefined {
    const steps = PersistentMap.comparing(a, b)
    for (;;) {
      const { done, value } = steps.next()
      if (done === true) return value
    }
  }

  /** The same in small steps, between which others may have a turn. */
  static *comparing<V>(
    a: ReadonlyMap<string, V>,
    b: ReadonlyMap<string, V>,
  ): Generator<void, ReadonlySet<string> | undefined> {
    if (a === b) return new Set()
    const made = b instanceof PersistentMap ? b.#made : undefined
    if (made?.of.deref() === a) return made.keys
    const [before, after] = [PersistentMap.rootOf(a), PersistentMap.rootOf(b)]
    if (before === undefined || after === undefined) return undefined
    const keys = new Set<string>()
    yield* compare(before, after, keys)
    return keys
  }

  get(key: string): V | undefined {
    const bits = bitsOf(key)
    return leafOf(this.#root, bits).get(bits, key)
  }

  has(key: string): boolean {
    const bits = bitsOf(key)
    return leafOf(this.#root, bits).find(bits, key) >= 0
  }

  entries(): MapIterator<[string, V]> {
    return entriesOf(this.#root)
  }

  *keys(): MapIterator<string> {
    for (const [key] of this.entries()) yield key
  }

  *values(): MapIterator<V> {
    for (const [, value] of this.entries()) yield value
  }

  [Symbol.iterator](): MapIterator<[string, V]> {
    return this.entries()
  }

  forEach(each: (value: V, key: string, map: ReadonlyMap<string, V>) => void): void {
    for (const [key, value] of this.entries()) each(value, key, this)
  }
}

interface Made {
  readonly of: WeakRef<object>
  readonly keys: ReadonlySet<string>
}

/** A map that is being made of another bit by bit: what is shared is copied before it is changed, once. */
export class MapChange<V> {
  readonly #before: ReadonlyMap<string, V>
  #root: Node<V>
  #size: number
  #changed = new Set<string>()
  /** What was made here. */
  readonly #own = new Set<Node<V>>()

  constructor(before: ReadonlyMap<string, V>) {
    const known = PersistentMap.rootOf(before)
    this.#before = before
    this.#root = known ?? new Leaf([])
    this.#size = known === undefined ? 0 : before.size
    if (known !== undefined) return
    for (const [key, value] of before) this.put(key, value)
    this.#changed = new Set()
  }

  /** The map as it is now; the very one it is made of where nothing changed. Nothing may be changed after that. */
  map(): ReadonlyMap<string, V> {
    if (this.#changed.size === 0) return this.#before
    const made = this.#before.size === 0
      ? undefined
      : { of: new WeakRef(this.#before), keys: this.#changed }
    return new PersistentMap(this.#root, this.#size, made)
  }

  put(key: string, value: V): void {
    const bits = bitsOf(key)
    const known = leafOf(this.#root, bits)
    const at = known.find(bits, key)
    if (at >= 0 && known.cells[at + 2] === value) return
    const { cells } = this.#leaf(bits)
    this.#changed.add(key)
    if (at >= 0) {
      cells[at + 2] = value
      return
    }
    cells.push(bits, key, value)
    this.#size++
    if (cells.length > LEAF * CELLS) this.#split(bits)
  }

  remove(key: string): void {
    const bits = bitsOf(key)
    const at = leafOf(this.#root, bits).find(bits, key)
    if (at < 0) return
    this.#leaf(bits).cells.splice(at, CELLS)
    this.#changed.add(key)
    this.#size--
  }

  /** The leaf of a hash, to be changed. */
  #leaf(bits: number): Leaf<V> {
    let node = this.#root = this.#owned(this.#root)
    for (let depth = 0; Array.isArray(node); depth += BITS) {
      const at = (bits >>> depth) & (WIDTH - 1)
      node = node[at] = this.#owned(node[at] as Node<V>)
    }
    return node
  }

  #owned(node: Node<V>): Node<V> {
    if (this.#own.has(node)) return node
    const copy = Array.isArray(node) ? node.slice() : new Leaf(node.cells.slice())
    this.#own.add(copy)
    return copy
  }

  /** Puts a branch in the place of a leaf that has become too large. */
  #split(bits: number): void {
    let above: Node<V>[] | undefined
    let node = this.#root
    let depth = 0
    for (; Array.isArray(node); depth += BITS) {
      above = node
      node = node[(bits >>> depth) & (WIDTH - 1)] as Node<V>
    }
    if (depth >= DEEPEST) return
    const branch = this.#sharedOut(node, depth)
    if (above === undefined) this.#root = branch
    else above[(bits >>> (depth - BITS)) & (WIDTH - 1)] = branch
  }

  #sharedOut({ cells }: Leaf<V>, depth: number): Node<V>[] {
    const leaves = Array.from({ length: WIDTH }, () => new Leaf<V>([]))
    for (let at = 0; at < cells.length; at += CELLS) {
      const leaf = leaves[(cells[at] as number >>> depth) & (WIDTH - 1)]
      leaf?.cells.push(...cells.slice(at, at + CELLS))
    }
    for (const made of [leaves, ...leaves]) this.#own.add(made)
    return leaves
  }
}

function leafOf<V>(root: Node<V>, hashed: number): Leaf<V> {
  let node = root
  for (let bits = hashed; Array.isArray(node); bits >>>= BITS) {
    node = node[bits & (WIDTH - 1)] as Node<V>
  }
  return node
}

/** With a sign, as V8 keeps numbers of 32 bits in place. */
function bitsOf(key: string): number {
  return hash(key) | 0
}

function* entriesOf<V>(node: Node<V>): MapIterator<[string, V]> {
  if (!Array.isArray(node)) yield* node.entries()
  else for (const child of node) yield* entriesOf(child)
}

function* compare<V>(a: Node<V>, b: Node<V>, keys: Set<string>): Generator<void> {
  if (!Array.isArray(a) || !Array.isArray(b)) return compareLeaves(leafFor(a), leafFor(b), keys)
  for (let at = 0; at < WIDTH; at++) {
    const [before, after] = [a[at] as Node<V>, b[at] as Node<V>]
    if (before === after) continue
    if (Array.isArray(before) && Array.isArray(after)) yield* compare(before, after, keys)
    else compareLeaves(leafFor(before), leafFor(after), keys)
  }
  yield
}

function compareLeaves<V>(one: Leaf<V>, other: Leaf<V>, keys: Set<string>): void {
  const { cells } = one
  let found = 0
  for (let at = 0; at < cells.length; at += CELLS) {
    const [bits, key] = [cells[at] as number, cells[at + 1] as string]
    // Nearly always in the same place.
    const there = other.cells[at + 1] === key ? at : other.find(bits, key)
    if (there >= 0) found += CELLS
    if (there < 0 || other.cells[there + 2] !== cells[at + 2]) keys.add(key)
  }
  if (found === other.cells.length) return
  for (let at = 0; at < other.cells.length; at += CELLS) {
    const [bits, key] = [other.cells[at] as number, other.cells[at + 1] as string]
    if (one.find(bits, key) < 0) keys.add(key)
  }
}

/** All that is below a node as one leaf. */
function leafFor<V>(node: Node<V>): Leaf<V> {
  if (!Array.isArray(node)) return node
  return new Leaf([...entriesOf(node)].flatMap(([key, value]) => [bitsOf(key), key, value]))
}
