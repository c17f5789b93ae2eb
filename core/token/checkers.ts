import type { TokenChecker } from '../plan/mod.ts'
import type { Clock, Fetcher } from '../port/mod.ts'
import type { PlanConfig } from '../snapshot/types.ts'
import { IntrospectionChecker } from './introspection.ts'
import { JwtChecker } from './jwt.ts'
import { KeptVerdicts } from './kept.ts'

/** What checking tokens takes. */
export interface TokenCheckerOptions {
  readonly fetcher: Fetcher
  readonly clock: Pick<Clock, 'now'>
}

/** Checkers that are kept, so that what they know outlives a change of the configuration. */
const KEPT = 1000

/** Makes what checks the tokens of plans: equal plans have the same, across snapshots. */
export class TokenCheckers {
  readonly #options: TokenCheckerOptions
  readonly #known = new Map<string, TokenChecker>()

  constructor(options: TokenCheckerOptions) {
    this.#options = options
  }

  /** For a plan of type `jwt` or `oauth2`; undefined for others. */
  of({ jwt, introspection }: PlanConfig): TokenChecker | undefined {
    if (jwt === undefined && introspection === undefined) return undefined
    const id = JSON.stringify([jwt, introspection], withBytes)
    const known = this.#known.get(id)
    if (known !== undefined) return known
    const { fetcher, clock } = this.#options
    const checker = jwt === undefined
      ? new KeptVerdicts(new IntrospectionChecker(introspection!, { fetcher }), clock)
      : new KeptVerdicts(new JwtChecker(jwt, { fetcher }), clock)
    if (this.#known.size >= KEPT) this.#known.clear()
    this.#known.set(id, checker)
    return checker
  }
}

function withBytes(_: string, value: unknown): unknown {
  return value instanceof Uint8Array ? String.fromCharCode(...value) : value
}
