import { type Balancer, listenerOf, type Outcome, poolOf } from '../balancer.ts'
import type { Created, ListenerDoc, PoolDoc } from '../documents.ts'
import type { ListenerBody, ListenerChange, PlacedListenerBody } from '../schemas/listener.ts'
import { given, type Making, sameJson } from './making.ts'
import { makePool } from './pool.ts'

const DEFAULT_CONNECTIONS = 100_000

/** A new listener, the pool that was made with it, and what is new. */
export interface MadeListener {
  readonly listener: ListenerDoc
  readonly pool: PoolDoc | undefined
  readonly created: Created
}

/** Makes a listener of its body. */
export function makeListener(lbId: string, body: ListenerBody, making: Making): MadeListener {
  const [poolBody] = body.pools
  const made = poolBody && makePool(lbId, poolBody, making)
  const authorities = body.client_ca_secret_id ?? null
  const listener: ListenerDoc = {
    id: making.newId(),
    name: body.name,
    protocol: body.protocol,
    protocol_port: body.protocol_port,
    admin_state_up: body.admin_state_up ?? true,
    secret_id: body.secret_id ?? null,
    sni_secret_id: body.sni_secret_id ?? [],
    default_pool_id: made?.pool.id ?? body.default_pool_id ?? null,
    insert_x_forwarded: body.insert_x_forwarded ?? false,
    connection_limit: connectionLimit(body.connection_limit),
    allowed_cidrs: body.allowed_cidrs ?? null,
    user_list: body.user_list ?? [],
    // Whoever names authorities wants to be asked by nobody else.
    client_auth: body.client_auth ?? (authorities === null ? 'none' : 'required'),
    client_ca_secret_id: authorities,
    client_crl_secret_id: body.client_crl_secret_id ?? null,
    timeout_client_data: body.timeout_client_data ?? null,
    timeout_member_connect: body.timeout_member_connect ?? null,
    timeout_member_data: body.timeout_member_data ?? null,
    creator_task_id: making.taskId,
  }
  return { listener, pool: made?.pool, created: { listeners: [listener.id], ...made?.created } }
}

/** @throws ApiFault 404 */
export function addListener(
  balancer: Balancer,
  body: PlacedListenerBody,
  making: Making,
): Outcome {
  const { lb } = balancer
  if (body.default_pool_id !== undefined && body.default_pool_id !== null) {
    poolOf(balancer, body.default_pool_id)
  }
  const { listener, pool, created } = makeListener(lb.id, body, making)
  return {
    lb: { ...lb, listeners: [...lb.listeners, listener] },
    pools: new Map(pool === undefined ? [] : [[pool.id, pool]]),
    created,
    touched: [listener.id, ...(pool === undefined ? [] : [pool.id])],
  }
}

/** What a listener becomes. undefined: it stays as it is. @throws ApiFault 404 */
export function changeListener(
  balancer: Balancer,
  id: string,
  change: ListenerChange,
): Outcome | undefined {
  const before = listenerOf(balancer, id)
  const { connection_limit, sni_secret_id, user_list, ...plain } = given(change)
  if (typeof plain.default_pool_id === 'string') poolOf(balancer, plain.default_pool_id)
  const listener = {
    ...before,
    ...plain,
    ...(connection_limit === undefined
      ? {}
      : { connection_limit: connectionLimit(connection_limit) }),
    ...(sni_secret_id === undefined ? {} : { sni_secret_id: sni_secret_id ?? [] }),
    ...(user_list === undefined ? {} : { user_list: user_list ?? [] }),
  } as ListenerDoc
  if (sameJson(listener, before)) return undefined
  const { lb } = balancer
  const listeners = lb.listeners.map((each) => each.id === listener.id ? listener : each)
  return { lb: { ...lb, listeners }, pools: new Map(), touched: [listener.id] }
}

/** Its L7 policies go with it; its default pool, if that is wanted and nobody else uses it. @throws ApiFault 404 */
export function removeListener(
  balancer: Balancer,
  id: string,
  { withPool }: { readonly withPool: boolean },
): Outcome {
  const { lb } = balancer
  const gone = listenerOf(balancer, id)
  const listeners = lb.listeners.filter((each) => each.id !== gone.id)
  const policies = lb.policies.filter((each) => each.listener_id !== gone.id)
  const pool = gone.default_pool_id
  const used = listeners.some((each) => each.default_pool_id === pool) ||
    policies.some((each) => each.redirect_pool_id === pool)
  const pools: [string, undefined][] = withPool && pool !== null && !used ? [[pool, undefined]] : []
  return { lb: { ...lb, listeners, policies }, pools: new Map(pools), touched: [] }
}

function connectionLimit(limit: number | null | undefined): number {
  return limit === undefined || limit === null || limit < 0 ? DEFAULT_CONNECTIONS : limit
}
