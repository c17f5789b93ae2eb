import type { Condition, Json, Operation } from '../../../store/mod.ts'
import { plain } from '../api-bodies.ts'
import type { AuditNote } from '../audit.ts'
import type { Known } from '../catalogue.ts'
import type { Actor, Management } from '../management.ts'
import type { SubscriptionDocument, SubscriptionStatus } from '../model.ts'

/** Subscriptions that stand in the way of another one. */
export const LIVING: readonly SubscriptionStatus[] = ['PENDING', 'ACCEPTED', 'PAUSED']
/** Subscriptions whatever became of them. */
export const ANY: readonly SubscriptionStatus[] = [...LIVING, 'REJECTED', 'CLOSED']
/**
 * Subscriptions that are changed in one transaction, with an audit each, for which an old one may have to go: a store
 * takes a hundred keys.
 */
export const AT_ONCE = 30

/** A subscription that ends; one that is pending is rejected. */
export function closedAt(before: SubscriptionDocument, now: number): SubscriptionDocument {
  if (before.status === 'PENDING') {
    return {
      ...before,
      status: 'REJECTED',
      closedAt: now,
      processedAt: now,
      reason: 'Subscription has been closed.',
    }
  }
  const { apiKeys } = before
  const keys = apiKeys?.map((key) => ({ ...key, revokedAt: key.revokedAt ?? now, updatedAt: now }))
  return {
    ...before,
    status: 'CLOSED',
    closedAt: now,
    ...(keys === undefined ? {} : { apiKeys: keys }),
  }
}

/** Closes all subscriptions of a plan, which must be closed itself: so no new one comes meanwhile. */
export async function closeSubscriptionsOfPlan(
  management: Management,
  plan: string,
  actor: Actor,
): Promise<void> {
  for (;;) {
    const ids = management.catalogue.find({ plans: [plan], statuses: LIVING }).slice(0, AT_ONCE)
    if (ids.length === 0) return
    await management.ledger.change({ by: actor.name, lock: `plan ${plan}` }, () => {
      const known = ids.map((id) => management.catalogue.subscriptions.get(id))
        .filter((each) => each !== undefined)
      return { ...closings(management, known), inForce: false, result: undefined }
    })
  }
}

/** What it takes to close subscriptions. */
export function closings(
  management: Management,
  subscriptions: readonly Known<SubscriptionDocument>[],
): { operations: Operation[]; conditions: Condition[]; audits: AuditNote[] } {
  const now = management.now()
  const living = subscriptions.filter(({ value }) => LIVING.includes(value.status))
  const closed = living.map(({ value }) => plain({ ...closedAt(value, now), updatedAt: now }))
  return {
    operations: living.map(({ key }, at) => ({ put: key, value: closed[at] as unknown as Json })),
    conditions: living.map(({ key, modifyRevision }) => ({ key, revision: modifyRevision })),
    audits: living.map(({ value }, at) =>
      subscriptionNote('SUBSCRIPTION_CLOSED', value, closed[at])
    ),
  }
}

/** What is noted of a change to a subscription. */
export function subscriptionNote(
  event: string,
  before: SubscriptionDocument | undefined,
  after: SubscriptionDocument | undefined,
): AuditNote {
  const { id, apiId, planId, applicationId } = (after ?? before) as SubscriptionDocument
  const reference = { type: 'API' as const, id: apiId }
  const properties = { SUBSCRIPTION: id, API: apiId, PLAN: planId, APPLICATION: applicationId }
  return { event, reference, properties, before, after }
}
