import { type Balancer, listBalancers, listenerOf, listPools, readBalancer } from '../balancer.ts'
import { bodyOf, type Call, type Endpoint, page, queryOf, type Service } from '../call.ts'
import { notFound } from '../faults.ts'
import { addListener, changeListener, removeListener } from '../plan/listener.ts'
import { queryBoolean } from '../schemas/fields.ts'
import { listenerChange, listenerRename, placedListenerBody } from '../schemas/listener.ts'
import type { ListenerChange } from '../schemas/listener.ts'
import { showListener } from '../show.ts'

const COLLECTION = '/lblisteners/{project_id}/{region_id}'
const ITEM = `${COLLECTION}/{listener_id}`

/** Listeners. */
export const LISTENERS: readonly Endpoint[] = [
  {
    method: 'post',
    path: `/v1${COLLECTION}`,
    summary: 'Create a listener',
    body: placedListenerBody,
    answer: 'tasks',
    handle: ({ engine }, { place, requestId, ...call }) => {
      const body = bodyOf({ place, requestId, ...call }, placedListenerBody)
      return engine.change({
        place,
        requestId,
        type: 'create_lblistener',
        kind: 'update',
        id: body.load_balancer_id,
        noun: 'Load balancer',
        plan: (before, making) => {
          if (before?.lb.id !== body.load_balancer_id) {
            throw notFound('Load balancer', body.load_balancer_id)
          }
          return addListener(before, body, making)
        },
      })
    },
  },
  {
    method: 'get',
    path: `/v1${COLLECTION}`,
    summary: 'List listeners',
    query: ['load_balancer_id', 'loadbalancer_id', 'name', 'show_stats', 'limit', 'offset'],
    answer: 'list',
    handle: everything,
  },
  {
    method: 'get',
    path: `/v1${ITEM}`,
    summary: 'Get a listener',
    query: ['show_stats'],
    answer: 'item',
    handle: get,
  },
  {
    method: 'patch',
    path: `/v2${ITEM}`,
    summary: 'Change a listener',
    body: listenerChange,
    answer: 'tasks',
    handle: (service, call) => change(service, call, bodyOf(call, listenerChange)),
  },
  {
    method: 'patch',
    path: `/v1${ITEM}`,
    summary: 'Rename a listener, and get it',
    body: listenerRename,
    answer: 'item',
    handle: async (service, call) => {
      await change(service, call, bodyOf(call, listenerRename))
      return await get(service, call)
    },
  },
  {
    method: 'delete',
    path: `/v1${ITEM}`,
    summary: 'Delete a listener and its L7 policies',
    query: ['delete_default_pool'],
    answer: 'tasks',
    handle: ({ engine }, call) => {
      const id = call.param('listener_id')
      const withPool = queryOf(call, 'delete_default_pool', queryBoolean) ?? false
      return engine.change({
        ...workOf(call, 'delete_lblistener'),
        plan: (before) => before && removeListener(before, id, { withPool }),
      })
    },
  },
]

function workOf({ param, place, requestId }: Call, type: string): {
  readonly place: Call['place']
  readonly requestId: string
  readonly type: string
  readonly kind: 'update'
  readonly id: string
  readonly noun: string
} {
  const id = param('listener_id')
  return { place, requestId, type, kind: 'update', id, noun: 'Listener' }
}

async function change({ engine }: Service, call: Call, body: ListenerChange): Promise<unknown> {
  const id = call.param('listener_id')
  return await engine.change({
    ...workOf(call, 'patch_lblistener'),
    plan: (before) => before && changeListener(before, id, body),
  })
}

async function get({ context }: Service, call: Call): Promise<unknown> {
  const id = call.param('listener_id')
  const balancer = await readBalancer(context.store, call.place, id)
  if (balancer === undefined) throw notFound('Listener', id)
  return showListener(balancer, listenerOf(balancer, id), call.sight)
}

async function everything({ context }: Service, call: Call): Promise<unknown> {
  const { place, query, sight } = call
  const name = query.get('name')
  const id = query.get('load_balancer_id') ?? query.get('loadbalancer_id')
  const pools = new Map((await listPools(context.store, place)).map((each) => [each.id, each]))
  const all = (await listBalancers(context.store, place))
    .filter((lb) => id === null || lb.id === id.toLowerCase())
    .flatMap((lb) => lb.listeners.map((listener) => ({ balancer: { lb, pools }, listener })))
    .filter(({ listener }) => name === null || listener.name === name)
  return page<{ balancer: Balancer; listener: (typeof all)[number]['listener'] }>(
    call,
    all,
    ({ balancer, listener }) => showListener(balancer, listener, sight),
  )
}
