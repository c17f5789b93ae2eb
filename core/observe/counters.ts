import { type Tallies, TallyBook } from './tallies.ts'
import type {
  ConnectionRefusal,
  ExchangeRecord,
  HandshakeRecord,
  Observer,
  StreamRecord,
} from './types.ts'

/** Upper bounds of the duration buckets, in seconds. */
export const DURATION_BUCKETS: readonly number[] = [
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  30,
  60,
]

/** A distribution of durations: a count a bucket (the last is beyond all bounds), and their sum in seconds. */
export interface Histogram {
  readonly counts: number[]
  sum: number
}

/** What is counted, as plain values that can be sent to another process and added up there. */
export interface CounterValues {
  /** By `route`, then status. */
  readonly requests: Record<string, Record<string, number>>
  readonly durations: Record<string, Histogram>
  readonly refusals: Record<string, number>
  /** By `listener`, then result. */
  readonly handshakes: Record<string, Record<string, number>>
  readonly resumed: Record<string, number>
  readonly connections: Record<string, number>
  readonly upstreamConnections: Record<string, number>
  readonly requestBytes: Record<string, number>
  readonly responseBytes: Record<string, number>
  /** Connections that were no HTTP and are over, by `listener`, and their bytes. */
  readonly streams: Record<string, number>
  readonly streamReceivedBytes: Record<string, number>
  readonly streamSentBytes: Record<string, number>
  /** Of routes that are counted in detail. */
  readonly tallies: Tallies
}

/** Counts what it observes. */
export class Counters implements Observer {
  readonly values: CounterValues = emptyCounters()
  readonly #tallies = new TallyBook(this.values.tallies)
  readonly #detailed: string | undefined

  /** @param detailed what names of routes begin with that are counted by endpoint and application, too */
  constructor(detailed?: string) {
    this.#detailed = detailed
  }

  exchange(record: ExchangeRecord): void {
    const { values } = this
    const detailed = this.#detailed
    if (detailed !== undefined && record.route.startsWith(detailed)) this.#tallies.count(record)
    const route = record.route
    bump(values.requests[route] ??= record0(), String(record.status), 1)
    observe(values.durations[route] ??= emptyHistogram(), record.duration / 1000)
    bump(values.requestBytes, route, record.requestBytes)
    bump(values.responseBytes, route, record.responseBytes)
    if (record.code !== '') bump(values.refusals, record.code, 1)
  }

  stream(record: StreamRecord): void {
    const { values } = this
    bump(values.streams, record.listener, 1)
    bump(values.streamReceivedBytes, record.listener, record.received)
    bump(values.streamSentBytes, record.listener, record.sent)
    if (record.code !== '') bump(values.refusals, record.code, 1)
  }

  refusedConnection(refusal: ConnectionRefusal): void {
    bump(this.values.refusals, refusal.code, 1)
  }

  handshake(record: HandshakeRecord): void {
    bump(this.values.handshakes[record.listener] ??= record0(), record.result, 1)
    if (record.resumed) bump(this.values.resumed, record.listener, 1)
  }

  connection(listener: string, change: 1 | -1): void {
    bump(this.values.connections, listener, change)
  }

  upstreamConnection(upstream: string, change: 1 | -1): void {
    bump(this.values.upstreamConnections, upstream, change)
  }
}

/** Nothing counted yet. */
export function emptyCounters(): CounterValues {
  return {
    requests: record0(),
    durations: record0(),
    refusals: record0(),
    handshakes: record0(),
    resumed: record0(),
    connections: record0(),
    upstreamConnections: record0(),
    requestBytes: record0(),
    responseBytes: record0(),
    streams: record0(),
    streamReceivedBytes: record0(),
    streamSentBytes: record0(),
    tallies: record0(),
  }
}

/** Adds up what several processes counted. */
export function addCounters(all: readonly CounterValues[]): CounterValues {
  const total = emptyCounters()
  for (const one of all) addInto(total as unknown as Sums, one as unknown as Sums)
  return total
}

interface Sums {
  [key: string]: number | Sums
}

function addInto(total: Sums, one: Sums): void {
  for (const [key, value] of Object.entries(one)) {
    const before = total[key]
    if (typeof value === 'number') total[key] = (typeof before === 'number' ? before : 0) + value
    else if (typeof before === 'object') addInto(before, value)
    else total[key] = structuredClone(value)
  }
}

/** Without a prototype: names come from outside. */
function record0<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>
}

function bump(counts: Record<string, number>, key: string, by: number): void {
  counts[key] = (counts[key] ?? 0) + by
}

function emptyHistogram(): Histogram {
  return { counts: new Array<number>(DURATION_BUCKETS.length + 1).fill(0), sum: 0 }
}

function observe(histogram: Histogram, seconds: number): void {
  let bucket = 0
  while (bucket < DURATION_BUCKETS.length && seconds > (DURATION_BUCKETS[bucket] ?? 0)) bucket++
  histogram.counts[bucket] = (histogram.counts[bucket] ?? 0) + 1
  histogram.sum += seconds
}
