import type { Balancer } from '../balancer.ts'
import { bodyOf, type Call, type Endpoint, page, type Service } from '../call.ts'
import { notFound } from '../faults.ts'
import { changeLoadBalancer, replaceTags } from '../plan/load-balancer.ts'
import { tagsBody } from '../schemas/load-balancer.ts'
import { showTags } from '../show.ts'
import { balancerOf, workOf } from './load-balancers.ts'

const ITEM = '/v1/loadbalancers/{project_id}/{region_id}/{load_balancer_id}'

/** Tags of load balancers, as older clients write them. */
export const TAGS: readonly Endpoint[] = [
  {
    method: 'get',
    path: `${ITEM}/metadata`,
    summary: 'List tags',
    answer: 'list',
    handle: async (service, call) => {
      const { lb } = await balancerOf(service, call)
      return page(call, showTags(lb.tags), (each) => each)
    },
  },
  {
    method: 'post',
    path: `${ITEM}/metadata`,
    summary: 'Add tags, or change their values',
    body: tagsBody,
    answer: 'tasks',
    handle: ({ engine }, call) => {
      const tags = bodyOf(call, tagsBody)
      return engine.change({
        ...workOf(call, 'update_lbmetadata'),
        plan: (before) => before && (changeLoadBalancer(before, { tags }) ?? unchanged(before)),
      })
    },
  },
  {
    method: 'put',
    path: `${ITEM}/metadata`,
    summary: 'Replace all tags',
    body: tagsBody,
    answer: 'tasks',
    handle: ({ engine }, call) => {
      const tags = bodyOf(call, tagsBody)
      return engine.change({
        ...workOf(call, 'replace_lbmetadata'),
        plan: (before) => before && replaceTags(before, tags),
      })
    },
  },
  {
    method: 'get',
    path: `${ITEM}/metadata_item`,
    summary: 'Get a tag',
    query: ['key'],
    answer: 'item',
    handle: async (service, call) => {
      const { lb } = await balancerOf(service, call)
      const key = keyOf(call)
      const [found] = showTags(lb.tags).filter((each) => each['key'] === key)
      if (found === undefined) throw notFound('Tag', key)
      return found
    },
  },
  {
    method: 'delete',
    path: `${ITEM}/metadata_item`,
    summary: 'Delete a tag',
    query: ['key'],
    answer: 'tasks',
    handle: remove,
  },
]

function keyOf({ query }: Call): string {
  return query.get('key') ?? query.get('meta_key') ?? ''
}

function unchanged({ lb }: Balancer): ReturnType<typeof replaceTags> {
  return { lb, pools: new Map(), touched: [] }
}

async function remove({ engine }: Service, call: Call): Promise<unknown> {
  const key = keyOf(call)
  return await engine.change({
    ...workOf(call, 'delete_lbmetadata'),
    plan: (before) => {
      if (before !== undefined && !Object.hasOwn(before.lb.tags, key)) throw notFound('Tag', key)
      return before && changeLoadBalancer(before, { tags: { [key]: null } })
    },
  })
}
