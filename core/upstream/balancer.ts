import { addressText } from '../snapshot/mod.ts'
import type { BalanceConfig, EndpointConfig, HealthConfig } from '../snapshot/types.ts'
import { leastConnections, quickest, roundRobin, weightedRandom } from './methods.ts'
import { Ring } from './ring.ts'
import { Sessions } from './sessions.ts'
import { createVitals, type Vitals } from './vitals.ts'

/** What of an endpoint choosing depends on. */
export type BalancedEndpoint = Pick<EndpointConfig, 'host' | 'port' | 'weight' | 'priority'>

/** An endpoint with what is known of it. Changed by {@linkcode pick} and the reports alone. */
export interface EndpointState<E extends BalancedEndpoint = BalancedEndpoint> {
  readonly endpoint: E
  /** What people and tables call it: `host:port`. */
  readonly id: string
  readonly vitals: Vitals
  /** Smooth weighted round-robin's running value. */
  current: number
}

/** How a balancer chooses. */
export interface BalancerRules {
  readonly balance: BalanceConfig
  readonly health: HealthConfig
  /** What is remembered of clients; undefined: nothing. */
  readonly sessions: { readonly kind: string; readonly lifetime: number } | undefined
}

/** The changing part of an upstream: plain state, kept while snapshots come and go. */
export interface Balancer<E extends BalancedEndpoint> {
  readonly endpoints: readonly EndpointState<E>[]
  /** Those with weight. */
  readonly weighted: readonly EndpointState<E>[]
  readonly method: 'round-robin' | 'random' | 'least-connections' | 'ewma' | 'hash'
  /** Whether priorities differ. */
  readonly layered: boolean
  /** Whether anybody checks health; else what was found in earlier times does not count. */
  readonly checked: boolean
  /** After how many milliseconds an unhealthy endpoint is tried again unasked. */
  readonly rest: number
  readonly allUnhealthy: HealthConfig['allUnhealthy']
  readonly sessions: Sessions | undefined
  /** Made when it is first needed. */
  ring: Ring | undefined
  /** The same, of those that have many endpoints. */
  byId: ReadonlyMap<string, EndpointState<E>> | undefined
}

/** Makes a balancer; what `previous` knows of endpoints that it had too, by host and port, is known on. */
export function createBalancer<E extends BalancedEndpoint>(
  endpoints: readonly E[],
  rules: BalancerRules,
  previous?: Balancer<E>,
): Balancer<E> {
  const { balance, health, sessions } = rules
  const states = endpoints.map((endpoint) => newState(endpoint, previous))
  return {
    endpoints: states,
    weighted: states.every(takesTraffic) ? states : states.filter(takesTraffic),
    method: typeof balance === 'object' ? 'hash' : balance,
    layered: endpoints.some(({ priority }) => priority !== endpoints[0]?.priority),
    checked: health.active !== undefined || health.passive !== undefined,
    rest: health.active === undefined ? health.passive?.rest ?? Infinity : Infinity,
    allUnhealthy: health.allUnhealthy,
    sessions: sessions &&
      new Sessions(sessions.kind, sessions.lifetime, previous?.sessions),
    ring: undefined,
    byId: undefined,
  }
}

function takesTraffic({ endpoint }: EndpointState): boolean {
  return endpoint.weight > 0
}

/** Among fewer endpoints one is looked for without a map. */
const FEW = 8

/** What is known of the endpoint with an id. */
export function stateOf<E extends BalancedEndpoint>(
  balancer: Balancer<E>,
  id: string,
): EndpointState<E> | undefined {
  const { endpoints } = balancer
  if (endpoints.length < FEW) return endpoints.find((state) => state.id === id)
  balancer.byId ??= new Map(endpoints.map((state) => [state.id, state]))
  return balancer.byId.get(id)
}

function newState<E extends BalancedEndpoint>(
  endpoint: E,
  previous: Balancer<E> | undefined,
): EndpointState<E> {
  const id = addressText(endpoint)
  const known = previous && stateOf(previous, id)
  const current = known?.endpoint.weight === endpoint.weight ? known.current : 0
  return { endpoint, id, vitals: known?.vitals ?? createVitals(), current }
}

/** For whom an endpoint is sought. */
export interface Choice<E extends BalancedEndpoint> {
  /** Epoch milliseconds. */
  readonly now: number
  /** Endpoints tried before for the same request. */
  readonly tried: readonly E[]
  /** What `hash` hashes. */
  readonly key: string
  /** From 0 to below 1. */
  readonly random: () => number
}

/**
 * Chooses the next endpoint. Weight 0 takes no traffic; endpoints of lower priority take some when no higher one can.
 * Unhealthy endpoints, and those that failed a short while ago, are chosen only where no other is left and the
 * rules say so.
 *
 * @returns undefined where no endpoint is left
 */
export function pick<E extends BalancedEndpoint>(
  balancer: Balancer<E>,
  choice: Choice<E>,
): EndpointState<E> | undefined {
  const states = eligible(balancer, choice)
  switch (balancer.method) {
    case 'round-robin':
      return roundRobin(states)
    case 'random':
      return weightedRandom(states, choice.random)
    case 'least-connections':
      return leastConnections(states)
    case 'ewma':
      return quickest(states, choice)
    case 'hash':
      return hashed(balancer, states, choice.key)
  }
}

/** Whether an endpoint takes traffic now. */
export function isUp<E extends BalancedEndpoint>(
  balancer: Balancer<E>,
  { vitals, endpoint }: EndpointState<E>,
  now: number,
): boolean {
  return endpoint.weight > 0 && vitals.restsUntil <= now &&
    (vitals.health.up || !balancer.checked || now - vitals.health.failedAt >= balancer.rest)
}

function eligible<E extends BalancedEndpoint>(
  balancer: Balancer<E>,
  { now, tried }: Choice<E>,
): readonly EndpointState<E>[] {
  const all = balancer.weighted
  if (tried.length === 0 && !balancer.layered && all.every((state) => isUp(balancer, state, now))) {
    return all
  }
  const left = tried.length === 0 ? all : all.filter(({ endpoint }) => !tried.includes(endpoint))
  const up = left.filter((state) => isUp(balancer, state, now))
  if (up.length > 0) return highest(up)
  if (!balancer.checked || balancer.allUnhealthy === 'try') return highest(left)
  return highest(left.filter(({ vitals }) => vitals.health.up))
}

/** Those of the highest priority. */
function highest<E extends BalancedEndpoint>(
  states: readonly EndpointState<E>[],
): readonly EndpointState<E>[] {
  const top = states.reduce((most, { endpoint }) => Math.max(most, endpoint.priority), -Infinity)
  return states.filter(({ endpoint }) => endpoint.priority === top)
}

function hashed<E extends BalancedEndpoint>(
  balancer: Balancer<E>,
  states: readonly EndpointState<E>[],
  key: string,
): EndpointState<E> | undefined {
  if (states.length < 2) return states[0]
  const { weighted } = balancer
  balancer.ring ??= new Ring(weighted.map(({ id, endpoint }) => ({ id, weight: endpoint.weight })))
  const among = states === weighted ? undefined : new Set(states)
  for (const index of balancer.ring.from(key)) {
    const state = weighted[index] as EndpointState<E>
    if (among === undefined || among.has(state)) return state
  }
  return undefined
}
