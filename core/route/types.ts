import type { MatchConfig } from '../snapshot/types.ts'

/** What the matcher needs to know of a route; everything else about it comes back untouched. */
export interface RouteEntry {
  readonly name: string
  readonly match: MatchConfig
  /** The higher one wins over any better fit. */
  readonly priority: number
}

/** What a request asks for. */
export interface RouteQuestion {
  /** Lower case, without port. */
  readonly host: string
  /** Percent-encoding normalised. */
  readonly path: string
  readonly method: string
}

/**
 * Why a route is not the one that takes the request: its methods leave this one out, its priority is lower, its
 * host or path fits less well, it names no methods where the chosen one does, it stands later in the document.
 */
export type LossReason = 'method' | 'priority' | 'fit' | 'any-method' | 'later'

/** A route that fits by host and path, and yet was not chosen. */
export interface LostRoute<T extends RouteEntry> {
  readonly route: T
  readonly reason: LossReason
}

/** How a match came about. */
export interface RouteExplanation<T extends RouteEntry> {
  readonly route: T | undefined
  /** Routes that fit by host and path, best first; at most as many as were asked for. */
  readonly lost: readonly LostRoute<T>[]
  /** How many more there are than `lost` tells. */
  readonly further: number
}

/** Routes, compiled for look-up. */
export interface RouteMatcher<T extends RouteEntry> {
  /** In the document's order. */
  readonly routes: readonly T[]
  /** The route that takes a request. Its cost does not depend on how many routes there are. */
  match(host: string, path: string, method: string): T | undefined
  /** The same answer, with the routes that lost and why. `limit` bounds how many are told. */
  explain(question: RouteQuestion, limit?: number): RouteExplanation<T>
  /** Routes that can never be chosen, because a better one takes all that they would take. Searched at each call. */
  readonly shadowed: readonly { readonly route: T; readonly by: T }[]
}
