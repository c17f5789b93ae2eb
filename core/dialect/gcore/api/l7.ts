import { type Balancer, listBalancers, type Outcome, policyOf, readBalancer } from '../balancer.ts'
import { bodyOf, type Call, type Endpoint, page, type Service } from '../call.ts'
import { notFound } from '../faults.ts'
import {
  addPolicy,
  addRule,
  changePolicy,
  removePolicy,
  removeRule,
  replaceRule,
  ruleOf,
} from '../plan/l7.ts'
import type { Making } from '../plan/making.ts'
import { placedPolicyBody, policyChange, ruleBody } from '../schemas/l7.ts'
import { showPolicy, showRule } from '../show.ts'

const COLLECTION = '/v1/l7policies/{project_id}/{region_id}'
const ITEM = `${COLLECTION}/{l7policy_id}`
const RULE = `${ITEM}/rules/{l7rule_id}`

/** L7 policies and their rules. */
export const L7: readonly Endpoint[] = [
  {
    method: 'post',
    path: COLLECTION,
    summary: 'Create an L7 policy',
    body: placedPolicyBody,
    answer: 'tasks',
    handle: ({ engine }, call) => {
      const body = bodyOf(call, placedPolicyBody)
      return engine.change({
        place: call.place,
        requestId: call.requestId,
        type: 'create_l7policy',
        kind: 'update',
        id: body.listener_id,
        noun: 'Listener',
        plan: (before, making) => before && addPolicy(before, body, making),
      })
    },
  },
  {
    method: 'get',
    path: COLLECTION,
    summary: 'List L7 policies',
    query: ['listener_id', 'limit', 'offset'],
    answer: 'list',
    handle: async ({ context }, call) => {
      const listener = call.query.get('listener_id')?.toLowerCase()
      const all = (await listBalancers(context.store, call.place))
        .flatMap((lb) => lb.policies.map((policy) => ({ lb, policy })))
        .filter(({ policy }) => listener === undefined || policy.listener_id === listener)
      return page(call, all, ({ lb, policy }) => showPolicy(lb, policy, call.sight))
    },
  },
  {
    method: 'get',
    path: ITEM,
    summary: 'Get an L7 policy',
    answer: 'item',
    handle: async (service, call) => {
      const { lb, policy } = await policyAt(service, call)
      return showPolicy(lb, policy, call.sight)
    },
  },
  ...(['patch', 'put'] as const).map((method): Endpoint => ({
    method,
    path: ITEM,
    summary: method === 'put' ? 'Replace an L7 policy' : 'Change an L7 policy',
    body: policyChange,
    answer: 'tasks',
    handle: (service, call) => {
      const body = bodyOf(call, policyChange)
      const id = call.param('l7policy_id')
      return change(
        service,
        call,
        'update_l7policy',
        (before, making) => changePolicy(before, { id, body, whole: method === 'put' }, making),
      )
    },
  })),
  {
    method: 'delete',
    path: ITEM,
    summary: 'Delete an L7 policy',
    answer: 'tasks',
    handle: (service, call) =>
      change(
        service,
        call,
        'delete_l7policy',
        (before) => removePolicy(before, call.param('l7policy_id')),
      ),
  },
  {
    method: 'post',
    path: `${ITEM}/rules`,
    summary: 'Create an L7 rule',
    body: ruleBody,
    answer: 'tasks',
    handle: (service, call) => {
      const body = bodyOf(call, ruleBody)
      const policyId = call.param('l7policy_id')
      return change(
        service,
        call,
        'create_l7rule',
        (before, making) => addRule(before, { policyId, body }, making),
      )
    },
  },
  {
    method: 'get',
    path: `${ITEM}/rules`,
    summary: 'List L7 rules',
    answer: 'list',
    handle: async (service, call) => {
      const { lb, policy } = await policyAt(service, call)
      return page(call, policy.rules, (each) => showRule(lb, each, call.sight))
    },
  },
  {
    method: 'get',
    path: RULE,
    summary: 'Get an L7 rule',
    answer: 'item',
    handle: async (service, call) => {
      const { lb, policy } = await policyAt(service, call)
      return showRule(lb, ruleOf(policy, call.param('l7rule_id')), call.sight)
    },
  },
  {
    method: 'put',
    path: RULE,
    summary: 'Replace an L7 rule',
    body: ruleBody,
    answer: 'tasks',
    handle: (service, call) => {
      const body = bodyOf(call, ruleBody)
      const [policyId, ruleId] = [call.param('l7policy_id'), call.param('l7rule_id')]
      return change(
        service,
        call,
        'put_l7rule',
        (before, making) => replaceRule(before, { policyId, ruleId, body }, making),
      )
    },
  },
  {
    method: 'delete',
    path: RULE,
    summary: 'Delete an L7 rule',
    answer: 'tasks',
    handle: (service, call) =>
      change(
        service,
        call,
        'delete_l7rule',
        (before) => removeRule(before, call.param('l7policy_id'), call.param('l7rule_id')),
      ),
  },
]

function change(
  { engine }: Service,
  { param, place, requestId }: Call,
  type: string,
  decide: (before: Balancer, making: Making) => Outcome | undefined,
): Promise<unknown> {
  return engine.change({
    place,
    requestId,
    type,
    kind: 'update',
    id: param('l7policy_id'),
    noun: 'L7 policy',
    plan: (before, making) => before && decide(before, making),
  })
}

async function policyAt(
  { context }: Service,
  { param, place }: Call,
): Promise<{ readonly lb: Balancer['lb']; readonly policy: ReturnType<typeof policyOf> }> {
  const id = param('l7policy_id')
  const balancer = await readBalancer(context.store, place, id)
  if (balancer === undefined) throw notFound('L7 policy', id)
  return { lb: balancer.lb, policy: policyOf(balancer, id) }
}
