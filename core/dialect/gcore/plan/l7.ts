import { type Balancer, listenerOf, type Outcome, policyOf, poolOf } from '../balancer.ts'
import type { LoadBalancerDoc, PolicyDoc, RuleDoc } from '../documents.ts'
import { invalid, notFound } from '../faults.ts'
import type { PlacedPolicyBody, PolicyBody, RuleBody } from '../schemas/l7.ts'
import { type Making, sameJson } from './making.ts'

type Target = Pick<
  PolicyDoc,
  'redirect_http_code' | 'redirect_pool_id' | 'redirect_prefix' | 'redirect_url'
>

/** @throws ApiFault 404, 400 */
export function addPolicy(balancer: Balancer, body: PlacedPolicyBody, making: Making): Outcome {
  const { lb } = balancer
  const listener = listenerOf(balancer, body.listener_id)
  if (listener.protocol !== 'HTTP' && listener.protocol !== 'TERMINATED_HTTPS') {
    throw invalid({ listener_id: ['L7 policies need a listener of HTTP or TERMINATED_HTTPS'] })
  }
  const policy: PolicyDoc = {
    id: making.newId(),
    listener_id: listener.id,
    name: body.name ?? '',
    action: body.action,
    position: 0,
    ...targetOf(balancer, body),
    tags: body.tags ?? [],
    rules: [],
    created_at: making.now,
    updated_at: null,
  }
  return {
    lb: placed(lb, policy, body.position),
    pools: new Map(),
    created: { l7polices: [policy.id] },
    touched: [policy.id, listener.id],
  }
}

/**
 * What a policy becomes. `whole`: what is not given goes back to its default. undefined: it stays as it is.
 * @throws ApiFault 404, 400
 */
export function changePolicy(
  balancer: Balancer,
  { id, body, whole }: {
    readonly id: string
    readonly body: PolicyBody
    readonly whole: boolean
  },
  { now }: Making,
): Outcome | undefined {
  const before = policyOf(balancer, id)
  const kept: Partial<PolicyBody> = whole || body.action !== before.action ? {} : {
    redirect_http_code: before.redirect_http_code,
    redirect_pool_id: before.redirect_pool_id,
    redirect_prefix: before.redirect_prefix,
    redirect_url: before.redirect_url,
  }
  const target = targetOf(balancer, { ...kept, ...defined(body), action: body.action })
  const policy: PolicyDoc = {
    ...before,
    action: body.action,
    name: body.name ?? (whole ? '' : before.name),
    ...target,
    tags: body.tags ?? (whole ? [] : before.tags),
  }
  const moved = body.position !== undefined && body.position !== before.position
  if (!moved && sameJson(policy, before)) return undefined
  const changed = { ...policy, updated_at: now }
  const { lb } = balancer
  const others = lb.policies.filter((each) => each.id !== changed.id)
  return {
    lb: moved
      ? placed({ ...lb, policies: others }, changed, body.position)
      : { ...lb, policies: lb.policies.map((each) => each.id === changed.id ? changed : each) },
    pools: new Map(),
    touched: [changed.id],
  }
}

/** @throws ApiFault 404 */
export function removePolicy(balancer: Balancer, id: string): Outcome {
  const gone = policyOf(balancer, id)
  const { lb } = balancer
  const left = lb.policies.filter((each) => each.id !== gone.id)
  return { lb: { ...lb, policies: numbered(left) }, pools: new Map(), touched: [] }
}

/** @throws ApiFault 404 */
export function addRule(
  balancer: Balancer,
  { policyId, body }: { readonly policyId: string; readonly body: RuleBody },
  making: Making,
): Outcome {
  const policy = policyOf(balancer, policyId)
  const rule: RuleDoc = { id: making.newId(), ...body, created_at: making.now, updated_at: null }
  return {
    ...withRules(balancer, policy, [...policy.rules, rule]),
    created: { l7rules: [rule.id] },
    touched: [policy.id, rule.id],
  }
}

