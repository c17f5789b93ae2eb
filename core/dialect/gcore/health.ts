import type { EndpointView, RunningView } from '../types.ts'
import type { ListenerDoc, LoadBalancerDoc, MemberDoc, PoolDoc } from './documents.ts'

/** How something does, as the API says it. */
export type OperatingStatus = 'DEGRADED' | 'ERROR' | 'NO_MONITOR' | 'OFFLINE' | 'ONLINE'

/** The name of a pool's upstream in the configuration. */
export function upstreamName(poolId: string): string {
  return `gcore:${poolId}`
}

/** The name of the upstream of a pool whose bytes pass through. */
export function rawUpstreamName(poolId: string): string {
  return `${upstreamName(poolId)}:raw`
}

/** How the members of a pool do, from what the gateway knows of its endpoints. */
export function memberHealth(
  pool: PoolDoc,
  running: RunningView,
): (member: MemberDoc) => OperatingStatus {
  const monitored = pool.healthmonitor?.admin_state_up === true
  const endpoints = monitored
    ? [upstreamName(pool.id), rawUpstreamName(pool.id)].flatMap((name) => running.endpoints(name))
    : []
  const down = new Set(endpoints.filter(({ health }) => health === 'down').map(whereOf))
  return (member) => {
    if (!member.admin_state_up || !pool.admin_state_up) return 'OFFLINE'
    if (!monitored) return 'NO_MONITOR'
    const where = whereOf({ host: member.address, port: member.protocol_port })
    return down.has(where) ? 'ERROR' : 'ONLINE'
  }
}

/** How a pool does, by its members. */
export function poolHealth(
  pool: PoolDoc,
  health: (member: MemberDoc) => OperatingStatus,
): OperatingStatus {
  if (!pool.admin_state_up) return 'OFFLINE'
  const active = pool.members.filter((each) => each.admin_state_up)
  const bad = active.filter((each) => health(each) === 'ERROR').length
  return bad === 0 ? 'ONLINE' : bad === active.length ? 'ERROR' : 'DEGRADED'
}

/** How a listener does, by its pool. */
export function listenerHealth(
  lb: LoadBalancerDoc,
  listener: ListenerDoc,
  pool: OperatingStatus | undefined,
): OperatingStatus {
  if (!lb.admin_state_up || !listener.admin_state_up) return 'OFFLINE'
  return pool === 'ERROR' || pool === 'DEGRADED' ? 'DEGRADED' : 'ONLINE'
}

/** How a load balancer does, by its listeners. */
export function balancerHealth(
  lb: LoadBalancerDoc,
  listeners: readonly OperatingStatus[],
): OperatingStatus {
  if (!lb.admin_state_up) return 'OFFLINE'
  return listeners.includes('DEGRADED') ? 'DEGRADED' : 'ONLINE'
}

function whereOf({ host, port }: Pick<EndpointView, 'host' | 'port'>): string {
  return `${host} ${port}`
}
