import * as z from 'zod'
import { date, readBody } from '../bodies.ts'
import type { Management } from '../management.ts'
import { checkWhose, type SubscriptionRef } from '../subscriptions/change.ts'
import { expireKey, reactivateKey, renewKey, revokeKey } from '../subscriptions/key-changes.ts'
import { type Call, noContent, param, type Part, urlOf } from './exchange.ts'
import { apiKeyViewV1 } from './subscription-views.ts'

const expirySchema = z.looseObject({ expire_at: date, expireAt: date })

/** `…/subscriptions/{subscription}/apikeys`, below an application and below an API. */
export function addApiKeyRoutesV1(app: Part, management: Management): void {
  for (const whose of ['application', 'api'] as const) addBelow(app, management, whose)
}

function addBelow(app: Part, management: Management, whose: 'application' | 'api'): void {
  const keys = `/${whose}s/:${whose}/subscriptions/:subscription/apikeys`
  const refOf = (call: Call): SubscriptionRef => ({
    id: param(call, 'subscription'),
    [whose]: param(call, whose),
    actor: call.var.actor,
  })
  app.get(keys, (call) => {
    const { id, actor, ...of } = refOf(call)
    const { value } = management.subscription(id, of)
    checkWhose(management, value, { actor, whose: 'either' })
    const all = [...value.apiKeys ?? []].reverse()
    return call.json(all.map((key) => apiKeyViewV1(management, key, value)))
  })
  app.post(`${keys}/_renew`, async (call) => {
    const { key, subscription } = await renewKey(management, refOf(call))
    const Location = urlOf(call).href.replace(/_renew.*$/, key.id)
    return call.json(apiKeyViewV1(management, key, subscription), 201, { Location })
  })
  app.post(`${keys}/:key/_reactivate`, async (call) => {
    const order = await reactivateKey(management, refOf(call), param(call, 'key'))
    return call.json(apiKeyViewV1(management, order.key, order.subscription))
  })
  app.put(`${keys}/:key`, async (call) => {
    const body = await readBody(call.req.raw, expirySchema)
    const order = { id: param(call, 'key'), expireAt: body.expire_at ?? body.expireAt }
    const { key, subscription } = await expireKey(management, refOf(call), order)
    return call.json(apiKeyViewV1(management, key, subscription))
  })
  app.delete(`${keys}/:key`, async (call) => {
    await revokeKey(management, refOf(call), param(call, 'key'))
    return noContent(call)
  })
}
