import * as z from 'zod'
import { renewed, revoked, withKey } from '../api-keys.ts'
import { date, readBody, readOptionalBody, text } from '../bodies.ts'
import { bad, Fault, forbidden } from '../faults.ts'
import type { Management } from '../management.ts'
import type { JsonMap, SubscriptionDocument, SubscriptionStatus } from '../model.ts'
import {
  accept,
  changeKeys,
  checkWhose,
  close,
  pause,
  reject,
  resume,
  subscribe,
  type SubscriptionRef,
  transfer,
  updateSubscription,
} from '../subscriptions.ts'
import { type Call, created, listOf, noContent, param, type Part, urlOf } from './exchange.ts'
import { pageAnswerV1, pageOfV1, slice } from './paging.ts'
import { auditViewV1, subscriptionViewV1 } from './views.ts'
import { listAudits } from '../audits.ts'

const newSchema = z.looseObject({
  request: text(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
})
const processSchema = z.looseObject({
  accepted: z.boolean(),
  reason: text(),
  starting_at: date,
  ending_at: date,
})
const updateSchema = z.looseObject({
  starting_at: date,
  ending_at: date,
  metadata: z.record(z.string(), z.unknown()).nullish(),
})
const transferSchema = z.looseObject({ plan: z.string() })

/** `/applications/{application}/subscriptions` and `/apis/{api}/subscriptions`. */
export function addSubscriptionRoutesV1(app: Part, management: Management): void {
  addOfApplication(app, management)
  addOfApi(app, management)
  addKeys(app, management)
  app.get('/audit', async (call) => {
    if (call.var.actor.role !== 'admin') throw forbidden()
    return call.json(await audits(management, call, {}))
  })
  app.get('/applications/:application/audit', async (call) => {
    management.ownApplication(param(call, 'application'), call.var.actor)
    return call.json(await audits(management, call, { APPLICATION: param(call, 'application') }))
  })
  app.get('/apis/:api/audit', async (call) => {
    management.ownApi(param(call, 'api'), call.var.actor)
    return call.json(await audits(management, call, { API: param(call, 'api') }))
  })
}

async function audits(
  management: Management,
  call: Call,
  properties: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>> {
  const page = pageOfV1(urlOf(call), 10)
  const asked: Record<string, string> = { ...properties }
  for (const [query, name] of [['application', 'APPLICATION'], ['api', 'API']] as const) {
    const value = call.req.query(query)
    if (value !== undefined) asked[name] = value
  }
  const { data, total } = await listAudits(management, {
    properties: asked,
    events: listOf(call, 'event'),
    page,
  })
  return {
    content: data.map(auditViewV1),
    metadata: {},
    pageNumber: page.page,
    pageElements: data.length,
    totalElements: total,
  }
}

function planOf(call: Call): string {
  const plan = call.req.query('plan')
  if (plan !== undefined && plan !== '') return plan
  throw new Fault(400, 'must not be null', {
    code: 'invalid',
    parameters: { plan: 'must not be null' },
  })
}

function addOfApplication(app: Part, management: Management): void {
  const all = '/applications/:application/subscriptions'
  const ref = (call: Call): SubscriptionRef => ({
    id: param(call, 'subscription'),
    application: param(call, 'application'),
    actor: call.var.actor,
  })
  app.get(all, (call) => {
    const application = param(call, 'application')
    management.ownApplication(application, call.var.actor)
    return call.json(list(management, call, { applications: [application] }))
  })
  app.post(all, async (call) => {
    const plan = planOf(call)
    const body = await readOptionalBody(call.req.raw, newSchema)
    management.ownApplication(param(call, 'application'), call.var.actor)
    const subscription = await subscribe(management, {
      application: param(call, 'application'),
      plan,
      actor: call.var.actor,
      accepted: false,
      request: body.request,
      metadata: (body.metadata ?? undefined) as JsonMap | undefined,
    })
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
  app.delete(
    one,
    async (call) => call.json(subscriptionViewV1(management, await close(management, ref(call)))),
  )
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

function addOfApi(app: Part, management: Management): void {
  const all = '/apis/:api/subscriptions'
  const one = `${all}/:subscription`
  const ref = (call: Call): SubscriptionRef => ({
    id: param(call, 'subscription'),
    api: param(call, 'api'),
    actor: call.var.actor,
  })
  const answer = (call: Call, subscription: SubscriptionDocument): Response =>
    call.json(subscriptionViewV1(management, subscription))
  app.get(all, (call) => {
    management.ownApi(param(call, 'api'), call.var.actor)
    return call.json(list(management, call, { api: param(call, 'api') }))
  })
  app.post(all, async (call) => {
    management.ownApi(param(call, 'api'), call.var.actor)
    const subscription = await subscribe(management, {
      application: call.req.query('application') ?? '',
      plan: planOf(call),
      api: param(call, 'api'),
      actor: call.var.actor,
      accepted: true,
    })
    return created(call, subscription.id, subscriptionViewV1(management, subscription))
  })
  app.get(one, (call) => {
    management.ownApi(param(call, 'api'), call.var.actor)
    return answer(
      call,
      management.subscription(param(call, 'subscription'), { api: param(call, 'api') }).value,
    )
  })
  app.put(one, async (call) => {
    const { starting_at: startingAt, ending_at: endingAt, metadata } = await readBody(
      call.req.raw,
      updateSchema,
    )
    const told = (metadata ?? undefined) as JsonMap | undefined
    return answer(
      call,
      await updateSubscription(management, ref(call), { startingAt, endingAt, metadata: told }),
    )
  })
  app.post(`${one}/_process`, async (call) => {
    const body = await readBody(call.req.raw, processSchema)
    const { reason, starting_at: startingAt, ending_at: endingAt } = body
    const process = body.accepted ? accept : reject
    return answer(call, await process(management, ref(call), { reason, startingAt, endingAt }))
  })
  app.post(`${one}/status`, async (call) => {
    const change = { CLOSED: close, PAUSED: pause, RESUMED: resume }[call.req.query('status') ?? '']
    if (change === undefined) throw bad('invalid', 'status must be one of CLOSED, PAUSED, RESUMED')
    return answer(call, await change(management, ref(call)))
  })
  app.post(`${one}/_transfer`, async (call) => {
    const { plan } = await readBody(call.req.raw, transferSchema)
    return answer(call, await transfer(management, ref(call), plan))
  })
}

function addKeys(app: Part, management: Management): void {
  const keys = '/applications/:application/subscriptions/:subscription/apikeys'
  const ref = (call: Call): SubscriptionRef => ({
    id: param(call, 'subscription'),
    application: param(call, 'application'),
    actor: call.var.actor,
  })
  const view = (subscription: SubscriptionDocument): unknown[] =>
    (subscription.apiKeys ?? []).map(({ id, key, createdAt, updatedAt, expireAt, revokedAt }) => ({
      id,
      key,
      application: { id: subscription.applicationId },
      subscriptions: [{ id: subscription.id }],
      revoked: revokedAt !== undefined,
      paused: false,
      expired: (expireAt ?? Infinity) <= management.now(),
      created_at: createdAt,
      updated_at: updatedAt,
      expire_at: expireAt,
      revoked_at: revokedAt,
    }))
  app.get(keys, (call) => {
    const { value } = management.subscription(param(call, 'subscription'), {
      application: param(call, 'application'),
    })
    checkWhose(management, value, { actor: call.var.actor, whose: 'either' })
    return call.json(view(value))
  })
  app.post(`${keys}/_renew`, async (call) => {
    const subscription = await changeKeys(management, ref(call), {
      event: 'APIKEY_RENEWED',
      change: (before) => renewed(management, before),
    })
    return created(call, '', view(subscription).at(-1) as Record<string, unknown>)
  })
  app.delete(`${keys}/:key`, async (call) => {
    await changeKeys(management, ref(call), {
      event: 'APIKEY_REVOKED',
      change: (before) =>
        withKey(before, param(call, 'key'), (key) => revoked(key, management.now())),
    })
    return noContent(call)
  })
}

function list(
  management: Management,
  call: Call,
  whose: { readonly api?: string; readonly applications?: readonly string[] },
): Record<string, unknown> {
  const page = pageOfV1(urlOf(call), 10)
  const statuses = (listOf(call, 'status') ?? ['ACCEPTED']) as SubscriptionStatus[]
  const plans = listOf(call, 'plan')
  const asked = listOf(call, 'application')
  const ids = management.catalogue.find({
    ...whose,
    ...(whose.applications === undefined && asked !== undefined ? { applications: asked } : {}),
    ...(plans === undefined ? {} : { plans }),
    statuses,
  })
  const known = slice(ids, page).flatMap((id) =>
    management.catalogue.subscriptions.get(id)?.value ?? []
  )
  const data = known.map((each) => ({
    ...subscriptionViewV1(management, each),
    api: each.apiId,
    plan: each.planId,
    application: each.applicationId,
    subscribed_by: each.subscribedBy,
  }))
  return { ...pageAnswerV1(data, ids.length, page), metadata: metadataOf(management, known) }
}

/** What the ids in a list stand for. */
function metadataOf(
  management: Management,
  subscriptions: readonly SubscriptionDocument[],
): Record<string, unknown> {
  const metadata: Record<string, unknown> = {}
  for (const { apiId, planId, applicationId } of subscriptions) {
    const api = management.catalogue.apis.get(apiId)?.value
    const plan = management.catalogue.plans.get(planId)?.value
    const application = management.catalogue.applications.get(applicationId)?.value
    if (api !== undefined) metadata[apiId] = { name: api.name, apiVersion: api.apiVersion }
    if (plan !== undefined) metadata[planId] = { name: plan.name, securityType: plan.security.type }
    if (application !== undefined) metadata[applicationId] = { name: application.name }
  }
  return metadata
}
