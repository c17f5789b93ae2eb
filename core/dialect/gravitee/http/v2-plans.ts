import { readBody } from '../bodies.ts'
import type { Management } from '../management.ts'
import type { PlanStatus, SecurityType } from '../model.ts'
import { type PlanBody, planSchema, updatePlanSchema } from '../plan-bodies.ts'
import {
  closePlan,
  createPlan,
  deletePlan,
  deprecatePlan,
  type PlanOrder,
  publishPlan,
  updatePlan,
} from '../plans.ts'
import { Fault } from '../faults.ts'
import { LIVING } from '../subscriptions/closing.ts'
import {
  type Call,
  created,
  isWanted,
  listOf,
  noContent,
  param,
  type Part,
  urlOf,
  wordsOf,
} from './exchange.ts'
import { pageAnswer, pageOf, sliceStrictly } from './paging.ts'
import { planView, tagsOf, type View } from './views.ts'

const PLANS = '/apis/:api/plans'
const STATUSES: readonly PlanStatus[] = ['STAGING', 'PUBLISHED', 'DEPRECATED', 'CLOSED']
const SECURITIES: readonly SecurityType[] = ['KEY_LESS', 'API_KEY', 'OAUTH2', 'JWT', 'MTLS']

/** `/apis/{api}/plans`. */
export function addPlanRoutes(app: Part, management: Management): void {
  app.get(PLANS, (call) => call.json(listPlans(management, call)))
  app.post(PLANS, async (call) => {
    const body = await readBody<PlanBody>(call.req.raw, planSchema)
    if (body.security === undefined) {
      throw new Fault(400, 'Plan is not valid.', { code: 'plan.invalid' })
    }
    const plan = await createPlan(management, body, {
      api: param(call, 'api'),
      actor: call.var.actor,
    })
    return created(call, plan.id, planView(plan))
  })
  const one = `${PLANS}/:plan`
  app.get(one, (call) => {
    const plan = management.plan(param(call, 'plan'), param(call, 'api'))
    management.ownApi(plan.value.apiId, call.var.actor)
    return call.json(planView(plan.value), 200, tagsOf(plan.value))
  })
  app.put(one, async (call) => {
    const { value } = management.plan(param(call, 'plan'), param(call, 'api'))
    management.ownApi(value.apiId, call.var.actor)
    if (!isWanted(call, value)) return call.body(null, 412)
    const body = await readBody<PlanBody>(call.req.raw, updatePlanSchema)
    const plan = await updatePlan(management, body, orderOf(call))
    return call.json(planView(plan), 200, tagsOf(plan))
  })
  app.delete(one, async (call) => {
    await deletePlan(management, orderOf(call))
    return noContent(call)
  })
  app.post(
    `${one}/_publish`,
    async (call) => call.json(planView(await publishPlan(management, orderOf(call)))),
  )
  app.post(
    `${one}/_deprecate`,
    async (call) => call.json(planView(await deprecatePlan(management, orderOf(call)))),
  )
  app.post(
    `${one}/_close`,
    async (call) => call.json(planView(await closePlan(management, orderOf(call)))),
  )
}

function orderOf(call: Call): PlanOrder {
  return { id: param(call, 'plan'), api: param(call, 'api'), actor: call.var.actor }
}

function listPlans(management: Management, call: Call): Record<string, unknown> {
  management.ownApi(param(call, 'api'), call.var.actor)
  const statuses = wordsOf(call, 'statuses', STATUSES) ?? ['PUBLISHED']
  const securities = wordsOf(call, 'securities', SECURITIES)
  const [mode = 'STANDARD'] = wordsOf(call, 'mode', ['STANDARD', 'PUSH']) ?? []
  const has = heldBy(management, call)
  const page = pageOf(urlOf(call))
  const all = management.catalogue.plansOf(param(call, 'api')).map(({ value }) => value)
    .filter(({ id, status, security: { type } }) =>
      mode === 'STANDARD' && statuses.includes(status) && (securities?.includes(type) ?? true) &&
      (has === undefined || (type !== 'KEY_LESS' && !has.has(id)))
    )
  const some = sliceStrictly(all, page).map(planView)
  const data = listOf(call, 'fields')?.includes('-flow') ? some.map(withoutFlows) : some
  return pageAnswer(data, all.length, { page, url: urlOf(call) })
}

function withoutFlows({ flows: _, ...plan }: View): View {
  return plan
}

/** The plans that an application has, where it is asked what it could subscribe to. */
function heldBy({ catalogue }: Management, call: Call): ReadonlySet<string> | undefined {
  const application = call.req.query('subscribableBy')
  if (application === undefined) return undefined
  const living = catalogue.subscriptionsOf(application).filter(({ value }) =>
    LIVING.includes(value.status)
  )
  return new Set(living.map(({ value }) => value.planId))
}
