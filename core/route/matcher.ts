import type { MatchOrder } from '../snapshot/types.ts'
import { decodePath } from '../vars/mod.ts'
import { HostTable } from './host-table.ts'
import { type Difference, difference } from './difference.ts'
import { compareRanked, meets, pickFromLeaf, pickWithout } from './leaf.ts'
import type { Leaf, Ranked } from './leaf.ts'
import { PathTableBuilder } from './path-table.ts'
import { shadowedEverywhere } from './shadowed.ts'
import { atOnce, STEP, stepping, type Steps } from './steps.ts'
import type {
  ExplainOptions,
  FactsOf,
  LossReason,
  LostRoute,
  RouteEntry,
  RouteExplanation,
  RouteMatcher,
  RouteQuestion,
  Shadowed,
} from './types.ts'

/** How many lost routes are told unless more are asked for. */
const TOLD = 20

/**
 * Compiles routes for look-up.
 *
 * Of routes in the order `priority`, the one with the highest priority wins; among equals the one with the better host
 * (exact, then the longest wildcard, then any), then the better path (exact, then the longest prefix), then one that
 * has conditions, then one that names methods, then the first of the document. `*.domain` takes names any number of
 * labels below `domain`, not `domain` itself. A path ending in `*` is a prefix by characters; one ending in `/*` also
 * takes the path without the slash.
 *
 * Of those in the order `fit`, asked where none of the others takes a request, host and path count before priority,
 * then the document; `/*` at the end of a path does not take the path without the slash. Paths count as they are
 * decoded, with `//` as `/`: whoever encodes a slash gets no other route by that.
 *
 * Routes whose methods or conditions do not fit are passed over, as if they were not there.
 *
 * @param previous what was compiled before: hosts whose routes are the same objects are taken over
 */
export function compileRoutes<T extends RouteEntry>(
  routes: readonly T[],
  previous?: RouteMatcher<T>,
): RouteMatcher<T> {
  return atOnce(compileRoutesInSteps(routes, previous))
}

/** The same as {@linkcode compileRoutes}, step by step. */
export function* compileRoutesInSteps<T extends RouteEntry>(
  routes: readonly T[],
  previous?: RouteMatcher<T>,
): Steps<RouteMatcher<T>> {
  const before = previous instanceof Matcher ? previous as Matcher<T> : undefined
  const found = before && difference(before, routes)
  const few = found && before?.with(routes, found)
  if (few !== undefined) return few
  const orders = found?.orders ?? routes.map((_, order) => order)
  const ranked: Ranked<T>[] = []
  const rank = ranking<T>()
  yield* stepping(routes.keys(), (at) => {
    ranked.push(rank({ route: routes[at] as T, order: orders[at] as number }))
  })
  const tables = yield* compileTables(ranked, before?.tables)
  return new Matcher({ routes, orders, tables })
}

/** A route with its place among others. */
interface Placed<T> {
  readonly route: T
  readonly order: number
}

/** Makes routes ready for comparison; one set of methods serves all that name the same. */
function ranking<T extends RouteEntry>(): (placed: Placed<T>) => Ranked<T> {
  const methodSets = new Map<string, ReadonlySet<string>>()
  return ({ route, order }) => (
    { route, order, methods: methodsOf(route, methodSets), condition: route.condition }
  )
}

function* compileTables<T extends RouteEntry>(
  ranked: readonly Ranked<T>[],
  before?: Tables<T>,
): Steps<Tables<T>> {
  const tables: Record<MatchOrder, HostTable<T> | undefined> = {
    priority: undefined,
    fit: undefined,
  }
  for (const order of ORDERS) {
    const own = ranked.filter(({ route }) => route.match.order === order)
    if (own.length === 0) continue
    const options = { bare: order === 'priority', before: before?.[order] }
    tables[order] = yield* compileTable(own, options)
  }
  return tables
}

function* compileTable<T extends RouteEntry>(
  entries: readonly Ranked<T>[],
  { bare, before }: { readonly bare: boolean; readonly before: HostTable<T> | undefined },
): Steps<HostTable<T>> {
  const builders = new Map<string, PathTableBuilder<T>>()
  yield* stepping(entries, (entry) => {
    const { hosts } = entry.route.match
    for (const host of hosts.length === 0 ? [''] : hosts) {
      let builder = builders.get(host)
      if (builder === undefined) {
        builders.set(host, builder = new PathTableBuilder({ bare, hostFit: hostFit(host) }))
      }
      builder.add(entry)
    }
  })
  const table = new HostTable<T>()
  let count = 0
  for (const [host, builder] of builders) {
    table.set(host, yield* builder.build(before?.get(host)))
    count += builder.size
    if (count < STEP) continue
    count = 0
    yield
  }
  return table
}

/** Exact hosts fit best, then the longest wildcard, then any. */
function hostFit(pattern: string): number {
  return pattern === '' || pattern.startsWith('*') ? pattern.length : EXACT_HOST
}

