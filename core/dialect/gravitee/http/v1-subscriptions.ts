import * as z from 'zod'
import { date, readBody, readOptionalBody, text } from '../bodies.ts'
import { bad, Fault } from '../faults.ts'
import type { Management } from '../management.ts'
import type { JsonMap, SubscriptionDocument } from '../model.ts'
import { checkWhose, type SubscriptionRef } from '../subscriptions/change.ts'
import {
  accept,
  close,
  pause,
  reject,
  restore,
  resume,
  transfer,
  updateSubscription,
} from '../subscriptions/life.ts'
import { subscribe, type SubscriptionOrder } from '../subscriptions/subscribe.ts'
import { type Call, created, listOf, param, type Part, urlOf } from './exchange.ts'
import { pageAnswerV1, pageOfV1 } from './paging.ts'
import { type ListQuery, pickSubscriptions } from './subscription-lists.ts'
import { subscriptionItemV1, subscriptionViewV1 } from './subscription-views.ts'

const metadata = z.record(z.string(), z.unknown()).nullish()
  .transform((value) => (value ?? undefined) as JsonMap | undefined)
const newSchema = z.looseObject({ request: text(), metadata })
const processSchema = z.looseObject({
  id: text(64),
  accepted: z.boolean().default(false),
  reason: text(),
  starting_at: date,
  ending_at: date,
})
const updateSchema = z.looseObject({
  id: text(64),
  starting_at: date,
  ending_at: date,
  metadata,
})
const transferSchema = z.looseObject({ id: text(64), plan: z.string() })

/** `/applications/{application}/subscriptions` and `/apis/{api}/subscriptions`. */
export function addSubscriptionRoutesV1(app: Part, management: Management): void {
  addOfApplication(app, management)
  addOfApi(app, management)
  addChangesOfApi(app, management)
}

/** What is asked for twice, in the path and in the body, must be the same. Throws Fault. */
function checkId(call: Call, id: string | undefined, what: 'process' | 'update'): void {
  if (id === undefined || id === param(call, 'subscription')) return
  throw new Fault(
    400,
    `'subscription' parameter does not correspond to the subscription to ${what}`,
  )
}

function planOf(call: Call): string {
  const plan = call.req.query('plan')
  if (plan !== undefined && plan !== '') return plan
  throw new Fault(400, 'Validation error', {
    details: [{ message: 'must not be null', location: 'plan' }],
  })
}

function addOfApplication(app: Part, management: Management): void {
  const all = '/applications/:application/subscriptions'
  app.get(all, (call) => {
    const application = param(call, 'application')
    management.ownApplication(application, call.var.actor)
    const apis = listOf(call, 'api')
    return call.json(list(management, call, { applications: [application], apis }))
  })
  app.post(all, async (call) => {
    const plan = planOf(call)
    const body = await readOptionalBody(call.req.raw, newSchema)
    const application = param(call, 'application')
    management.ownApplication(application, call.var.actor)
    checkComment(management, plan, body.request)
    const { actor } = call.var
    const { request, metadata } = body
    const order = { application, plan, actor, accepted: false, request, metadata }
    const subscription = await subscribe(management, order)
    return created(call, subscription.id, subscriptionViewV1(management, subscription))
  })
  const one = `${all}/:subscription`
  app.get(one, (call) => {
    const found = management.subscription(param(call, 'subscription'), {
      application: param(call, 'application'),
    })
    checkWhose(management, found.value, { actor: call.var.actor, whose: 'either' })
    return call.json(subscriptionViewV1(management, found.value))
  })
  app.delete(one, async (call) => {
    const ref: SubscriptionRef = {
      id: param(call, 'subscription'),
      application: param(call, 'application'),
      actor: call.var.actor,
    }
    return call.json(subscriptionViewV1(management, await close(management, ref)))
  })
  app.get('/applications/:application/subscribed', (call) => {
    const application = param(call, 'application')
    management.ownApplication(application, call.var.actor)
    const apis = new Set(
      management.catalogue.subscriptionsOf(application).map(({ value }) => value.apiId),
    )
    return call.json(
      [...apis].map((id) => ({ id, name: management.catalogue.apis.get(id)?.value.name })),
    )
  })
}

/** A plan may want to be told why someone subscribes. Throws Fault. */
function checkComment(management: Management, plan: string, request: string | undefined): void {
  const { extra } = management.plan(plan).value
  if (extra['commentRequired'] !== true || (request ?? '') !== '') return
  throw new Fault(400, 'Plan requires a consumer comment when subscribing')
}

