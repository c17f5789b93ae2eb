import type { Clock, Dialed } from '../port/mod.ts'
import type { H2Limits, Latin1 } from '../wire/mod.ts'
import type { Ticker } from './ticker.ts'

/** What every upstream connection is made of. */
export interface UpstreamOptions {
  readonly dialed: Dialed
  readonly ticker: Ticker
  readonly latin1: Latin1
  readonly headSize: number
  readonly headerCount: number
  /** Epoch milliseconds until which the endpoint's verdict holds. */
  readonly goodUntil: number
  /** Told of faults of our own. */
  readonly onFailure: (error: unknown) => void
}

/** What an HTTP/2 connection needs besides. */
export interface UpstreamH2Options extends UpstreamOptions {
  readonly clock: Clock
  readonly scheme: 'http' | 'https'
  readonly idleTimeout: number
  /** How many exchanges it serves; 0: no bound. */
  readonly requests: number
  readonly http2: Omit<H2Limits, 'headSize' | 'headerCount'>
  readonly onGone: (connection: object) => void
}
