import type { CompiledEndpoint, CompiledUpstream } from '../decide/mod.ts'
import { type Balancer, type EndpointState, isUp } from '../upstream/mod.ts'

/** An endpoint as it is now. Times in epoch milliseconds. */
export interface EndpointHealth {
  readonly host: string
  readonly port: number
  readonly weight: number
  readonly priority: number
  /** `unknown` where nobody checks it. */
  readonly health: 'up' | 'down' | 'unknown'
  /** Exchanges and connections under way in this process. */
  readonly connections: number
  /** When its health became what it is; undefined: it was never otherwise. */
  readonly since: number | undefined
  /** Of the last active check; undefined: none was made. */
  readonly checkedAt: number | undefined
  /** What went wrong last; empty while it is up. */
  readonly reason: string
}

/** An upstream as it is now. */
export interface UpstreamHealth {
  readonly name: string
  /** Whether traffic finds an endpoint that is well. */
  readonly health: 'up' | 'degraded' | 'down' | 'unknown'
  readonly endpoints: readonly EndpointHealth[]
}

/** How the endpoints of an upstream are, by what this process knows. */
export function upstreamHealth(
  { name, balancer }: CompiledUpstream,
  now: number,
): UpstreamHealth {
  const endpoints = balancer.endpoints.map((state) => endpointHealth(balancer, state))
  const up = balancer.weighted.filter((state) => isUp(balancer, state, now)).length
  const all = balancer.weighted.length
  const health = !balancer.checked
    ? 'unknown'
    : up === all && all > 0
    ? 'up'
    : up > 0
    ? 'degraded'
    : 'down'
  return { name, health, endpoints }
}

function endpointHealth(
  { checked }: Balancer<CompiledEndpoint>,
  { endpoint, vitals }: EndpointState<CompiledEndpoint>,
): EndpointHealth {
  const { host, port, weight, priority } = endpoint
  const { up, since, checkedAt, reason } = vitals.health
  return {
    host,
    port,
    weight,
    priority,
    health: !checked ? 'unknown' : up ? 'up' : 'down',
    connections: vitals.active,
    since: since === 0 ? undefined : since,
    checkedAt: checkedAt === 0 ? undefined : checkedAt,
    reason: checked && !up ? reason : '',
  }
}