/** Longer than any name (RFC 1035 section 2.3.4). */
const EXACT_HOST = 256

/** One set for all routes that name the same methods. */
function methodsOf(
  { match }: RouteEntry,
  sets: Map<string, ReadonlySet<string>>,
): ReadonlySet<string> | undefined {
  if (match.methods.length === 0) return undefined
  const key = match.methods.join(' ')
  let methods = sets.get(key)
  if (methods === undefined) sets.set(key, methods = new Set(match.methods))
  return methods
}

type Tables<T extends RouteEntry> = Readonly<Record<MatchOrder, HostTable<T> | undefined>>

const ORDERS: readonly MatchOrder[] = ['priority', 'fit']

/** What is different from the tables that were compiled as a whole. */
interface Recent<T extends RouteEntry> {
  /** Routes that came since. */
  readonly entries: readonly Ranked<T>[]
  readonly tables: Tables<T>
  /** Routes of the whole that are there no more. */
  readonly gone: ReadonlySet<T>
}

/** Beyond so many differences, or this part of all where that is more, all is compiled anew. */
const RECENT = { least: 256, part: 16, most: 1024 }
/** Fewer routes than these are compiled in an instant, and looked up quicker as a whole. */
const WHOLE_BELOW = 512

interface MatcherParts<T extends RouteEntry> {
  readonly routes: readonly T[]
  /** The place of each of `routes`, ascending. */
  readonly orders: readonly number[]
  readonly tables: Tables<T>
  readonly recent?: Recent<T> | undefined
}

class Matcher<T extends RouteEntry> implements RouteMatcher<T> {
  readonly routes: readonly T[]
  readonly tables: Tables<T>
  readonly orders: readonly number[]
  readonly #recent: Recent<T> | undefined

  constructor({ routes, orders, tables, recent }: MatcherParts<T>) {
    this.routes = routes
    this.tables = tables
    this.orders = orders
    this.#recent = recent
  }

  /** The matcher of these routes at the cost of what is different; undefined where that is too much. */
  with(routes: readonly T[], { added, removed, orders }: Difference<T>): Matcher<T> | undefined {
    const most = Math.min(Math.max(RECENT.least, routes.length / RECENT.part), RECENT.most)
    if (routes.length < WHOLE_BELOW || added.length + removed.size > most) return undefined
    const recent = this.#recent
    const kept = recent?.entries.filter(({ route }) => !removed.has(route)) ?? []
    const known = new Set(recent?.entries.map(({ route }) => route))
    const gone = new Set(recent?.gone)
    for (const route of removed) if (!known.has(route)) gone.add(route)
    const entries = [...kept, ...added.map(ranking())]
    if (entries.length + gone.size > most) return undefined
    const { tables } = this
    const parts = { entries, gone, tables: atOnce(compileTables(entries)) }
    return new Matcher({ routes, orders, tables, recent: parts })
  }

  get partial(): boolean {
    return this.#recent !== undefined
  }

  *shadowed(): Steps<readonly Shadowed<T>[]> {
    if (this.partial) return yield* (yield* compileRoutesInSteps(this.routes)).shadowed()
    const found: Shadowed<T>[] = []
    for (const order of ORDERS) {
      const tables = [...this.tables[order]?.tables() ?? []]
      found.push(...yield* shadowedEverywhere(tables.flatMap((table) => table.leaves)))
    }
    return found
  }

  match(host: string, path: string, method: string, facts?: FactsOf): T | undefined {
    if (this.#recent !== undefined) return this.#matchBoth(host, path, [method, facts])
    const { priority, fit } = this.tables
    const found = priority && best(priority.leaves(host, path), method, facts)
    if (found !== undefined || fit === undefined) return found?.route
    return bestFit(fit.leaves(host, decodePath(path)), method, facts)?.route
  }

  /** The same, among those that were compiled as a whole and those that came since. */
  #matchBoth(host: string, path: string, asked: Asking): T | undefined {
    for (const order of ORDERS) {
      const picked = this.#picked(order, host, path, asked)
      if (picked !== undefined) return picked.entry.route
    }
    return undefined
  }

