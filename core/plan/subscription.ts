import type { PlanConfig, SubscriptionConfig } from '../snapshot/types.ts'
import { placeIn, showTime } from './span.ts'
import type { Application, PlanRefusal } from './types.ts'

/** The plan that is asked for. */
export interface PlanOfApi {
  readonly api: string
  readonly plan: PlanConfig
}

/**
 * By which subscription an application may use a plan now.
 *
 * @returns the subscription; else why there is none, the most telling reason where it has several
 */
export function findSubscription(
  application: Application,
  { api, plan }: PlanOfApi,
  now: number,
): SubscriptionConfig | PlanRefusal {
  let telling: PlanRefusal | undefined
  for (const subscription of subscriptionsTo(application, api)) {
    if (subscription.plan !== plan.name || subscription.api !== api) continue
    const refusal = checkOne(subscription, now)
    if (refusal === undefined) return subscription
    if (telling === undefined || rank(refusal) < rank(telling)) telling = refusal
  }
  const who = `Application "${application.name}"`
  if (telling === undefined) {
    return {
      code: 'SUBSCRIPTION_MISSING',
      detail: `${who} has no subscription to plan "${plan.name}" of API "${api}"`,
    }
  }
  return {
    code: telling.code,
    detail: `${who}: its subscription to plan "${plan.name}" of API "${api}" ${telling.detail}`,
  }
}

function subscriptionsTo(
  { subscriptions }: Application,
  api: string,
): readonly SubscriptionConfig[] {
  return 'length' in subscriptions ? subscriptions : subscriptions.get(api) ?? []
}

function checkOne(subscription: SubscriptionConfig, now: number): PlanRefusal | undefined {
  if (subscription.status === 'pending') {
    return { code: 'SUBSCRIPTION_PENDING', detail: 'is not accepted yet' }
  }
  if (subscription.status === 'paused') return { code: 'SUBSCRIPTION_PAUSED', detail: 'is paused' }
  if (subscription.status === 'closed') return { code: 'SUBSCRIPTION_CLOSED', detail: 'is closed' }
  const place = placeIn(subscription, now)
  if (place === 'before') {
    return {
      code: 'SUBSCRIPTION_NOT_STARTED',
      detail: `starts at ${showTime(subscription.from)}`,
    }
  }
  if (place === 'after') {
    return { code: 'SUBSCRIPTION_EXPIRED', detail: `ended at ${showTime(subscription.until)}` }
  }
  return undefined
}

const telling: readonly PlanRefusal['code'][] = [
  'SUBSCRIPTION_PAUSED',
  'SUBSCRIPTION_PENDING',
  'SUBSCRIPTION_NOT_STARTED',
  'SUBSCRIPTION_EXPIRED',
  'SUBSCRIPTION_CLOSED',
  'CERTIFICATE_NOT_ALLOWED',
  'SUBSCRIPTION_MISSING',
  'CERTIFICATE_REVOKED',
  'CERTIFICATE_REVOCATION_UNKNOWN',
  'CERTIFICATE_EXPIRED',
  'CERTIFICATE_NOT_YET_VALID',
  'CERTIFICATE_UNTRUSTED',
  'CERTIFICATE_MALFORMED',
  'CERTIFICATE_UNKNOWN',
  'API_KEY_UNKNOWN',
  'TOKEN_UNCHECKED',
  'TOKEN_INVALID',
  'PLAN_NOT_MATCHED',
  'CERTIFICATE_MISSING',
  'API_KEY_MISSING',
  'TOKEN_MISSING',
]

/** How much a refusal tells whoever must act on it; the lowest tells the most. */
export function rank(refusal: PlanRefusal): number {
  return telling.indexOf(refusal.code)
}
