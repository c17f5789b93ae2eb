import { z } from 'zod'
import { type Balancer, memberOf, type Outcome, poolOf } from '../balancer.ts'
import { bodyOf, type Call, type Endpoint, page, type Service } from '../call.ts'
import type { MemberDoc, PoolDoc } from '../documents.ts'
import { conflict, invalid, notFound } from '../faults.ts'
import { memberHealth } from '../health.ts'
import {
  addMember,
  changeMember,
  changeMonitor,
  removeMember,
  replaceMembers,
  replaceMonitor,
} from '../plan/members.ts'
import { type Making, sameJson } from '../plan/making.ts'
import { memberBody, memberChange, monitorBody, monitorChange } from '../schemas/pool.ts'
import { showMember } from '../show.ts'
import { read } from '../validation.ts'
import { balancerOf, workOf } from './pools.ts'

const POOL = '/v1/lbpools/{project_id}/{region_id}/{pool_id}'

/** Members and health monitors of pools. */
export const MEMBERS: readonly Endpoint[] = [
  ...(['member', 'members'] as const).flatMap((word): Endpoint[] => [
    {
      method: 'get',
      path: `${POOL}/${word}`,
      summary: 'List members',
      query: ['order_by', 'limit', 'offset'],
      answer: 'list',
      handle: everyMember,
    },
    {
      method: 'post',
      path: `${POOL}/${word}`,
      summary: 'Add a member',
      body: memberBody,
      answer: 'tasks',
      handle: (service, call) => {
        const body = bodyOf(call, memberBody)
        return change(service, call, 'create_lbmember', (pool, making) => {
          const { members, created } = addMember(pool, body, making)
          return { pool: { ...pool, members }, created: { members: created }, touched: created }
        })
      },
    },
    {
      method: 'put',
      path: `${POOL}/${word}`,
      summary: 'Replace all members; those equal in address and port stay who they are',
      answer: 'tasks',
      handle: (service, call) => {
        const bodies = memberBodies(call)
        return change(service, call, 'patch_lbpool', (pool, making) => {
          const { members, created } = replaceMembers(pool.members, bodies, making)
          return { pool: { ...pool, members }, created: { members: created }, touched: created }
        })
      },
    },
    {
      method: 'get',
      path: `${POOL}/${word}/{member_id}`,
      summary: 'Get a member',
      answer: 'item',
      handle: async (service, call) => {
        const balancer = await balancerOf(service, call)
        const pool = poolOf(balancer, call.param('pool_id'))
        const member = memberOf(pool, call.param('member_id'))
        return showMember(balancer.lb, member, memberHealth(pool, call.sight.running))
      },
    },
    {
      method: 'patch',
      path: `${POOL}/${word}/{member_id}`,
      summary: 'Change a member',
      body: memberChange,
      answer: 'tasks',
      handle: (service, call) => {
        const body = bodyOf(call, memberChange)
        return change(service, call, 'patch_lbmember', (pool) => ({
          pool: { ...pool, members: changeMember(pool, call.param('member_id'), body) },
          touched: [call.param('member_id').toLowerCase()],
        }))
      },
    },
    {
      method: 'delete',
      path: `${POOL}/${word}/{member_id}`,
      summary: 'Delete a member',
      answer: 'tasks',
      handle: (service, call) =>
        change(service, call, 'delete_lbmember', (pool) => ({
          pool: { ...pool, members: removeMember(pool, call.param('member_id')) },
        })),
    },
  ]),
  {
    method: 'post',
    path: `${POOL}/healthmonitor`,
    summary: 'Give a pool a health monitor',
    body: monitorBody,
    answer: 'tasks',
    handle: (service, call) => {
      const body = bodyOf(call, monitorBody)
      return change(service, call, 'create_lbpool_health_monitor', (pool, making) => {
        if (pool.healthmonitor !== null) {
          throw conflict(`Pool ${pool.id} already has a health monitor: ${pool.healthmonitor.id}`)
        }
        const healthmonitor = replaceMonitor(null, body, making)
        return { pool: { ...pool, healthmonitor }, created: { healthmonitors: [healthmonitor.id] } }
      })
    },
  },
  {
    method: 'patch',
    path: `${POOL}/healthmonitor`,
    summary: 'Change the health monitor of a pool',
    body: monitorChange,
    answer: 'tasks',
    handle: (service, call) => {
      const body = bodyOf(call, monitorChange)
      return change(service, call, 'patch_lbpool_health_monitor', (pool) => ({
        pool: { ...pool, healthmonitor: changeMonitor(pool, body) },
      }))
    },
  },
  {
    method: 'delete',
    path: `${POOL}/healthmonitor`,
    summary: 'Take the health monitor from a pool',
    answer: 'nothing',
    handle: async (service, call) => {
      await change(service, call, 'delete_lbpool_health_monitor', (pool) => {
        if (pool.healthmonitor === null) throw notFound('Health monitor of pool', pool.id)
        return { pool: { ...pool, healthmonitor: null } }
      })
    },
  },
]

/** A changed pool, and what is new in it. */
interface PoolOutcome extends Pick<Outcome, 'created' | 'touched'> {
  readonly pool: PoolDoc
}

function change(
  { engine }: Service,
  call: Call,
  type: string,
  decide: (pool: PoolDoc, making: Making) => PoolOutcome,
): Promise<unknown> {
  const plan = (before: Balancer | undefined, making: Making): Outcome | undefined => {
    if (before === undefined) return undefined
    const pool = poolOf(before, call.param('pool_id'))
    const { pool: changed, touched = [], ...rest } = decide(pool, making)
    if (sameJson(changed, pool)) return undefined
    const pools = new Map([[changed.id, changed]])
    return { ...rest, lb: before.lb, pools, touched: [changed.id, ...touched] }
  }
  return engine.change({ ...workOf(call, type), plan })
}

function memberBodies({ json }: Call): readonly z.output<typeof memberBody>[] {
  const { members } = read(
    z.object({ members: z.array(memberBody).max(2_500) }),
    Array.isArray(json) ? { members: json } : json,
  )
  const places = new Set(members.map((each) => `${each.address} ${each.protocol_port}`))
  if (places.size === members.length) return members
  throw invalid({ members: ['A member is given twice'] })
}

async function everyMember(service: Service, call: Call): Promise<unknown> {
  const balancer = await balancerOf(service, call)
  const pool = poolOf(balancer, call.param('pool_id'))
  const health = memberHealth(pool, call.sight.running)
  const order = call.query.get('order_by') ?? 'address.asc'
  const compare = (a: MemberDoc, b: MemberDoc): number =>
    a.address < b.address ? -1 : a.address > b.address ? 1 : a.protocol_port - b.protocol_port
  const all = order.startsWith('address') ? [...pool.members].sort(compare) : [...pool.members]
  if (order.endsWith('.desc')) all.reverse()
  return page(call, all, (each) => showMember(balancer.lb, each, health))
}
