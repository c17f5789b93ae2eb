import type { BalancedEndpoint, Choice, EndpointState } from './balancer.ts'
import { latencyOf } from './vitals.ts'

/** Smooth weighted round-robin: each gains its weight, the highest is chosen and gives back the sum. */
export function roundRobin<E extends BalancedEndpoint>(
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

/** By chance, in proportion to weights. */
export function weightedRandom<E extends BalancedEndpoint>(
  states: readonly EndpointState<E>[],
  random: () => number,
): EndpointState<E> | undefined {
  let left = random() * states.reduce((sum, { endpoint }) => sum + endpoint.weight, 0)
  return states.find(({ endpoint }) => (left -= endpoint.weight) < 0) ?? states.at(-1)
}

/** The one with the least under way, by weight; of several, by turns. */
export function leastConnections<E extends BalancedEndpoint>(
  states: readonly EndpointState<E>[],
): EndpointState<E> | undefined {
  const load = ({ vitals, endpoint }: EndpointState<E>): number =>
    (vitals.active + 1) / endpoint.weight
  const least = states.reduce((lowest, state) => Math.min(lowest, load(state)), Infinity)
  return roundRobin(states.filter((state) => load(state) === least))
}

/** Of two taken by chance, the one that answers sooner and has less under way (peak EWMA). */
export function quickest<E extends BalancedEndpoint>(
  states: readonly EndpointState<E>[],
  { random, now }: Pick<Choice<E>, 'random' | 'now'>,
): EndpointState<E> | undefined {
  if (states.length < 2) return states[0]
  const first = Math.floor(random() * states.length)
  const step = 1 + Math.floor(random() * (states.length - 1))
  const one = states[first] as EndpointState<E>
  const other = states[(first + step) % states.length] as EndpointState<E>
  // Newcomers have no latency yet: what they have under way counts all the same. Less than a millisecond is nothing,
  // or who was slow once would never be asked again.
  const cost = ({ vitals }: EndpointState<E>): number =>
    (Math.round(latencyOf(vitals, now)) + 1) * (vitals.active + 1)
  return cost(other) < cost(one) ? other : one
}
