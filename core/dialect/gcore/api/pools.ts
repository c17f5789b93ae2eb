import { listBalancers, listPools, type Outcome, poolOf, readBalancer } from '../balancer.ts'
import type { ReadBalancer } from '../balancer.ts'
import { bodyOf, type Call, type Endpoint, page, queryOf, type Service } from '../call.ts'
import { ApiFault, invalid, notFound } from '../faults.ts'
import { addPool, changePool, removePool } from '../plan/pool.ts'
import { queryBoolean } from '../schemas/fields.ts'
import { type PlacedPoolBody, placedPoolBody, poolBody, poolChange } from '../schemas/pool.ts'
import { showPool } from '../show.ts'
import { workOf as balancerWorkOf } from './load-balancers.ts'

const COLLECTION = '/lbpools/{project_id}/{region_id}'
const ITEM = `${COLLECTION}/{pool_id}`

/** Pools. */
export const POOLS: readonly Endpoint[] = [
  {
    method: 'post',
    path: `/v1${COLLECTION}`,
    summary: 'Create a pool',
    body: placedPoolBody,
    answer: 'tasks',
    handle: create,
  },
  {
    method: 'post',
    path: '/v1/loadbalancers/{project_id}/{region_id}/{load_balancer_id}/pools',
    summary: 'Create a pool of a load balancer',
    body: poolBody,
    answer: 'tasks',
    handle: ({ engine }, call) => {
      const body = bodyOf(call, placedPoolBody)
      const id = call.param('load_balancer_id').toLowerCase()
      return engine.change({
        ...balancerWorkOf(call, 'create_lbpool'),
        plan: (before, making) => {
          if (before?.lb.id !== id) throw notFound('Load balancer', id)
          return addPool(before, body, making)
        },
      })
    },
  },
  {
    method: 'get',
    path: `/v1${COLLECTION}`,
    summary: 'List pools',
    query: [
      'load_balancer_id',
      'loadbalancer_id',
      'listener_id',
      'name',
      'details',
      'limit',
      'offset',
    ],
    answer: 'list',
    handle: everything,
  },
  {
    method: 'get',
    path: `/v1${ITEM}`,
    summary: 'Get a pool',
    answer: 'item',
    handle: async (service, call) => {
      const balancer = await balancerOf(service, call)
      const pool = poolOf(balancer, call.param('pool_id'))
      return showPool(balancer, pool, { ...call.sight, details: true })
    },
  },
  ...(['/v2', '/v1'] as const).map((version): Endpoint => ({
    method: 'patch',
    path: version + ITEM,
    summary: 'Change a pool',
    body: poolChange,
    answer: 'tasks',
    handle: change,
  })),
  {
    method: 'put',
    path: `/v1${ITEM}`,
    summary: 'Change a pool; what is not named stays as it is',
    body: poolChange,
    answer: 'tasks',
    handle: change,
  },
  {
    method: 'delete',
    path: `/v1${ITEM}`,
    summary: 'Delete a pool',
    answer: 'tasks',
    handle: ({ engine }, call) =>
      engine.change({
        ...workOf(call, 'delete_lbpool'),
        plan: (before) => before && removePool(before, call.param('pool_id')),
      }),
  },
]

/** What changes of the pool that a call names have in common. */
export function workOf({ param, place, requestId }: Call, type: string): {
  readonly place: Call['place']
  readonly requestId: string
  readonly type: string
  readonly kind: 'update'
  readonly id: string
  readonly noun: string
} {
  return { place, requestId, type, kind: 'update', id: param('pool_id'), noun: 'Pool' }
}

/** The load balancer of the pool that a call names. @throws ApiFault 404 */
export async function balancerOf(
  { context }: Service,
  { param, place }: Call,
): Promise<ReadBalancer> {
  const found = await readBalancer(context.store, place, param('pool_id'))
  if (found === undefined) throw notFound('Pool', param('pool_id'))
  return found
}

function change({ engine }: Service, call: Call): Promise<unknown> {
  const body = bodyOf(call, poolChange)
  return engine.change({
    ...workOf(call, 'patch_lbpool'),
    plan: (before, making): Outcome | undefined =>
      before && changePool(before, { id: call.param('pool_id'), change: body }, making),
  })
}

async function create({ engine }: Service, call: Call): Promise<unknown> {
  const body = bodyOf(call, placedPoolBody)
  const { id, noun } = ownerOf(body)
  return await engine.change({
    place: call.place,
    requestId: call.requestId,
    type: 'create_lbpool',
    kind: 'update',
    id,
    noun,
    plan: (before, making) => {
      if (body.load_balancer_id !== null && before?.lb.id !== body.load_balancer_id) {
        throw notFound('Load balancer', body.load_balancer_id)
      }
      return before && addPool(before, body, making)
    },
  })
}

/** @throws ApiFault 400 */
function ownerOf(body: PlacedPoolBody): { readonly id: string; readonly noun: string } {
  if (body.load_balancer_id !== null) return { id: body.load_balancer_id, noun: 'Load balancer' }
  if (body.listener_id !== null) return { id: body.listener_id, noun: 'Listener' }
  throw invalid({ load_balancer_id: ['Either load_balancer_id or listener_id is required'] })
}

async function everything({ context }: Service, call: Call): Promise<unknown> {
  const { place, query, sight } = call
  const details = queryOf(call, 'details', queryBoolean) ?? false
  const name = query.get('name')
  const owner = query.get('load_balancer_id') ?? query.get('loadbalancer_id')
  const listener = query.get('listener_id')?.toLowerCase()
  const lbs = new Map((await listBalancers(context.store, place)).map((lb) => [lb.id, lb]))
  const lbOf = (id: string) => {
    const lb = lbs.get(id)
    if (lb === undefined) throw new ApiFault(500, 'InternalError', 'A pool has no load balancer')
    return lb
  }
  const all = (await listPools(context.store, place)).filter((pool) => {
    const lb = lbs.get(pool.load_balancer_id)
    return lb !== undefined &&
      (owner === null || lb.id === owner.toLowerCase()) &&
      (name === null || pool.name === name) &&
      (listener === undefined ||
        lb.listeners.some((each) => each.id === listener && each.default_pool_id === pool.id))
  })
  return page(
    call,
    all,
    (pool) => showPool({ lb: lbOf(pool.load_balancer_id) }, pool, { ...sight, details }),
  )
}
