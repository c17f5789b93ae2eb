import * as z from 'zod'
import { API_KEY_MODES } from '../api-key-mode.ts'
import { date, name, readBody, text } from '../bodies.ts'
import { bad } from '../faults.ts'
import type { Management } from '../management.ts'
import type { JsonMap, SubscriptionDocument } from '../model.ts'
import { checkWhose, type SubscriptionRef } from '../subscriptions/change.ts'
import {
  type ChangedKey,
  expireKey,
  isFreeKey,
  reactivateKey,
  renewKey,
  revokeKey,
} from '../subscriptions/key-changes.ts'
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
import { subscribe } from '../subscriptions/subscribe.ts'
import { ANY } from '../subscriptions/closing.ts'
import { type Call, created, listOf, param, type Part, urlOf, wordsOf } from './exchange.ts'
import { pageAnswer, pageOf, sliceStrictly } from './paging.ts'
import { csvOf, type ListQuery, pickSubscriptions } from './subscription-lists.ts'
import { apiKeyView, subscriptionView } from './subscription-views.ts'

const metadata = z.record(z.string(), z.union([z.string().max(10_000), z.number(), z.boolean()]))
  .nullish().transform((value) => (value ?? undefined) as JsonMap | undefined)

const createSchema = z.looseObject({
  applicationId: name(64),
  planId: name(64),
  customApiKey: text(),
  apiKeyMode: z.enum(API_KEY_MODES).nullish().transform((mode) => mode ?? undefined),
  metadata,
})
const acceptSchema = z.looseObject({
  reason: text(),
  startingAt: date,
  endingAt: date,
  customApiKey: text(),
})
const rejectSchema = z.looseObject({ reason: text() })
const updateSchema = z.looseObject({ startingAt: date, endingAt: date, metadata })
const transferSchema = z.looseObject({ planId: name(64) })
const renewSchema = z.looseObject({ customApiKey: text() })
const expirySchema = z.looseObject({ expireAt: date })
/** What keys are made of that someone chose. */
const KEY = /^[^#%@/;=?|^~, \\]*$/
const verifySchema = z.looseObject({
  applicationId: name(64),
  apiKey: name(256).refine((key) => KEY.test(key), `must match "${KEY.source}"`),
})

const SUBSCRIPTIONS = '/apis/:api/subscriptions'

/** `/apis/{api}/subscriptions`. */
export function addSubscriptionRoutes(app: Part, management: Management): void {
  app.get(SUBSCRIPTIONS, (call) => {
    const page = pageOf(urlOf(call))
    const { data, total } = pickSubscriptions(management, queryOf(management, call), page)
    const expands = listOf(call, 'expands')
    const views = data.map((each) => subscriptionView(management, each, expands))
    return call.json(pageAnswer(views, total, { page, url: urlOf(call) }))
  })
  app.get(`${SUBSCRIPTIONS}/_export`, (call) => {
    const page = pageOf(urlOf(call))
    const { data } = pickSubscriptions(management, queryOf(management, call), page)
    const file = `subscriptions-${param(call, 'api')}-${management.now()}.csv`
    return call.body(csvOf(management, data), 200, {
      'Content-Type': 'text/csv',
      'Content-Disposition': `attachment;filename=${file}`,
    })
  })
  app.post(SUBSCRIPTIONS, async (call) => {
    const body = await readBody(call.req.raw, createSchema)
    refuseCustomKey(body.customApiKey)
    management.ownApi(param(call, 'api'), call.var.actor)
    const subscription = await subscribe(management, {
      application: body.applicationId,
      plan: body.planId,
      api: param(call, 'api'),
      actor: call.var.actor,
      accepted: true,
      metadata: body.metadata,
      apiKeyMode: body.apiKeyMode,
    })
    return created(call, subscription.id, subscriptionView(management, subscription))
  })
  app.post(`${SUBSCRIPTIONS}/_verify`, async (call) => {
    const { applicationId, apiKey } = await readBody(call.req.raw, verifySchema)
    const { value } = management.ownApi(param(call, 'api'), call.var.actor)
    const order = { key: apiKey, api: value.id, application: applicationId }
    return call.json({ ok: isFreeKey(management, order) })
  })
  addOne(app, management)
  addChanges(app, management)
  addKeys(app, management)
}

function queryOf(management: Management, call: Call): ListQuery {
  const { value } = management.ownApi(param(call, 'api'), call.var.actor)
  return {
    apis: [value.id],
    applications: listOf(call, 'applicationIds'),
    plans: listOf(call, 'planIds'),
    statuses: wordsOf(call, 'statuses', [...ANY, 'RESUMED']),
    apiKey: call.req.query('apiKey'),
  }
}

function refuseCustomKey(key: string | undefined): void {
  if (key === undefined || key === '') return
  throw bad('subscription.invalid', 'You are not allowed to provide a custom API Key')
}

function refOf(call: Call): SubscriptionRef {
  return { id: param(call, 'subscription'), api: param(call, 'api'), actor: call.var.actor }
}

/** A subscription that someone may look at. Throws Fault. */
function seen(management: Management, call: Call): SubscriptionDocument {
  const { id, api, actor } = refOf(call)
  const { value } = management.subscription(id, api === undefined ? {} : { api })
  checkWhose(management, value, { actor, whose: 'publisher' })
  return value
}

function addOne(app: Part, management: Management): void {
  const one = `${SUBSCRIPTIONS}/:subscription`
  app.get(one, (call) => {
    const value = seen(management, call)
    return call.json(subscriptionView(management, value, listOf(call, 'expands')))
  })
  app.put(one, async (call) => {
    const body = await readBody(call.req.raw, updateSchema)
    return answer(management, call, await updateSubscription(management, refOf(call), body))
  })
}

function answer(management: Management, call: Call, subscription: SubscriptionDocument): Response {
  return call.json(subscriptionView(management, subscription))
}

function addChanges(app: Part, management: Management): void {
  const one = `${SUBSCRIPTIONS}/:subscription`
  app.post(`${one}/_accept`, async (call) => {
    const body = await readBody(call.req.raw, acceptSchema)
    refuseCustomKey(body.customApiKey)
    return answer(management, call, await accept(management, refOf(call), body))
  })
  app.post(`${one}/_reject`, async (call) => {
    const body = await readBody(call.req.raw, rejectSchema)
    return answer(management, call, await reject(management, refOf(call), body))
  })
  const simple = { _pause: pause, _resume: resume, _close: close, _restore: restore }
  for (const [verb, change] of Object.entries(simple)) {
    app.post(
      `${one}/${verb}`,
      async (call) => answer(management, call, await change(management, refOf(call))),
    )
  }
  app.post(`${one}/_transfer`, async (call) => {
    const { planId } = await readBody(call.req.raw, transferSchema)
    return answer(management, call, await transfer(management, refOf(call), planId))
  })
}

function addKeys(app: Part, management: Management): void {
  const keys = `${SUBSCRIPTIONS}/:subscription/api-keys`
  const view = (call: Call, { key, subscription }: ChangedKey): Response =>
    call.json(apiKeyView(management, key, subscription))
  app.get(keys, (call) => {
    const subscription = seen(management, call)
    const page = pageOf(urlOf(call))
    const all = [...subscription.apiKeys ?? []].reverse()
    const some = sliceStrictly(all, page).map((key) => apiKeyView(management, key, subscription))
    return call.json(pageAnswer(some, all.length, { page, url: urlOf(call) }))
  })
  app.post(`${keys}/_renew`, async (call) => {
    refuseCustomKey((await readBody(call.req.raw, renewSchema)).customApiKey)
    return view(call, await renewKey(management, refOf(call)))
  })
  app.post(
    `${keys}/:key/_revoke`,
    async (call) => view(call, await revokeKey(management, refOf(call), param(call, 'key'))),
  )
  app.post(
    `${keys}/:key/_reactivate`,
    async (call) => view(call, await reactivateKey(management, refOf(call), param(call, 'key'))),
  )
  app.put(`${keys}/:key`, async (call) => {
    const { expireAt } = await readBody(call.req.raw, expirySchema)
    const order = { id: param(call, 'key'), expireAt }
    return view(call, await expireKey(management, refOf(call), order))
  })
}
