import type { MatchOrder } from '../snapshot/types.ts'
import { HostTable } from './host-table.ts'
import { meets, pickFromLeaf } from './leaf.ts'
import type { Leaf, Ranked } from './leaf.ts'
import { PathTableBuilder } from './path-table.ts'
import type {
  ExplainOptions,
  FactsOf,
  LossReason,
  LostRoute,
  RouteEntry,
  RouteExplanation,
  RouteMatcher,
  RouteQuestion,
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
 * then the document; `/*` at the end of a path does not take the path without the slash.
 *
 * Routes whose methods or conditions do not fit are passed over, as if they were not there.
 *
 * @param previous what was compiled before: hosts whose routes are the same objects are taken over
 */
export function compileRoutes<T extends RouteEntry>(
  routes: readonly T[],
  previous?: RouteMatcher<T>,
): RouteMatcher<T> {
  const before = previous instanceof Matcher ? previous as Matcher<T> : undefined
  const methodSets = new Map<string, ReadonlySet<string>>()
  const ranked = routes.map((route, order): Ranked<T> => (
    { route, order, methods: methodsOf(route, methodSets), condition: route.condition }
  ))
  const tables = (order: MatchOrder): HostTable<T> | undefined => {
    const own = ranked.filter(({ route }) => route.match.order === order)
    if (own.length === 0) return undefined
    return compileTable(own, { bare: order === 'priority', before: before?.tables[order] })
  }
  return new Matcher({ priority: tables('priority'), fit: tables('fit') }, routes)
}

function compileTable<T extends RouteEntry>(
  entries: readonly Ranked<T>[],
  { bare, before }: { readonly bare: boolean; readonly before: HostTable<T> | undefined },
): HostTable<T> {
  const builders = new Map<string, PathTableBuilder<T>>()
  for (const entry of entries) {
    const { hosts } = entry.route.match
    for (const host of hosts.length === 0 ? [''] : hosts) {
      let builder = builders.get(host)
      if (builder === undefined) builders.set(host, builder = new PathTableBuilder(bare))
      builder.add(entry)
    }
  }
  const table = new HostTable<T>()
  for (const [host, builder] of builders) table.set(host, builder.build(before?.get(host)))
  return table
}

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

class Matcher<T extends RouteEntry> implements RouteMatcher<T> {
  readonly tables: Tables<T>
  readonly routes: readonly T[]

  constructor(tables: Tables<T>, routes: readonly T[]) {
    this.tables = tables
    this.routes = routes
  }

  get shadowed(): RouteMatcher<T>['shadowed'] {
    return ORDERS.flatMap((order) => {
      const tables = this.tables[order]?.tables() ?? []
      return shadowedEverywhere([...tables].flatMap((table) => table.leaves))
    })
  }

  match(host: string, path: string, method: string, facts?: FactsOf): T | undefined {
    const { priority, fit } = this.tables
    const found = priority && best(priority.leaves(host, path), method, facts)
    if (found !== undefined || fit === undefined) return found?.route
    return bestFit(fit.leaves(host, path), method, facts)?.route
  }

  explain(
    { host, path, method }: RouteQuestion,
    { facts, limit = TOLD }: ExplainOptions = {},
  ): RouteExplanation<T> {
    const lost = new Map<T, LostRoute<T>>()
    let winner: Ranked<T> | undefined
    for (const order of ORDERS) {
      const leaves = this.tables[order]?.leaves(host, path) ?? []
      const pick = order === 'priority' ? best : bestFit
      const rival = winner ?? pick(leaves, method, facts)
      for (const leaf of [...leaves].reverse()) {
        const sameLeaf = rival !== undefined && leaf.live.includes(rival)
        for (const entry of [...leaf.live, ...leaf.shadowed.map((shadow) => shadow.entry)]) {
          if (entry.route === rival?.route || lost.has(entry.route)) continue
          lost.set(entry.route, lossOf(entry, rival, { method, sameLeaf, facts }))
        }
      }
      winner = rival
    }
    const told = [...lost.values()].slice(0, limit)
    return { route: winner?.route, lost: told, further: lost.size - told.length }
  }
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

/** Routes that lose in every leaf they are in, with one that wins there. */
function shadowedEverywhere<T extends RouteEntry>(
  leaves: readonly Leaf<T>[],
): { route: T; by: T }[] {
  const shadowed = new Map<T, T>()
  for (const leaf of leaves) {
    for (const { entry, by } of leaf.shadowed) shadowed.set(entry.route, by.route)
  }
  if (shadowed.size > 0) {
    for (const leaf of leaves) for (const entry of leaf.live) shadowed.delete(entry.route)
  }
  return [...shadowed].map(([route, by]) => ({ route, by }))
}