/** @throws ApiFault 404 */
export function replaceRule(
  balancer: Balancer,
  { policyId, ruleId, body }: {
    readonly policyId: string
    readonly ruleId: string
    readonly body: RuleBody
  },
  { now }: Making,
): Outcome | undefined {
  const policy = policyOf(balancer, policyId)
  const before = ruleOf(policy, ruleId)
  const rule = { ...before, ...body }
  if (sameJson(rule, before)) return undefined
  const changed = { ...rule, updated_at: now }
  const rules = policy.rules.map((each) => each.id === changed.id ? changed : each)
  return { ...withRules(balancer, policy, rules), touched: [policy.id, changed.id] }
}

/** @throws ApiFault 404 */
export function removeRule(balancer: Balancer, policyId: string, ruleId: string): Outcome {
  const policy = policyOf(balancer, policyId)
  const gone = ruleOf(policy, ruleId)
  return {
    ...withRules(balancer, policy, policy.rules.filter((each) => each.id !== gone.id)),
    touched: [policy.id],
  }
}

/** @throws ApiFault 404 */
export function ruleOf(policy: PolicyDoc, id: string): RuleDoc {
  const found = policy.rules.find((each) => each.id === id.toLowerCase())
  if (found === undefined) throw notFound('L7 rule', id)
  return found
}

function withRules(
  { lb }: Balancer,
  policy: PolicyDoc,
  rules: readonly RuleDoc[],
): Pick<Outcome, 'lb' | 'pools'> {
  const policies = lb.policies.map((each) => each.id === policy.id ? { ...policy, rules } : each)
  return { lb: { ...lb, policies }, pools: new Map() }
}

/** Where an action leads; what belongs to other actions is left out. @throws ApiFault 400, 404 */
function targetOf(balancer: Balancer, body: PolicyBody): Target {
  const none = {
    redirect_http_code: null,
    redirect_pool_id: null,
    redirect_prefix: null,
    redirect_url: null,
  }
  const code = body.redirect_http_code ?? 302
  switch (body.action) {
    case 'REJECT':
      return none
    case 'REDIRECT_TO_POOL': {
      const id = wanted('redirect_pool_id', body)
      const pool = poolOf(balancer, id)
      return { ...none, redirect_pool_id: pool.id }
    }
    case 'REDIRECT_TO_URL':
      return {
        ...none,
        redirect_http_code: code,
        redirect_url: wanted('redirect_url', body),
      }
    case 'REDIRECT_PREFIX':
      return {
        ...none,
        redirect_http_code: code,
        redirect_prefix: wanted('redirect_prefix', body),
      }
  }
}

function wanted(
  name: 'redirect_pool_id' | 'redirect_prefix' | 'redirect_url',
  body: PolicyBody,
): string {
  const value = body[name]
  if (value !== undefined && value !== null) return value
  throw invalid({ [name]: [`Field required for ${body.action}`] })
}

/** Puts a policy among those of its listener, from 1; the others move on. */
function placed(
  lb: LoadBalancerDoc,
  policy: PolicyDoc,
  position: number | undefined,
): LoadBalancerDoc {
  const own = lb.policies.filter((each) => each.listener_id === policy.listener_id)
  const rest = lb.policies.filter((each) => each.listener_id !== policy.listener_id)
  const at = position === undefined ? own.length : Math.max(0, position - 1)
  const policies = [...own.slice(0, at), policy, ...own.slice(at)]
  return { ...lb, policies: numbered([...rest, ...policies]) }
}

/** Positions without gaps, listener by listener. */
function numbered(policies: readonly PolicyDoc[]): readonly PolicyDoc[] {
  const last = new Map<string, number>()
  return policies.map((each) => {
    const position = (last.get(each.listener_id) ?? 0) + 1
    last.set(each.listener_id, position)
    return each.position === position ? each : { ...each, position }
  })
}

function defined(body: PolicyBody): PolicyBody {
  return Object.fromEntries(
    Object.entries(body).filter(([, value]) => value !== undefined && value !== null),
  ) as unknown as PolicyBody
}