  #picked(
    order: MatchOrder,
    host: string,
    path: string,
    [method, facts]: Asking,
  ): Picked<T> | undefined {
    let winner: Picked<T> | undefined
    const consider = (entry: Ranked<T> | undefined, { fit }: Leaf<T>): void => {
      if (entry === undefined) return
      const picked = { entry, fit }
      if (winner === undefined || compare(picked, winner, order) < 0) winner = picked
    }
    const { gone = NONE, tables } = this.#recent ?? {}
    for (const leaf of leavesOf(this.tables, order, [host, path])) {
      consider(pickWithout(leaf, gone, [method, facts]), leaf)
    }
    for (const leaf of leavesOf(tables, order, [host, path])) {
      consider(pickFromLeaf(leaf, method, facts), leaf)
    }
    return winner
  }

  explain(
    { host, path, method }: RouteQuestion,
    { facts, limit = TOLD }: ExplainOptions = {},
  ): RouteExplanation<T> {
    const lost = new Map<T, LostRoute<T>>()
    let winner: Ranked<T> | undefined
    for (const order of ORDERS) {
      const picked = this.#picked(order, host, path, [method, facts])
      const rival = winner ?? picked?.entry
      for (const { fit, entries } of this.#fitting(order, host, path)) {
        const sameLeaf = rival !== undefined && fit === picked?.fit
        for (const entry of entries) {
          if (entry.route === rival?.route || lost.has(entry.route)) continue
          lost.set(entry.route, lossOf(entry, rival, { method, sameLeaf, facts }))
        }
      }
      winner = rival
    }
    const told = [...lost.values()].slice(0, limit)
    return { route: winner?.route, lost: told, further: lost.size - told.length }
  }

  /** All that fit by host and path, the best fit first. */
  #fitting(order: MatchOrder, host: string, path: string): Fitting<T>[] {
    const { gone = NONE, tables } = this.#recent ?? {}
    const of = (all: Tables<T> | undefined, without: ReadonlySet<object>): Fitting<T>[] =>
      leavesOf(all, order, [host, path]).map(({ fit, live, shadowed }) => {
        const entries = [...live, ...shadowed.map(({ entry }) => entry)]
        return { fit, entries: entries.filter(({ route }) => !without.has(route)) }
      })
    return [...of(tables, NONE), ...of(this.tables, gone)].sort((a, b) => b.fit - a.fit)
  }
}

/** By fit, paths count as they are decoded. */
function leavesOf<T extends RouteEntry>(
  tables: Tables<T> | undefined,
  order: MatchOrder,
  [host, path]: readonly [string, string],
): readonly Leaf<T>[] {
  return tables?.[order]?.leaves(host, order === 'fit' ? decodePath(path) : path) ?? []
}

const NONE: ReadonlySet<never> = new Set()

/** Routes of one host and path pattern. */
interface Fitting<T extends RouteEntry> {
  readonly fit: number
  readonly entries: readonly Ranked<T>[]
}

/** The method, and what conditions are asked about. */
type Asking = readonly [method: string, facts: FactsOf | undefined]

/** A route, and how well the patterns fit that it was found by. */
interface Picked<T extends RouteEntry> {
  readonly entry: Ranked<T>
  readonly fit: number
}

/** Negative where the first is the better one. */
function compare<T extends RouteEntry>(a: Picked<T>, b: Picked<T>, order: MatchOrder): number {
  const priority = b.entry.route.priority - a.entry.route.priority
  const fit = b.fit - a.fit
  const first = order === 'priority' ? priority || fit : fit || priority
  return first || compareRanked(a.entry, b.entry)
}

/** `leaves` come the worst fit first, so an equal priority later in the list wins. */
function best<T extends RouteEntry>(
  leaves: readonly Leaf<T>[],
  method: string,
  facts: FactsOf | undefined,
): Ranked<T> | undefined {
  let winner: Ranked<T> | undefined
  for (const leaf of leaves) {
    const entry = pickFromLeaf(leaf, method, facts)
    if (entry === undefined) continue
    if (winner === undefined || entry.route.priority >= winner.route.priority) winner = entry
  }
  return winner
}

/** The best of the best leaf that has any. */
function bestFit<T extends RouteEntry>(
  leaves: readonly Leaf<T>[],
  method: string,
  facts: FactsOf | undefined,
): Ranked<T> | undefined {
  for (let at = leaves.length - 1; at >= 0; at--) {
    const entry = pickFromLeaf(leaves[at]!, method, facts)
    if (entry !== undefined) return entry
  }
  return undefined
}

interface Asked {
  readonly method: string
  readonly sameLeaf: boolean
  readonly facts: FactsOf | undefined
}

function lossOf<T extends RouteEntry>(
  entry: Ranked<T>,
  winner: Ranked<T> | undefined,
  asked: Asked,
): LostRoute<T> {
  const { route, condition } = entry
  const { method, facts } = asked
  if (entry.methods !== undefined && !entry.methods.has(method)) return { route, reason: 'method' }
  if (condition !== undefined && !meets(condition, facts)) {
    return { route, reason: 'condition', detail: facts && condition.explain(facts()) }
  }
  return { route, reason: lossReason(entry, winner, asked) }
}

function lossReason<T extends RouteEntry>(
  entry: Ranked<T>,
  winner: Ranked<T> | undefined,
  { sameLeaf }: Asked,
): LossReason {
  if (winner !== undefined && winner.route.match.order !== entry.route.match.order) return 'order'
  const byFit = entry.route.match.order === 'fit'
  if (byFit && !sameLeaf) return 'fit'
  if (winner === undefined || entry.route.priority < winner.route.priority) return 'priority'
  if (!sameLeaf) return 'fit'
  if (!byFit && entry.condition === undefined && winner.condition !== undefined) {
    return 'unconditional'
  }
  return !byFit && entry.methods === undefined && winner.methods !== undefined
    ? 'any-method'
    : 'later'
}
