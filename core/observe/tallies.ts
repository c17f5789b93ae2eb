import type { Histogram } from './counters.ts'
import type { ExchangeRecord } from './types.ts'

/** Upper bounds of the buckets of a tally's times, in milliseconds. */
export const LATENCY_BUCKETS: readonly number[] = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1000, 2000, 5000, 10_000, 30_000, 60_000],
]

/** What is counted of one route, endpoint and application. */
export interface Tally {
  readonly statuses: Record<string, number>
  received: number
  sent: number
  /** Milliseconds. */
  readonly request: Histogram
  /** Milliseconds until the endpoint's answer began; of those that gave one. */
  readonly upstream: Histogram
  /** Milliseconds that the rest took. */
  readonly own: Histogram
}

/** By route, endpoint and application, one a line. */
export type Tallies = Record<string, Tally>

/** So many are kept apart; what comes after is counted by its route alone. */
const MOST = 20_000

/** Counts an exchange by route, endpoint and application. */
export class TallyBook {
  readonly #values: Tallies
  #size = 0

  constructor(values: Tallies) {
    this.#values = values
  }

  count(record: ExchangeRecord): void {
    const { status, requestBytes, responseBytes, duration, upstreamDuration } = record
    const tally = this.#of(record)
    tally.statuses[status] = (tally.statuses[status] ?? 0) + 1
    tally.received += requestBytes
    tally.sent += responseBytes
    observe(tally.request, duration)
    if (upstreamDuration >= 0) observe(tally.upstream, upstreamDuration)
    observe(tally.own, Math.max(0, duration - Math.max(0, upstreamDuration)))
  }

  #of({ route, endpoint, application }: ExchangeRecord): Tally {
    const key = `${route}\n${endpoint}\n${application}`
    const known = this.#values[key]
    if (known !== undefined) return known
    if (this.#size >= MOST) return this.#values[`${route}\n\n`] ??= emptyTally()
    this.#size++
    return this.#values[key] = emptyTally()
  }
}

function emptyTally(): Tally {
  const times = { request: emptyTimes(), upstream: emptyTimes(), own: emptyTimes() }
  return { statuses: {}, received: 0, sent: 0, ...times }
}

function emptyTimes(): Histogram {
  return { counts: new Array<number>(LATENCY_BUCKETS.length + 1).fill(0), sum: 0 }
}

function observe(histogram: Histogram, time: number): void {
  let bucket = 0
  while (bucket < LATENCY_BUCKETS.length && time > (LATENCY_BUCKETS[bucket] as number)) bucket++
  histogram.counts[bucket] = (histogram.counts[bucket] ?? 0) + 1
  histogram.sum += time
}
