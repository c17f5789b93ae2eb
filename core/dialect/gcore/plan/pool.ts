import { type Balancer, listenerOf, type Outcome, poolOf } from '../balancer.ts'
import type { Created, LoadBalancerDoc, PoolDoc } from '../documents.ts'
import { conflict } from '../faults.ts'
import type { PlacedPoolBody, PoolBody, PoolChange } from '../schemas/pool.ts'
import { given, type Making, sameJson } from './making.ts'
import { replaceMembers, replaceMonitor } from './members.ts'

/** A new pool, and what is new with it. */
export interface MadePool {
  readonly pool: PoolDoc
  readonly created: Created
}

/** Makes a pool of its body. */
export function makePool(lbId: string, body: PoolBody, making: Making): MadePool {
  const { members, created } = replaceMembers([], body.members ?? [], making)
  const monitor = body.healthmonitor ?? null
  const healthmonitor = monitor === null ? null : replaceMonitor(null, monitor, making)
  const pool: PoolDoc = {
    id: making.newId(),
    load_balancer_id: lbId,
    name: body.name,
    protocol: body.protocol,
    lb_algorithm: body.lb_algorithm,
    admin_state_up: body.admin_state_up ?? true,
    secret_id: body.secret_id ?? null,
    ca_secret_id: body.ca_secret_id ?? null,
    crl_secret_id: body.crl_secret_id ?? null,
    members,
    healthmonitor,
    session_persistence: body.session_persistence ?? null,
    timeout_client_data: body.timeout_client_data ?? null,
    timeout_member_connect: body.timeout_member_connect ?? null,
    timeout_member_data: body.timeout_member_data ?? null,
    creator_task_id: making.taskId,
  }
  return {
    pool,
    created: {
      pools: [pool.id],
      members: created,
      healthmonitors: healthmonitor === null ? [] : [healthmonitor.id],
    },
  }
}

/** A pool by itself, or for a listener that has none. @throws ApiFault 404, 409 */
export function addPool(balancer: Balancer, body: PlacedPoolBody, making: Making): Outcome {
  const { lb } = balancer
  const { pool, created } = makePool(lb.id, body, making)
  const pools = new Map([[pool.id, pool]])
  if (body.listener_id === null) return { lb, pools, created, touched: [pool.id] }
  const listener = listenerOf(balancer, body.listener_id)
  if (listener.default_pool_id !== null) {
    throw conflict(
      `Listener ${listener.id} already has a default pool: ${listener.default_pool_id}`,
    )
  }
  return {
    lb: withDefaultPool(lb, listener.id, pool.id),
    pools,
    created,
    touched: [pool.id, listener.id],
  }
}

/** What a pool becomes. undefined: it stays as it is. @throws ApiFault 404, 400 */
export function changePool(
  balancer: Balancer,
  { id, change }: { readonly id: string; readonly change: PoolChange },
  making: Making,
): Outcome | undefined {
  const before = poolOf(balancer, id)
  const { members: memberBodies, healthmonitor: monitorBody, ...plain } = given(change)
  const { members, created } = memberBodies === undefined
    ? { members: before.members, created: [] }
    : replaceMembers(before.members, memberBodies, making)
  const healthmonitor = monitorBody === undefined
    ? before.healthmonitor
    : monitorBody === null
    ? null
    : replaceMonitor(before.healthmonitor, monitorBody, making)
  const pool = { ...before, ...plain, members, healthmonitor } as PoolDoc
  if (sameJson(pool, before)) return undefined
  const newMonitor = healthmonitor !== null && before.healthmonitor === null
  return {
    lb: balancer.lb,
    pools: new Map([[pool.id, pool]]),
    touched: [pool.id, ...created],
    ...(created.length > 0 || newMonitor
      ? { created: { members: created, healthmonitors: newMonitor ? [healthmonitor.id] : [] } }
      : {}),
  }
}

/** @throws ApiFault 404, 409 where an L7 policy leads to the pool */
export function removePool(balancer: Balancer, id: string): Outcome {
  const pool = poolOf(balancer, id)
  const policy = balancer.lb.policies.find((each) => each.redirect_pool_id === pool.id)
  if (policy !== undefined) {
    throw conflict(`Pool ${pool.id} is in use by L7 policy ${policy.id} and cannot be deleted`)
  }
  return {
    lb: withoutPool(balancer.lb, pool.id),
    pools: new Map([[pool.id, undefined]]),
    touched: balancer.lb.listeners.filter((each) => each.default_pool_id === pool.id)
      .map((each) => each.id),
  }
}

function withDefaultPool(lb: LoadBalancerDoc, listenerId: string, poolId: string): LoadBalancerDoc {
  return {
    ...lb,
    listeners: lb.listeners.map((each) =>
      each.id === listenerId ? { ...each, default_pool_id: poolId } : each
    ),
  }
}

/** A load balancer whose listeners no longer lead to a pool. */
function withoutPool(lb: LoadBalancerDoc, poolId: string): LoadBalancerDoc {
  return {
    ...lb,
    listeners: lb.listeners.map((each) =>
      each.default_pool_id === poolId ? { ...each, default_pool_id: null } : each
    ),
  }
}
