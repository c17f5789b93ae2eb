import { type Balancer, list, listBalancers, listPools, readBalancer } from '../balancer.ts'
import { bodyOf, type Call, type Endpoint, page, queryOf, type Service } from '../call.ts'
import { type LoadBalancerDoc, type PoolDoc, ROOT } from '../documents.ts'
import { invalid, notFound } from '../faults.ts'
import { FLAVORS } from '../flavors.ts'
import { newId } from '../ids.ts'
import {
  changeLoadBalancer,
  makeLoadBalancer,
  removeLoadBalancer,
  resizeLoadBalancer,
} from '../plan/load-balancer.ts'
import { chooseVip, socketOf } from '../plan/vip.ts'
import { queryBoolean } from '../schemas/fields.ts'
import { loadBalancerBody, loadBalancerChange, resizeBody } from '../schemas/load-balancer.ts'
import { showLoadBalancer, showStatus } from '../show.ts'

const COLLECTION = '/loadbalancers/{project_id}/{region_id}'
const ITEM = `${COLLECTION}/{load_balancer_id}`

/** Load balancers. */
export const LOAD_BALANCERS: readonly Endpoint[] = [
  {
    method: 'get',
    path: '/v1/lbflavors/{project_id}/{region_id}',
    summary: 'List flavors',
    answer: 'list',
    handle: (_service, call) => Promise.resolve(page(call, FLAVORS, (each) => each)),
  },
  {
    method: 'post',
    path: `/v1${COLLECTION}`,
    summary: 'Create a load balancer, with listeners, pools and members',
    body: loadBalancerBody,
    answer: 'tasks',
    handle: create,
  },
  {
    method: 'get',
    path: `/v1${COLLECTION}`,
    summary: 'List load balancers',
    query: ['name', 'order_by', 'tag_key', 'tag_key_value', 'logging_enabled', 'limit', 'offset'],
    answer: 'list',
    handle: async (service, call) => {
      const all = await everything(service, call)
      return page(call, all, (each) => showLoadBalancer(each, call.sight))
    },
  },
  {
    method: 'get',
    path: `/v1${COLLECTION}/status`,
    summary: 'List the states of load balancers and all below them',
    answer: 'list',
    handle: async (service, call) => {
      const all = await everything(service, call)
      return page(call, all, (each) => showStatus(each, call.sight))
    },
  },
  {
    method: 'get',
    path: `/v1${ITEM}`,
    summary: 'Get a load balancer',
    answer: 'item',
    handle: async (service, call) => showLoadBalancer(await balancerOf(service, call), call.sight),
  },
  {
    method: 'get',
    path: `/v1${ITEM}/status`,
    summary: 'Get the states of a load balancer and all below it',
    answer: 'item',
    handle: async (service, call) => showStatus(await balancerOf(service, call), call.sight),
  },
  {
    method: 'patch',
    path: `/v1${ITEM}`,
    summary: 'Change a load balancer, and get it',
    body: loadBalancerChange,
    answer: 'item',
    handle: async (service, call) => {
      await change(service, call)
      return showLoadBalancer(await balancerOf(service, call), call.sight)
    },
  },
  {
    method: 'patch',
    path: `/v2${ITEM}`,
    summary: 'Change a load balancer',
    body: loadBalancerChange,
    answer: 'tasks',
    handle: change,
  },
  {
    method: 'delete',
    path: `/v1${ITEM}`,
    summary: 'Delete a load balancer and all below it',
    answer: 'tasks',
    handle: ({ engine }, call) =>
      engine.change({
        ...workOf(call, 'delete_loadbalancer'),
        kind: 'delete',
        plan: (before) => before && removeLoadBalancer(before),
      }),
  },
  {
    method: 'post',
    path: `/v1${ITEM}/resize`,
    summary: 'Give a load balancer another flavor',
    body: resizeBody,
    answer: 'tasks',
    handle: ({ engine }, call) => {
      const { flavor } = bodyOf(call, resizeBody)
      return engine.change({
        ...workOf(call, 'resize_loadbalancer'),
        plan: (before) => before && resizeLoadBalancer(before, flavor),
      })
    },
  },
  {
    method: 'post',
    path: `/v1${ITEM}/failover`,
    summary: 'Fail over; there is nothing to fail over to, so nothing changes',
    answer: 'tasks',
    handle: ({ engine }, call) =>
      engine.change({
        ...workOf(call, 'failover_loadbalancer'),
        plan: (before) => before && { lb: before.lb, pools: new Map() },
      }),
  },
  {
    method: 'post',
    path: `/v1${ITEM}/metrics`,
    summary: 'Measurements of the machine of a load balancer; there is none of its own',
    answer: 'list',
    handle: async (service, call) => {
      await balancerOf(service, call)
      return { count: 0, results: [] }
    },
  },
]

