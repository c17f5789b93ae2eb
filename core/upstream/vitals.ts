/** How long an endpoint that failed to connect is tried last, in milliseconds. */
export const FAILURE_REST_MS = 5000

/** In this time, in milliseconds, what is known of an endpoint's latency loses most of its weight. */
const LATENCY_DECAY_MS = 10_000

/** Whether an endpoint is well, and how sure that is. */
export interface Health {
  up: boolean
  /** Good and bad outcomes in a row; those of one sort begin anew when one of the other comes. */
  successes: number
  httpFailures: number
  tcpFailures: number
  timeouts: number
  /** Epoch milliseconds at which `up` became what it is; 0: it was never otherwise. */
  since: number
  /** Of the last bad outcome; 0: none. */
  failedAt: number
  /** Of the last active check; 0: none. */
  checkedAt: number
  /** What the last bad outcome was, for people. */
  reason: string
}

/** What is known of an endpoint, as long as it is configured: one object, whatever snapshots come and go. */
export interface Vitals {
  /** Exchanges and connections under way. */
  active: number
  /** Failures to connect since the last success. */
  failures: number
  /** Until then it is tried last, epoch milliseconds. */
  restsUntil: number
  /** Peak-sensitive moving average of the time to an answer, in milliseconds, as of `latencyAt`. */
  latency: number
  latencyAt: number
  readonly health: Health
}

/** What is known of a newcomer. */
export function createVitals(): Vitals {
  const health = {
    up: true,
    successes: 0,
    httpFailures: 0,
    tcpFailures: 0,
    timeouts: 0,
    since: 0,
    failedAt: 0,
    checkedAt: 0,
    reason: '',
  }
  return { active: 0, failures: 0, restsUntil: 0, latency: 0, latencyAt: 0, health }
}

/** Notes that an endpoint could not be connected to; it is tried last for {@linkcode FAILURE_REST_MS}. */
export function reportFailure(vitals: Vitals, now: number): void {
  vitals.failures++
  vitals.restsUntil = now + FAILURE_REST_MS
}

/** Notes that an endpoint was connected to. */
export function reportSuccess(vitals: Vitals): void {
  if (vitals.failures === 0) return
  vitals.failures = 0
  vitals.restsUntil = 0
}

/** Notes how long an endpoint took to answer: a peak counts at once, and fades. Both in milliseconds. */
export function reportLatency(vitals: Vitals, took: number, now: number): void {
  const known = latencyOf(vitals, now)
  const age = Math.max(0, now - vitals.latencyAt)
  const kept = Math.exp(-age / LATENCY_DECAY_MS)
  vitals.latency = took > known ? took : vitals.latency * kept + took * (1 - kept)
  vitals.latencyAt = now
}

/** What is left by now of the latency that was seen, in milliseconds. */
export function latencyOf({ latency, latencyAt }: Vitals, now: number): number {
  return latency * Math.exp(-Math.max(0, now - latencyAt) / LATENCY_DECAY_MS)
}

/** What came of asking an endpoint. */
export type Outcome = 'success' | 'http' | 'tcp' | 'timeout'

/** How many outcomes in a row change an endpoint's health; 0: such ones do not count. */
export interface Thresholds {
  readonly successes: number
  readonly httpFailures: number
  readonly tcpFailures: number
  readonly timeouts: number
}

const COUNTERS = { http: 'httpFailures', tcp: 'tcpFailures', timeout: 'timeouts' } as const

/** One outcome, and when it was. */
export interface Report {
  readonly outcome: Outcome
  /** Epoch milliseconds. */
  readonly now: number
  /** What a bad outcome was. */
  readonly reason: string
}

/** Counts an outcome. Returns whether the endpoint's health changed by it. */
export function reportOutcome(health: Health, report: Report, thresholds: Thresholds): boolean {
  const { outcome, now, reason } = report
  if (outcome === 'success') return countSuccess(health, now, thresholds.successes)
  const counter = COUNTERS[outcome]
  if (thresholds[counter] === 0) return false
  health.successes = 0
  health.failedAt = now
  health.reason = reason
  if (!health.up || ++health[counter] < thresholds[counter]) return false
  turn(health, false, now)
  return true
}

function countSuccess(health: Health, now: number, threshold: number): boolean {
  if (threshold === 0) return false
  health.httpFailures = health.tcpFailures = health.timeouts = 0
  if (health.up || ++health.successes < threshold) return false
  turn(health, true, now)
  return true
}

function turn(health: Health, up: boolean, now: number): void {
  health.up = up
  health.since = now
  health.successes =
    health.httpFailures =
    health.tcpFailures =
    health.timeouts =
      0
}
