import { compileRoutes } from '../route/mod.ts'
import type { FactsOf, RouteExplanation, RouteMatcher, RouteQuestion } from '../route/mod.ts'
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
  static compile(routes: readonly CompiledRoute[], previous?: ScopedRoutes): ScopedRoutes {
    if (previous !== undefined && same(routes, previous.routes)) return previous
    const lists = new Map<string, CompiledRoute[]>()
    for (const route of routes) {
      const list = lists.get(route.scope)
      if (list === undefined) lists.set(route.scope, [route])
      else list.push(route)
    }
    const byScope = new Map<string, RouteMatcher<CompiledRoute>>()
    for (const [scope, list] of lists) {
      const before = previous?.scope(scope)
      const kept = before !== undefined && same(list, before.routes)
      byScope.set(scope, kept ? before : compileRoutes(list, before))
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
  get shadowed(): RouteMatcher<CompiledRoute>['shadowed'] {
    return [...this.#byScope.values()].flatMap((each) => each.partial ? [] : each.shadowed)
  }
}

function same(routes: readonly CompiledRoute[], others: readonly CompiledRoute[]): boolean {
  return routes.length === others.length && routes.every((route, at) => route === others[at])
}
