import type { MatchConfig } from '../snapshot/types.ts'
import type { Condition, Facts } from '../vars/mod.ts'
import type { Steps } from './steps.ts'

/** What the matcher needs to know of a route; everything else about it comes back untouched. */
export interface RouteEntry {
  readonly name: string
  readonly match: MatchConfig
  /** The higher one wins over any better fit. */
  readonly priority: number
  /** What `match` asks for besides host, path and method; undefined: nothing. */
  readonly condition?: Condition | undefined
}

/** What conditions are asked about; made at the first one. */
export type FactsOf = () => Facts

/** What a request asks for. */
export interface RouteQuestion {
  /** Lower case, without port. */
  readonly host: string
  /** Percent-encoding normalised. */
  readonly path: string
  readonly method: string
}

/**
 * Why a route is not the one that takes the request: its methods leave this one out, its conditions do not hold, its
 * priority is lower, its host or path fits less well, it names no methods or conditions where the chosen one does, it
 * stands later in the document, others are asked first.
 */
export type LossReason =
  | 'method'
  | 'condition'
  | 'priority'
  | 'fit'
  | 'any-method'
  | 'unconditional'
  | 'later'
  | 'order'

/** A route that fits by host and path, and yet was not chosen. */
export interface LostRoute<T extends RouteEntry> {
  readonly route: T
  readonly reason: LossReason
  /** Of a condition: what was asked, and what the request has. */
  readonly detail?: string | undefined
}

/** How a match came about. */
export interface RouteExplanation<T extends RouteEntry> {
  readonly route: T | undefined
  /** Routes that fit by host and path, best first; at most as many as were asked for. */
  readonly lost: readonly LostRoute<T>[]
  /** How many more there are than `lost` tells. */
  readonly further: number
}

/** What an explanation depends on. */
export interface ExplainOptions {
  readonly facts?: FactsOf | undefined
  /** How many lost routes are told. */
  readonly limit?: number
}

/** A route that can never be chosen, and one that takes its requests. */
export interface Shadowed<T> {
  readonly route: T
  readonly by: T
}

/** Routes, compiled for look-up. */
export interface RouteMatcher<T extends RouteEntry> {
  /** In the document's order. */
  readonly routes: readonly T[]
  /** Whether only what differs from an earlier one was compiled. */
  readonly partial: boolean
  /** The route that takes a request. Its cost does not depend on how many routes there are. */
  match(host: string, path: string, method: string, facts?: FactsOf): T | undefined
  /** The same answer, with the routes that lost and why. */
  explain(question: RouteQuestion, options?: ExplainOptions): RouteExplanation<T>
  /** Routes that can never be chosen, because a better one takes all that they would take. Searched at each call. */
  shadowed(): Steps<readonly Shadowed<T>[]>
}