/** The load balancer that a call names. @throws ApiFault 404 */
export async function balancerOf({ context }: Service, { param, place }: Call): Promise<Balancer> {
  const id = param('load_balancer_id')
  const found = await readBalancer(context.store, place, id)
  if (found?.lb.id !== id.toLowerCase()) throw notFound('Load balancer', id)
  return found
}

/** What changes of the load balancer that a call names have in common. */
export function workOf(
  { param, place, requestId }: Call,
  type: string,
): {
  readonly place: Call['place']
  readonly requestId: string
  readonly type: string
  readonly kind: 'update'
  readonly id: string
  readonly noun: string
} {
  const id = param('load_balancer_id')
  return { place, requestId, type, kind: 'update', id, noun: 'Load balancer' }
}

async function change({ engine }: Service, call: Call): Promise<unknown> {
  const body = bodyOf(call, loadBalancerChange)
  return await engine.change({
    ...workOf(call, 'update_loadbalancer'),
    plan: (before) => before && changeLoadBalancer(before, body),
  })
}

async function create({ addresses, context, engine }: Service, call: Call): Promise<unknown> {
  const body = bodyOf(call, loadBalancerBody)
  const id = newId(context.entropy)
  const others = (await list(context.store, `${ROOT}/loadbalancers/`))
    .map(({ value }) => value as unknown as LoadBalancerDoc)
  const sockets = body.listeners.map(socketOf)
  const chosen = chooseVip(addresses, { family: body.vip_ip_family, sockets, others })
  const vip = typeof chosen === 'string'
    ? { family: 'ipv4' as const, address: '', additional: [] }
    : chosen
  return await engine.change({
    place: call.place,
    requestId: call.requestId,
    type: 'create_loadbalancer',
    kind: 'create',
    id,
    noun: 'Load balancer',
    plan: (_before, making) => ({
      ...makeLoadBalancer(body, { id, vip }, making),
      ...(typeof chosen === 'string' ? { fault: chosen } : {}),
    }),
  })
}

/** All load balancers that a call asks for, the newest first. */
async function everything({ context }: Service, call: Call): Promise<Balancer[]> {
  const wanted = filterOf(call)
  const found = (await listBalancers(context.store, call.place)).filter(wanted)
  const pools = new Map<string, Map<string, PoolDoc>>()
  for (const pool of await listPools(context.store, call.place)) {
    const own = pools.get(pool.load_balancer_id) ?? new Map<string, PoolDoc>()
    pools.set(pool.load_balancer_id, own.set(pool.id, pool))
  }
  return sorted(call, found).map((lb) => ({ lb, pools: pools.get(lb.id) ?? new Map() }))
}

const ORDERS: Readonly<Record<string, (a: LoadBalancerDoc, b: LoadBalancerDoc) => number>> = {
  created_at: (a, b) => a.created_at - b.created_at,
  updated_at: (a, b) => (a.updated_at ?? a.created_at) - (b.updated_at ?? b.created_at),
  name: (a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0,
  vip_address: (a, b) => a.vip_address < b.vip_address ? -1 : 1,
}

function sorted({ query }: Call, all: readonly LoadBalancerDoc[]): LoadBalancerDoc[] {
  const [field = '', direction = 'asc'] = (query.get('order_by') ?? 'created_at.desc').split('.')
  const compare = Object.hasOwn(ORDERS, field) ? ORDERS[field] : undefined
  if (compare === undefined || (direction !== 'asc' && direction !== 'desc')) {
    throw invalid({ order_by: [`Input should be one of ${Object.keys(ORDERS).join(', ')}`] })
  }
  const order = [...all].sort(compare)
  return direction === 'asc' ? order : order.reverse()
}

/** What a query asks of load balancers. @throws ApiFault 400 */
function filterOf(call: Call): (lb: LoadBalancerDoc) => boolean {
  const name = call.query.get('name')
  const keys = call.query.getAll('tag_key')
  const pairs = Object.entries(tagsOf(call.query.get('tag_key_value')))
  const logging = queryOf(call, 'logging_enabled', queryBoolean)
  const floating = queryOf(call, 'assigned_floating', queryBoolean)
  return (lb) =>
    (name === null || lb.name === name) &&
    keys.every((key) => Object.hasOwn(lb.tags, key)) &&
    pairs.every(([key, value]) => lb.tags[key] === value) &&
    (logging === undefined || lb.logging.enabled === logging) &&
    floating !== true
}

function tagsOf(text: string | null): Readonly<Record<string, unknown>> {
  if (text === null) return {}
  try {
    const found: unknown = JSON.parse(text)
    if (typeof found === 'object' && found !== null && !Array.isArray(found)) {
      return found as Record<string, unknown>
    }
  } catch {
    // Told below.
  }
  throw invalid({ tag_key_value: ['Input should be a JSON object of tags'] })
}
