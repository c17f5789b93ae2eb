import { asBytes, percentDecode } from '../vars/mod.ts'
import { createLeaf } from './leaf.ts'
import type { Leaf, Ranked } from './leaf.ts'
import { PrefixTree } from './radix.ts'
import { stepping, type Steps } from './steps.ts'
import type { RouteEntry } from './types.ts'

/** What the paths of a host pattern depend on besides the routes. */
export interface PathTableOptions {
  /** Whether `/orders/*` takes `/orders` too; otherwise patterns are those of decoded paths. */
  readonly bare: boolean
  /** How well the host pattern fits: exact ones best, then the longest wildcard. */
  readonly hostFit: number
}

/** Hosts count before paths, and a path is never so long. */
const HOST_FIT = 2 ** 30
/** Exact paths fit better than any prefix. */
const EXACT_FIT = 2 ** 29

/** Collects the routes of one host pattern, then compiles their paths. */
export class PathTableBuilder<T extends RouteEntry> {
  readonly #entries: Ranked<T>[] = []
  readonly #options: PathTableOptions

  constructor(options: PathTableOptions) {
    this.#options = options
  }

  add(entry: Ranked<T>): void {
    this.#entries.push(entry)
  }

  get size(): number {
    return this.#entries.length
  }

  /** Compiles, or gives back what was compiled from the same routes in the same places before. */
  *build(previous: PathTable<T> | undefined): Steps<PathTable<T>> {
    const entries = this.#entries
    const same = previous !== undefined && previous.entries.length === entries.length &&
      previous.entries.every(({ route, order }, index) =>
        route === entries[index]?.route && order === entries[index].order
      )
    return same ? previous : yield* PathTable.compile(entries, this.#options)
  }
}

/** The compiled paths of one host pattern. */
export class PathTable<T extends RouteEntry> {
  readonly #exact = new Map<string, Leaf<T>>()
  /** `/orders/*` takes `/orders` too: kept apart, because an exact `/orders` fits better. */
  readonly #bare = new Map<string, Leaf<T>>()
  readonly #prefixes = new PrefixTree<Leaf<T>>()
  readonly entries: readonly Ranked<T>[]
  readonly leaves: readonly Leaf<T>[]

  private constructor(entries: readonly Ranked<T>[], leaves: readonly Leaf<T>[]) {
    this.entries = entries
    this.leaves = leaves
  }

  static *compile<T extends RouteEntry>(
    entries: readonly Ranked<T>[],
    { bare, hostFit }: PathTableOptions,
  ): Steps<PathTable<T>> {
    const spell = bare ? normalisePath : decodePattern
    const [exact, prefix] = yield* groupByPattern(entries, spell)
    const leaves: Leaf<T>[] = []
    const table = new PathTable(entries, leaves)
    const base = hostFit * HOST_FIT
    yield* stepping(exact, ([path, group]) => {
      const leaf = createLeaf(group, base + EXACT_FIT)
      table.#exact.set(path, leaf)
      leaves.push(leaf)
    })
    yield* stepping(prefix, ([path, group]) => {
      const leaf = createLeaf(group, base + path.length)
      table.#prefixes.set(path, leaf)
      if (bare && path.length > 1 && path.endsWith('/')) table.#bare.set(path.slice(0, -1), leaf)
      leaves.push(leaf)
    })
    return table
  }

  /** Appends the leaves that fit `path` to `found`, the best fit last. */
  collect(path: string, found: Leaf<T>[]): void {
    this.#prefixes.collect(path, found)
    const bare = this.#bare.get(path)
    if (bare !== undefined) found.push(bare)
    const exact = this.#exact.get(path)
    if (exact !== undefined) found.push(exact)
  }
}

type Groups<T extends RouteEntry> = Map<string, Ranked<T>[]>

/** Entries by their exact paths, and by their prefixes. No path at all is the empty prefix. */
function* groupByPattern<T extends RouteEntry>(
  entries: readonly Ranked<T>[],
  spell: (path: string) => string,
): Steps<readonly [exact: Groups<T>, prefix: Groups<T>]> {
  const exact: Groups<T> = new Map()
  const prefix: Groups<T> = new Map()
  yield* stepping(entries, (entry) => {
    const { paths } = entry.route.match
    for (const pattern of paths.length === 0 ? ['*'] : paths) {
      const isPrefix = pattern.endsWith('*')
      const path = spell(isPrefix ? pattern.slice(0, -1) : pattern)
      const groups = isPrefix ? prefix : exact
      const group = groups.get(path)
      if (group === undefined) groups.set(path, [entry])
      else group.push(entry)
    }
  })
  return [exact, prefix]
}

/** Gives a pattern the spelling that decoded paths have. */
function decodePattern(path: string): string {
  return asBytes(percentDecode(path))
}

/** Gives a pattern the percent-encoding that requests' paths have (RFC 3986 section 6.2.2). */
export function normalisePath(path: string): string {
  if (!path.includes('%')) return path
  return path.replace(/%[0-9a-f]{2}/gi, (escape) => {
    const character = String.fromCharCode(parseInt(escape.slice(1), 16))
    return /[\w.~-]/.test(character) ? character : escape.toUpperCase()
  })
}
