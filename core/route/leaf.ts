import type { Condition } from '../vars/mod.ts'
import type { FactsOf, RouteEntry } from './types.ts'

/** A route with its place in the document, which decides between equals. */
export interface Ranked<T extends RouteEntry> {
  readonly route: T
  readonly order: number
  readonly methods: ReadonlySet<string> | undefined
  readonly condition: Condition | undefined
}

/** All routes of one host pattern and one path pattern. */
export interface Leaf<T extends RouteEntry> {
  /** How well its host and path patterns fit whatever they fit: the higher, the better. */
  readonly fit: number
  /** Best first; each takes some method that none before it takes. */
  readonly live: readonly Ranked<T>[]
  /** Never reached by way of this leaf. */
  readonly shadowed: readonly { readonly entry: Ranked<T>; readonly by: Ranked<T> }[]
}

/**
 * Orders entries of one leaf: priority, then those with conditions, then those with methods, then the document. By
 * `fit`, priority and the document alone.
 */
export function compareRanked(a: Ranked<RouteEntry>, b: Ranked<RouteEntry>): number {
  const priority = b.route.priority - a.route.priority
  if (priority !== 0) return priority
  if (a.route.match.order === 'fit') return a.order - b.order
  const conditional = Number(a.condition === undefined) - Number(b.condition === undefined)
  const restricted = Number(a.methods === undefined) - Number(b.methods === undefined)
  return conditional || restricted || a.order - b.order
}

const none: readonly never[] = []

/** Sorts the entries of a leaf and sets aside those that can never win in it. */
export function createLeaf<T extends RouteEntry>(
  entries: readonly Ranked<T>[],
  fit: number,
): Leaf<T> {
  if (entries.length === 1) return { fit, live: entries, shadowed: none }
  const live: Ranked<T>[] = []
  const shadowed: { entry: Ranked<T>; by: Ranked<T> }[] = []
  const taken = new Map<string, Ranked<T>>()
  let all: Ranked<T> | undefined
  for (const entry of [...entries].sort(compareRanked)) {
    const by = all ?? coveredBy(entry, taken)
    if (by !== undefined) {
      if (by.route !== entry.route) shadowed.push({ entry, by })
      continue
    }
    live.push(entry)
    // Where its conditions do not hold, others have their turn.
    if (entry.condition !== undefined) continue
    if (entry.methods === undefined) all = entry
    else for (const method of entry.methods) if (!taken.has(method)) taken.set(method, entry)
  }
  return { fit, live, shadowed }
}

function coveredBy<T extends RouteEntry>(
  entry: Ranked<T>,
  taken: ReadonlyMap<string, Ranked<T>>,
): Ranked<T> | undefined {
  if (entry.methods === undefined) return undefined
  let by: Ranked<T> | undefined
  for (const method of entry.methods) {
    by = taken.get(method)
    if (by === undefined) return undefined
  }
  return by
}

/** The leaf's best route for a method whose conditions hold. */
export function pickFromLeaf<T extends RouteEntry>(
  leaf: Leaf<T>,
  method: string,
  facts: FactsOf | undefined,
): Ranked<T> | undefined {
  for (const entry of leaf.live) if (takes(entry, method, facts)) return entry
  return undefined
}

/** The same, as if some routes were not there: what they shadowed has its turn. */
export function pickWithout<T extends RouteEntry>(
  leaf: Leaf<T>,
  gone: ReadonlySet<object>,
  [method, facts]: readonly [string, FactsOf | undefined],
): Ranked<T> | undefined {
  if (!leaf.live.some(({ route }) => gone.has(route))) return pickFromLeaf(leaf, method, facts)
  const all = [...leaf.live, ...leaf.shadowed.map(({ entry }) => entry)]
  return all.filter((entry) => !gone.has(entry.route) && takes(entry, method, facts))
    .sort(compareRanked)[0]
}

function takes<T extends RouteEntry>(
  { methods, condition }: Ranked<T>,
  method: string,
  facts: FactsOf | undefined,
): boolean {
  if (methods !== undefined && !methods.has(method)) return false
  return condition === undefined || meets(condition, facts)
}

/** Whether a condition holds. Without facts, none does. */
export function meets(condition: Condition, facts: FactsOf | undefined): boolean {
  return facts !== undefined && condition.holds(facts())
}
