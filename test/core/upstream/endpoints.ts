/** What tests of balancing have in common: endpoints named a to z, and turns of choosing. */
import type { EndpointConfig, UpstreamConfig } from '../../../core/snapshot/mod.ts'
import { ENDPOINT_DEFAULTS, HEALTH_DEFAULTS } from '../../../core/snapshot/mod.ts'
import { createBalancer, pick, stateOf as known } from '../../../core/upstream/mod.ts'
import type { Balancer, BalancerRules, Choice, EndpointState } from '../../../core/upstream/mod.ts'

/** Endpoints `a`, `b`, … with these weights. */
export function endpoints(...weights: number[]): EndpointConfig[] {
  return weights.map((weight, index) => endpoint('abcdefghijklmnop'[index] as string, { weight }))
}

export function endpoint(host: string, parts: Partial<EndpointConfig> = {}): EndpointConfig {
  return { ...ENDPOINT_DEFAULTS, host, port: 80, ...parts }
}

/** Rules that differ from round-robin without checks. */
export function rules(parts: Partial<BalancerRules> = {}): BalancerRules {
  return { balance: 'round-robin', health: HEALTH_DEFAULTS, sessions: undefined, ...parts }
}

export function balancerOf(
  list: readonly EndpointConfig[],
  balance: UpstreamConfig['balance'] = 'round-robin',
): Balancer<EndpointConfig> {
  return createBalancer(list, rules({ balance }))
}

/** A generator that always gives the same numbers. */
export function sameNumbers(seed = 1): () => number {
  let state = seed
  return () => (state = (state * 48271) % 2147483647) / 2147483647
}

export function choice(parts: Partial<Choice<EndpointConfig>> = {}): Choice<EndpointConfig> {
  return { now: 0, tried: [], key: '', random: sameNumbers(), ...parts }
}

export function stateOf(
  balancer: Balancer<EndpointConfig>,
  host: string,
): EndpointState<EndpointConfig> {
  return known(balancer, `${host}:80`) as EndpointState<EndpointConfig>
}

/** The hosts chosen in so many turns. */
export function turns(
  balancer: Balancer<EndpointConfig>,
  count: number,
  parts: Partial<Choice<EndpointConfig>> = {},
): string {
  const asked = choice(parts)
  let text = ''
  for (let turn = 0; turn < count; turn++) text += pick(balancer, asked)?.endpoint.host ?? '-'
  return text
}

/** How often a letter is in a text. */
export function count(text: string, letter: string): number {
  return text.split(letter).length - 1
}
