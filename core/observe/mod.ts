/**
 * **observe** - what happened, as values: access-log lines, counters. It must never know where they
 * go, and never slow down what it observes.
 * @module
 */
export { accessLogLine, connectionLogLine, streamLogLine } from './access-log.ts'
export { addCounters, Counters, DURATION_BUCKETS, emptyCounters } from './counters.ts'
export type { CounterValues, Histogram } from './counters.ts'
export type * from './types.ts'
export { LATENCY_BUCKETS } from './tallies.ts'
export type { Tallies, Tally } from './tallies.ts'