function refOfApi(call: Call): SubscriptionRef {
  return { id: param(call, 'subscription'), api: param(call, 'api'), actor: call.var.actor }
}

function addOfApi(app: Part, management: Management): void {
  const all = '/apis/:api/subscriptions'
  app.get(all, (call) => {
    management.ownApi(param(call, 'api'), call.var.actor)
    const applications = listOf(call, 'application')
    return call.json(list(management, call, { apis: [param(call, 'api')], applications }))
  })
  app.post(all, async (call) => {
    management.ownApi(param(call, 'api'), call.var.actor)
    const order: SubscriptionOrder = {
      application: call.req.query('application') ?? '',
      plan: planOf(call),
      api: param(call, 'api'),
      actor: call.var.actor,
      accepted: true,
    }
    const subscription = await subscribe(management, order)
    return created(call, subscription.id, subscriptionViewV1(management, subscription))
  })
  app.get(`${all}/:subscription`, (call) => {
    const { id, api = '', actor } = refOfApi(call)
    management.ownApi(api, actor)
    return call.json(subscriptionViewV1(management, management.subscription(id, { api }).value))
  })
}

function addChangesOfApi(app: Part, management: Management): void {
  const one = '/apis/:api/subscriptions/:subscription'
  const answer = (call: Call, subscription: SubscriptionDocument): Response =>
    call.json(subscriptionViewV1(management, subscription))
  app.put(one, async (call) => {
    const body = await readBody(call.req.raw, updateSchema)
    checkId(call, body.id, 'update')
    const { starting_at: startingAt, ending_at: endingAt, metadata } = body
    const changes = { startingAt, endingAt, metadata }
    return answer(call, await updateSubscription(management, refOfApi(call), changes))
  })
  app.post(`${one}/_process`, async (call) => {
    const body = await readBody(call.req.raw, processSchema)
    checkId(call, body.id, 'process')
    const { reason, starting_at: startingAt, ending_at: endingAt } = body
    const process = body.accepted ? accept : reject
    return answer(call, await process(management, refOfApi(call), { reason, startingAt, endingAt }))
  })
  app.post(`${one}/status`, async (call) => {
    const change = { CLOSED: close, PAUSED: pause, RESUMED: resume }[call.req.query('status') ?? '']
    if (change === undefined) throw bad('invalid', 'status must be one of CLOSED, PAUSED, RESUMED')
    return answer(call, await change(management, refOfApi(call)))
  })
  app.post(
    `${one}/_restore`,
    async (call) => answer(call, await restore(management, refOfApi(call))),
  )
  app.post(`${one}/_transfer`, async (call) => {
    const body = await readBody(call.req.raw, transferSchema)
    checkId(call, body.id, 'process')
    return answer(call, await transfer(management, refOfApi(call), body.plan))
  })
}

function list(
  management: Management,
  call: Call,
  whose: Pick<ListQuery, 'apis' | 'applications'>,
): Record<string, unknown> {
  const page = pageOfV1(urlOf(call), 10)
  const { data, total } = pickSubscriptions(management, {
    ...whose,
    plans: listOf(call, 'plan'),
    statuses: listOf(call, 'status'),
    apiKey: call.req.query('api_key'),
    securities: listOf(call, 'security_types'),
  }, page)
  const expands = listOf(call, 'expand') ?? []
  const items = data.map((each) => subscriptionItemV1(management, each, expands))
  return { ...pageAnswerV1(items, total, page), metadata: metadataOf(management, data) }
}

/** What the ids in a list stand for. */
function metadataOf(
  { catalogue }: Management,
  subscriptions: readonly SubscriptionDocument[],
): Record<string, unknown> {
  const metadata: Record<string, unknown> = {}
  for (const { apiId, planId, applicationId } of subscriptions) {
    const api = catalogue.apis.get(apiId)?.value
    const plan = catalogue.plans.get(planId)?.value
    const application = catalogue.applications.get(applicationId)?.value
    if (api !== undefined) metadata[apiId] = { name: api.name, apiVersion: api.apiVersion }
    if (plan !== undefined) metadata[planId] = { name: plan.name, securityType: plan.security.type }
    if (application !== undefined) metadata[applicationId] = { name: application.name }
  }
  return metadata
}
