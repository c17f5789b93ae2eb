import type { EndpointConfig } from '../snapshot/types.ts'

/** How long an endpoint that failed to connect is tried last, in milliseconds. */
export const FAILURE_REST_MS = 5000

/** An endpoint with what is known of it. Changed by {@linkcode pick} and the reports alone. */
export interface EndpointState<E extends EndpointConfig> {
  readonly endpoint: E
  /** Smooth weighted round-robin's running value. */
  current: number
  /** Failures to connect since the last success. */
  failures: number
  /** Until then it is tried last, epoch milliseconds. */
  restsUntil: number
}

/** The changing part of an upstream: plain state, kept while snapshots come and go. */
export interface Balancer<E extends EndpointConfig> {
  readonly endpoints: readonly EndpointState<E>[]
}

/** Makes a balancer; endpoints that `previous` had too, by host and port, keep their health and turn. */
export function createBalancer<E extends EndpointConfig>(
  endpoints: readonly E[],
  previous?: Balancer<E>,
): Balancer<E> {
  const before = new Map(previous?.endpoints.map((state) => [key(state.endpoint), state]))
  return {
    endpoints: endpoints.map((endpoint) => {
      const known = before.get(key(endpoint))
      const { current = 0, failures = 0, restsUntil = 0 } = known ?? {}
      return { endpoint, current, failures, restsUntil }
    }),
  }
}

function key(endpoint: EndpointConfig): string {
  return `${endpoint.host} ${endpoint.port} ${endpoint.weight}`
}

/**
 * Chooses the next endpoint by smooth weighted round-robin: each gains its weight, the highest is chosen and
 * gives back the sum. Weight 0 takes no traffic. Endpoints that failed a short while ago are chosen only where
 * no other is left.
 *
 * @param now epoch milliseconds
 * @param exclude endpoints tried before for the same request
 * @returns undefined where no endpoint is left
 */
export function pick<E extends EndpointConfig>(
  balancer: Balancer<E>,
  now: number,
  exclude: readonly E[] = [],
): E | undefined {
  let eligible = balancer.endpoints
  if (exclude.length > 0 || eligible.some((state) => !takesTraffic(state, now))) {
    const left = eligible.filter((state) =>
      state.endpoint.weight > 0 && !exclude.includes(state.endpoint)
    )
    const rested = left.filter((state) => takesTraffic(state, now))
    eligible = rested.length > 0 ? rested : left
  }
  return nextOf(eligible)?.endpoint
}

function takesTraffic(state: EndpointState<EndpointConfig>, now: number): boolean {
  return state.endpoint.weight > 0 && state.restsUntil <= now
}

function nextOf<E extends EndpointConfig>(
  states: readonly EndpointState<E>[],
): EndpointState<E> | undefined {
  let total = 0
  let chosen: EndpointState<E> | undefined
  for (const state of states) {
    state.current += state.endpoint.weight
    total += state.endpoint.weight
    if (chosen === undefined || state.current > chosen.current) chosen = state
  }
  if (chosen !== undefined) chosen.current -= total
  return chosen
}

/** Notes that an endpoint could not be connected to; it is tried last for {@linkcode FAILURE_REST_MS}. */
export function reportFailure<E extends EndpointConfig>(
  balancer: Balancer<E>,
  endpoint: E,
  now: number,
): void {
  const state = find(balancer, endpoint)
  if (state === undefined) return
  state.failures++
  state.restsUntil = now + FAILURE_REST_MS
}

/** Notes that an endpoint was connected to. */
export function reportSuccess<E extends EndpointConfig>(balancer: Balancer<E>, endpoint: E): void {
  const state = find(balancer, endpoint)
  if (state === undefined || state.failures === 0) return
  state.failures = 0
  state.restsUntil = 0
}

function find<E extends EndpointConfig>(
  balancer: Balancer<E>,
  endpoint: E,
): EndpointState<E> | undefined {
  return balancer.endpoints.find((state) => state.endpoint === endpoint)
}
