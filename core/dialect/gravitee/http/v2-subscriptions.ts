import * as z from 'zod'
import { renewed, revoked, withKey } from '../api-keys.ts'
import { date, name, readBody, readOptionalBody, text } from '../bodies.ts'
import { Fault } from '../faults.ts'
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
import { type Call, created, listOf, param, type Part, urlOf } from './exchange.ts'
import { pageAnswer, pageOf, slice } from './paging.ts'
import { apiKeyView, subscriptionView } from './views.ts'

const metadata = z.record(z.string(), z.union([z.string().max(10_000), z.number(), z.boolean()]))
  .nullish().transform((value) => (value ?? undefined) as JsonMap | undefined)

const createSchema = z.looseObject({
  applicationId: name(64),
  planId: name(64),
  customApiKey: text(),
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
const expirySchema = z.looseObject({ expireAt: date })

/** All statuses that a list may be asked for. */
export const STATUSES: readonly SubscriptionStatus[] = [
  'PENDING',
  'ACCEPTED',
  'PAUSED',
  'REJECTED',
  'CLOSED',
]

const SUBSCRIPTIONS = '/apis/:api/subscriptions'

/** `/apis/{api}/subscriptions`. */
export function addSubscriptionRoutes(app: Part, management: Management): void {
  app.get(SUBSCRIPTIONS, (call) => call.json(listSubscriptions(management, call)))
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
    })
    return created(call, subscription.id, subscriptionView(management, subscription))
  })
  addOne(app, management)
  addChanges(app, management)
  addKeys(app, management)
}

function refuseCustomKey(key: string | undefined): void {
  if (key === undefined || key === '') return
  throw new Fault(400, 'You are not allowed to provide a custom API Key', {
    code: 'subscription.invalid',
  })
}

function refOf(call: Call): SubscriptionRef {
  return { id: param(call, 'subscription'), api: param(call, 'api'), actor: call.var.actor }
}

function addOne(app: Part, management: Management): void {
  const one = `${SUBSCRIPTIONS}/:subscription`
  app.get(one, (call) => {
    management.ownApi(param(call, 'api'), call.var.actor)
    const { value } = management.subscription(param(call, 'subscription'), {
      api: param(call, 'api'),
    })
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
    const body = await readOptionalBody(call.req.raw, acceptSchema)
    refuseCustomKey(body.customApiKey)
    return answer(management, call, await accept(management, refOf(call), body))
  })
  app.post(`${one}/_reject`, async (call) => {
    const body = await readOptionalBody(call.req.raw, rejectSchema)
    return answer(management, call, await reject(management, refOf(call), body))
  })
  app.post(
    `${one}/_pause`,
    async (call) => answer(management, call, await pause(management, refOf(call))),
  )
  app.post(
    `${one}/_resume`,
    async (call) => answer(management, call, await resume(management, refOf(call))),
  )
  app.post(
    `${one}/_close`,
    async (call) => answer(management, call, await close(management, refOf(call))),
  )
  app.post(`${one}/_transfer`, async (call) => {
    const { planId } = await readBody(call.req.raw, transferSchema)
    return answer(management, call, await transfer(management, refOf(call), planId))
  })
}

function addKeys(app: Part, management: Management): void {
  const keys = `${SUBSCRIPTIONS}/:subscription/api-keys`
  const find = (call: Call): SubscriptionDocument => {
    const { value } = management.subscription(param(call, 'subscription'), {
      api: param(call, 'api'),
    })
    checkWhose(management, value, { actor: call.var.actor, whose: 'publisher' })
    return value
  }
  const view = (call: Call, subscription: SubscriptionDocument, id: string): Response => {
    const key = subscription.apiKeys?.find((each) => each.id === id)
    return call.json(key === undefined ? {} : apiKeyView(key, subscription, management.now()))
  }
  app.get(keys, (call) => {
    const subscription = find(call)
    const page = pageOf(urlOf(call))
    const all = subscription.apiKeys ?? []
    const some = slice(all, page).map((key) => apiKeyView(key, subscription, management.now()))
    return call.json(pageAnswer(some, all.length, { page, url: urlOf(call) }))
  })
  app.post(`${keys}/_renew`, async (call) => {
    const subscription = await changeKeys(management, refOf(call), {
      event: 'APIKEY_RENEWED',
      change: (before) => renewed(management, before),
    })
    return view(call, subscription, subscription.apiKeys?.at(-1)?.id ?? '')
  })
  app.post(`${keys}/:key/_revoke`, async (call) => {
    const id = param(call, 'key')
    const subscription = await changeKeys(management, refOf(call), {
      event: 'APIKEY_REVOKED',
      change: (before) => withKey(before, id, (key) => revoked(key, management.now())),
    })
    return view(call, subscription, id)
  })
  app.put(`${keys}/:key`, async (call) => {
    const id = param(call, 'key')
    const { expireAt } = await readBody(call.req.raw, expirySchema)
    const subscription = await changeKeys(management, refOf(call), {
      event: 'APIKEY_EXPIRED',
      change: (before) =>
        withKey(before, id, ({ expireAt: _, ...key }) => ({
          ...key,
          ...(expireAt === undefined ? {} : { expireAt }),
          updatedAt: management.now(),
        })),
    })
    return view(call, subscription, id)
  })
}

function listSubscriptions(management: Management, call: Call): Record<string, unknown> {
  const api = param(call, 'api')
  management.ownApi(api, call.var.actor)
  const page = pageOf(urlOf(call))
  const applications = listOf(call, 'applicationIds')
  const plans = listOf(call, 'planIds')
  const asked = (listOf(call, 'statuses') ?? ['ACCEPTED']) as SubscriptionStatus[]
  const ids = management.catalogue.find({
    api,
    statuses: asked.length === 0 ? STATUSES : asked,
    ...(applications === undefined || applications.length === 0 ? {} : { applications }),
    ...(plans === undefined || plans.length === 0 ? {} : { plans }),
  })
  const expands = listOf(call, 'expands')
  const data = slice(ids, page).flatMap((id) => {
    const found = management.catalogue.subscriptions.get(id)
    return found === undefined ? [] : [subscriptionView(management, found.value, expands)]
  })
  return pageAnswer(data, ids.length, { page, url: urlOf(call) })
}
