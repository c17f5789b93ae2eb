import * as z from 'zod'
import { API_KEY_MODES } from '../api-key-mode.ts'
import { date, readBody, readOptionalBody, text } from '../bodies.ts'
import { bad, Fault } from '../faults.ts'
import type { Management } from '../management.ts'
import type { JsonMap, SubscriptionDocument, SubscriptionStatus } from '../model.ts'
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
import { ANY, LIVING } from '../subscriptions/closing.ts'
import { isFreeKey } from '../subscriptions/key-changes.ts'
import { subscribe, type SubscriptionOrder } from '../subscriptions/subscribe.ts'
import { type Call, created, listOf, param, type Part, urlOf } from './exchange.ts'
import { pageAnswerV1, pageOfV1, type PageRequest } from './paging.ts'
import { csvOf, type ListQuery, pickSubscriptions } from './subscription-lists.ts'
import { subscriptionItemV1, subscriptionViewV1 } from './subscription-views.ts'

const metadata = z.record(z.string(), z.unknown()).nullish()
  .transform((value) => (value ?? undefined) as JsonMap | undefined)
const newSchema = z.looseObject({
  request: text(),
  metadata,
  apiKeyMode: z.enum(API_KEY_MODES).nullish().transform((mode) => mode ?? undefined),
})
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
  const message = `'subscription' parameter does not correspond to the subscription to ${what}`
  throw new Fault(400, message, { text: true })
}

/** A query parameter that must be there. Throws Fault. */
function needed(call: Call, name: string): string {
  const value = call.req.query(name)
  if (value !== undefined && value !== '') return value
  throw new Fault(400, 'Validation error', {
    details: [{ message: 'must not be null', location: name }],
  })
}

function addOfApplication(app: Part, management: Management): void {
  const all = '/applications/:application/subscriptions'
  app.get(all, (call) => {
    const application = param(call, 'application')
    management.ownApplication(application, call.var.actor)
    const apis = listOf(call, 'api')
    const statuses = statusesOf(call) ?? ['ACCEPTED']
    return call.json(list(management, call, { applications: [application], apis, statuses }))
  })
  app.post(all, async (call) => {
    const plan = needed(call, 'plan')
    const body = await readOptionalBody(call.req.raw, newSchema)
    const application = param(call, 'application')
    management.ownApplication(application, call.var.actor)
    checkComment(management, plan, body.request)
    const { actor } = call.var
    const { request, metadata, apiKeyMode } = body
    const order = { application, plan, actor, accepted: false, request, metadata, apiKeyMode }
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
    const [id, application] = [param(call, 'subscription'), param(call, 'application')]
    // Gravitee's answer has no body.
    if (management.subscription(id).value.applicationId !== application) {
      return call.body(null, 403)
    }
    const ref: SubscriptionRef = { id, application, actor: call.var.actor }
    return call.json(subscriptionViewV1(management, await close(management, ref)))
  })
  app.post(`${one}/_changeConsumerStatus`, (call) => {
    const { value } = management.subscription(param(call, 'subscription'), {
      application: param(call, 'application'),
    })
    checkWhose(management, value, { actor: call.var.actor, whose: 'either' })
    if (!/^(started|stopped)$/i.test(call.req.query('status') ?? '')) return call.body(null, 400)
    throw notForConsumers(value)
  })
  app.get('/applications/:application/subscribed', (call) => {
    const application = param(call, 'application')
    management.ownApplication(application, call.var.actor)
    const apis = new Set(
      management.catalogue.subscriptionsOf(application).map(({ value }) => value.apiId),
    )
    const told = [...apis].map((id) => ({
      id,
      name: management.catalogue.apis.get(id)?.value.name ?? '',
    }))
    return call.json(told.sort(byName))
  })
}

/** Consumers stop what is pushed to them; none of the APIs here pushes. */
function notForConsumers({ id, status }: SubscriptionDocument): Fault {
  const message = `Subscription [${id}] consumer status cannot be updated because ` +
    'API should contain a listener of type SUBSCRIPTION'
  return bad('subscription.consumerStatusNotUpdatable', message, {
    subscription: id,
    status,
    consumerStatus: 'STARTED',
  })
}

/** A plan may want to be told why someone subscribes. Throws Fault. */
function checkComment(management: Management, plan: string, request: string | undefined): void {
  const { extra } = management.plan(plan).value
  if (extra['commentRequired'] !== true || (request ?? '') !== '') return
  throw new Fault(400, 'Plan requires a consumer comment when subscribing', { text: true })
}

function refOfApi(call: Call): SubscriptionRef {
  return { id: param(call, 'subscription'), api: param(call, 'api'), actor: call.var.actor }
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1
}

function addOfApi(app: Part, management: Management): void {
  const all = '/apis/:api/subscriptions'
  app.get(all, (call) => {
    management.ownApi(param(call, 'api'), call.var.actor)
    return call.json(list(management, call, ofApi(call)))
  })
  app.get(`${all}/export`, (call) => {
    management.ownApi(param(call, 'api'), call.var.actor)
    const { data } = pick(management, call, ofApi(call))
    const file = `subscriptions-${param(call, 'api')}-${management.now()}.csv`
    return call.body(csvOf(management, data), 200, {
      'Content-Type': 'text/plain',
      'Content-Disposition': `attachment;filename=${file}`,
    })
  })
  app.get(`${all}/_canCreate`, (call) => {
    const { value } = management.ownApi(param(call, 'api'), call.var.actor)
    const [key, application] = [needed(call, 'key'), needed(call, 'application')]
    return call.json(isFreeKey(management, { key, api: value.id, application }))
  })
  app.post(all, async (call) => {
    management.ownApi(param(call, 'api'), call.var.actor)
    if ((call.req.query('customApiKey') ?? '') !== '') {
      throw new Fault(400, 'You are not allowed to provide a custom API Key', { text: true })
    }
    const order: SubscriptionOrder = {
      application: needed(call, 'application'),
      plan: needed(call, 'plan'),
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
    const change = {
      CLOSED: close,
      PAUSED: pause,
      RESUMED: resume,
    }[call.req.query('status')?.toUpperCase() ?? '']
    if (change === undefined) return call.body(null, 400)
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

/** The statuses that are asked for, without those that are none; undefined: there is no such. */
function statusesOf(call: Call): string[] | undefined {
  const known = (listOf(call, 'status') ?? []).map((each) => each.toUpperCase())
    .filter((each) => ANY.includes(each as SubscriptionStatus))
  return known.length === 0 ? undefined : known
}

type Whose = Pick<ListQuery, 'apis' | 'applications' | 'statuses'>

/** The subscriptions of an API: unless told otherwise, those that live. */
function ofApi(call: Call): Whose {
  return {
    apis: [param(call, 'api')],
    applications: listOf(call, 'application'),
    statuses: call.req.query('status') === undefined ? LIVING : statusesOf(call) ?? ['ACCEPTED'],
  }
}

function pick(
  management: Management,
  call: Call,
  whose: Whose,
): ReturnType<typeof pickSubscriptions> & { readonly page: PageRequest } {
  const page = pageOfV1(urlOf(call), 10)
  const found = pickSubscriptions(management, {
    ...whose,
    plans: listOf(call, 'plan'),
    apiKey: call.req.query('api_key'),
    securities: listOf(call, 'security_types'),
  }, page)
  return { ...found, page }
}

function list(management: Management, call: Call, whose: Whose): Record<string, unknown> {
  const { data, total, page } = pick(management, call, whose)
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
