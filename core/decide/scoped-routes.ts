import { compileRoutesInSteps } from '../route/mod.ts'
import { type Hunk, listDifference } from '../snapshot/mod.ts'
import type {
  FactsOf,
  RouteExplanation,
  RouteMatcher,
  RouteQuestion,
  Shadowed,
  Steps,
} from '../route/mod.ts'
import type { CompiledRoute } from './compiled.ts'

/** All routes, by the scopes that listeners name. */
export class ScopedRoutes {
  /** In the configuration's order. */
  readonly routes: readonly CompiledRoute[]
  /** Whether any of them has conditions. */
  readonly conditional: boolean
  readonly #byScope: ReadonlyMap<string, RouteMatcher<CompiledRoute>>

  private constructor(
    routes: readonly CompiledRoute[],
    byScope: ReadonlyMap<string, RouteMatcher<CompiledRoute>>,
  ) {
    this.routes = routes
    this.conditional = routes.some(({ condition }) => condition !== undefined)
    this.#byScope = byScope
  }

  /** Compiles routes; scopes whose routes are the same objects as before are taken over. */
  static *compile(
    routes: readonly CompiledRoute[],
    previous?: ScopedRoutes,
  ): Steps<ScopedRoutes> {
    const hunks = previous && listDifference(previous.routes, routes)
    if (previous !== undefined && hunks?.length === 0) return previous
    const byScope = new Map<string, RouteMatcher<CompiledRoute>>(
      hunks === undefined || previous === undefined ? [] : previous.#byScope,
    )
    for (const scope of touched(routes, previous?.routes ?? [], hunks)) {
      const list = routes.filter((route) => route.scope === scope)
      if (list.length === 0) byScope.delete(scope)
      else byScope.set(scope, yield* compileRoutesInSteps(list, previous?.scope(scope)))
    }
    return new ScopedRoutes(routes, byScope)
  }

  /** The routes of one scope; undefined where it has none. */
  scope(name: string): RouteMatcher<CompiledRoute> | undefined {
    return this.#byScope.get(name)
  }

  /** The route that takes a request: of the first of these scopes that has one for it. */
  match(
    scopes: readonly string[],
    { host, path, method }: RouteQuestion,
    facts?: FactsOf,
  ): CompiledRoute | undefined {
    for (const scope of scopes) {
      const route = this.#byScope.get(scope)?.match(host, path, method, facts)
      if (route !== undefined) return route
    }
    return undefined
  }

  /** The same answer, with the routes that lost and why. */
  explain(
    scopes: readonly string[],
    question: RouteQuestion,
    facts?: FactsOf,
  ): RouteExplanation<CompiledRoute> {
    const told = scopes.flatMap((scope) =>
      this.#byScope.get(scope)?.explain(question, { facts }) ?? []
    )
    return told.find(({ route }) => route !== undefined) ?? told[0] ??
      { route: undefined, lost: [], further: 0 }
  }

  /**
   * Routes that can never be chosen, and what takes their requests. Not searched for in scopes where a few routes of
   * many have changed: that would cost more than the change.
   */
  *shadowed(): Steps<readonly Shadowed<CompiledRoute>[]> {
    const found: Shadowed<CompiledRoute>[] = []
    for (const each of this.#byScope.values()) {
      if (!each.partial) found.push(...yield* each.shadowed())
    }
    return found
  }
}

/** The scopes that routes came to or went from; all where it is not known which. */
function touched(
  after: readonly CompiledRoute[],
  before: readonly CompiledRoute[],
  hunks: readonly Hunk[] | undefined,
): ReadonlySet<string> {
  const changed = hunks === undefined ? after : hunks.flatMap(({ from, out, to, into }) => [
    ...before.slice(from, from + out),
    ...after.slice(to, to + into),
  ])
  return new Set(changed.map(({ scope }) => scope))
}
