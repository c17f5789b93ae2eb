import * as z from 'zod'
import { apiKeyModeOf } from '../api-key-mode.ts'
import { date, readBody, text } from '../bodies.ts'
import { bad, Fault } from '../faults.ts'
import type { Management } from '../management.ts'
import type { SubscriptionDocument } from '../model.ts'
import { keyNotFound } from '../subscriptions/api-keys.ts'
import { checkWhose, type SubscriptionRef } from '../subscriptions/change.ts'
import { expireKey, reactivateKey, renewKey, revokeKey } from '../subscriptions/key-changes.ts'
import { type Call, noContent, param, type Part, urlOf } from './exchange.ts'
import { apiKeyViewV1, type KeyPlace } from './subscription-views.ts'

const keySchema = z.looseObject({ id: text(), expire_at: date, expireAt: date })

/** `…/subscriptions/{subscription}/apikeys`, below an application and below an API, and an application's own. */
export function addApiKeyRoutesV1(app: Part, management: Management): void {
  for (const whose of ['application', 'api'] as const) addBelow(app, management, whose)
  addShared(app, management)
}

function addBelow(app: Part, management: Management, whose: 'application' | 'api'): void {
  const keys = `/${whose}s/:${whose}/subscriptions/:subscription/apikeys`
  const refOf = (call: Call): SubscriptionRef => ({
    id: param(call, 'subscription'),
    [whose]: param(call, whose),
    actor: call.var.actor,
  })
  const one = (call: Call): SubscriptionRef & { readonly key: string } => {
    const ref = refOf(call)
    const { id, actor, ...of } = ref
    const { value } = management.subscription(id, of)
    checkWhose(management, value, { actor, whose: 'either' })
    const key = param(call, 'key')
    const removes = call.req.method === 'DELETE'
    const told = removes ? "'key' parameter" : 'API Key in path'
    // Below an API, what is to be removed is there or not.
    if (!removes || whose === 'application') checkKey(management, value, { key, told })
    return { ...ref, key }
  }
  app.get(keys, (call) => {
    const { id, actor, ...of } = refOf(call)
    const { value } = management.subscription(id, of)
    checkWhose(management, value, { actor, whose: 'either' })
    const all = [...value.apiKeys ?? []].reverse()
    return call.json(all.map((key) => apiKeyViewV1(management, key, value)))
  })
  app.post(`${keys}/_renew`, async (call) => {
    if (whose === 'api' && (call.req.query('customApiKey') ?? '') !== '') {
      throw new Fault(400, 'You are not allowed to provide a custom API Key', { text: true })
    }
    const { key, subscription } = await renewKey(management, refOf(call))
    const Location = urlOf(call).href.replace(/_renew.*$/, key.id)
    return call.json(apiKeyViewV1(management, key, subscription), 201, { Location })
  })
  app.post(`${keys}/:key/_reactivate`, async (call) => {
    const { key, ...ref } = one(call)
    const order = await reactivateKey(management, ref, key)
    return call.json(apiKeyViewV1(management, order.key, order.subscription))
  })
  app.put(`${keys}/:key`, async (call) => {
    const body = await readBody(call.req.raw, keySchema)
    if (body.id !== param(call, 'key')) {
      const message = "'apikey' parameter in path does not correspond to the api-key id to update"
      throw new Fault(400, message, { text: true })
    }
    const { key: id, ...ref } = one(call)
    const order = { id, expireAt: body.expire_at ?? body.expireAt }
    const { key, subscription } = await expireKey(management, ref, order)
    return call.json(apiKeyViewV1(management, key, subscription))
  })
  app.delete(`${keys}/:key`, async (call) => {
    const { key, ...ref } = one(call)
    await revokeKey(management, ref, key)
    return noContent(call)
  })
}

/** A key must be one of its subscription's; one of another subscription is told apart. Throws Fault. */
function checkKey(
  { catalogue }: Management,
  { apiKeys = [], applicationId }: SubscriptionDocument,
  { key, told }: { readonly key: string; readonly told: string },
): void {
  if (apiKeys.some(({ id }) => id === key)) return
  const another = catalogue.subscriptionsOf(applicationId)
    .some(({ value }) => value.apiKeys?.some(({ id }) => id === key) === true)
  if (!another) throw keyNotFound(key)
  throw new Fault(400, `${told} does not correspond to the subscription`, { text: true })
}

/** `/applications/{application}/apikeys`: all keys, none of which is for all subscriptions. */
function addShared(app: Part, management: Management): void {
  const keys = '/applications/:application/apikeys'
  const all = (call: Call): KeyPlace[] => {
    const application = param(call, 'application')
    management.ownApplication(application, call.var.actor)
    return management.catalogue.subscriptionsOf(application).flatMap(({ value }) =>
      (value.apiKeys ?? []).map((key) => ({ key, subscription: value }))
    ).sort((a, b) => b.key.createdAt - a.key.createdAt)
  }
  const refuse = (call: Call): never => {
    const { value } = management.ownApplication(param(call, 'application'), call.var.actor)
    const mode = apiKeyModeOf(value)
    const message = `Invalid operation for API Key mode [${mode}] of application [${value.id}]`
    throw bad('application.apiKeyMode.invalid', message)
  }
  app.get(
    keys,
    (call) =>
      call.json(all(call).map((each) => apiKeyViewV1(management, each.key, each.subscription))),
  )
  app.post(`${keys}/_renew`, refuse)
  app.delete(`${keys}/:key`, (call) => {
    const key = param(call, 'key')
    if (!all(call).some((each) => each.key.id === key)) throw keyNotFound(key)
    return refuse(call)
  })
}
