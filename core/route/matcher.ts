import { HostTable } from './host-table.ts'
import { pickFromLeaf } from './leaf.ts'
import type { Leaf, Ranked } from './leaf.ts'
import { PathTableBuilder } from './path-table.ts'
import type {
  LossReason,
  LostRoute,
  RouteEntry,
  RouteExplanation,
  RouteMatcher,
  RouteQuestion,
} from './types.ts'

/**
 * Compiles routes for look-up.
 *
 * The route with the highest priority wins; among equals the one with the better host (exact, then the
 * longest wildcard, then any), then the better path (exact, then the longest prefix), then one that names
 * methods, then the first of the document. `*.domain` takes names any number of labels below `domain`, not
 * `domain` itself. A path ending in `*` is a prefix by characters; one ending in `/*` also takes the
 * path without the slash.
 *
 * @param previous what was compiled before: hosts whose routes are the same objects are taken over
 */
export function compileRoutes<T extends RouteEntry>(
  routes: readonly T[],
  previous?: RouteMatcher<T>,
): RouteMatcher<T> {
  const builders = new Map<string, PathTableBuilder<T>>()
  const methodSets = new Map<string, ReadonlySet<string>>()
  routes.forEach((route, order) => {
    const entry: Ranked<T> = { route, order, methods: methodsOf(route, methodSets) }
    const { hosts } = route.match
    for (const host of hosts.length === 0 ? [''] : hosts) {
      let builder = builders.get(host)
      if (builder === undefined) builders.set(host, builder = new PathTableBuilder())
      builder.add(entry)
    }
  })
  const before = previous instanceof Matcher ? previous.hosts as HostTable<T> : undefined
  const hosts = new HostTable<T>()
  for (const [host, builder] of builders) hosts.set(host, builder.build(before?.get(host)))
  return new Matcher(hosts, routes)
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

class Matcher<T extends RouteEntry> implements RouteMatcher<T> {
  readonly hosts: HostTable<T>
  readonly routes: readonly T[]

  constructor(hosts: HostTable<T>, routes: readonly T[]) {
    this.hosts = hosts
    this.routes = routes
  }

  get shadowed(): RouteMatcher<T>['shadowed'] {
    return shadowedEverywhere([...this.hosts.tables()].flatMap((table) => table.leaves))
  }

  match(host: string, path: string, method: string): T | undefined {
    return best(this.hosts.leaves(host, path), method)?.route
  }

  explain(question: RouteQuestion, limit = 20): RouteExplanation<T> {
    const leaves = this.hosts.leaves(question.host, question.path)
    const winner = best(leaves, question.method)
    const lost = new Map<T, LostRoute<T>>()
    for (const leaf of leaves.reverse()) {
      const sameLeaf = winner !== undefined && leaf.live.includes(winner)
      for (const entry of [...leaf.live, ...leaf.shadowed.map((shadow) => shadow.entry)]) {
        if (entry.route === winner?.route || lost.has(entry.route)) continue
        const reason = lossReason(entry, winner, { method: question.method, sameLeaf })
        lost.set(entry.route, { route: entry.route, reason })
      }
    }
    const told = [...lost.values()].slice(0, limit)
    return { route: winner?.route, lost: told, further: lost.size - told.length }
  }
}

/** `leaves` come the worst fit first, so an equal priority later in the list wins. */
function best<T extends RouteEntry>(
  leaves: readonly Leaf<T>[],
  method: string,
): Ranked<T> | undefined {
  let winner: Ranked<T> | undefined
  for (const leaf of leaves) {
    const entry = pickFromLeaf(leaf, method)
    if (entry === undefined) continue
    if (winner === undefined || entry.route.priority >= winner.route.priority) winner = entry
  }
  return winner
}

function lossReason<T extends RouteEntry>(
  entry: Ranked<T>,
  winner: Ranked<T> | undefined,
  { method, sameLeaf }: { readonly method: string; readonly sameLeaf: boolean },
): LossReason {
  if (entry.methods !== undefined && !entry.methods.has(method)) return 'method'
  if (winner === undefined || entry.route.priority < winner.route.priority) return 'priority'
  if (!sameLeaf) return 'fit'
  return entry.methods === undefined && winner.methods !== undefined ? 'any-method' : 'later'
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
