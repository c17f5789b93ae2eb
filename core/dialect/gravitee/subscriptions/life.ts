import { bad } from '../faults.ts'
import type { Management } from '../management.ts'
import type { JsonMap, PlanDocument, SubscriptionDocument } from '../model.ts'
import { isAlive, newApiKey } from './api-keys.ts'
import { changeSubscription, type SubscriptionRef } from './change.ts'
import { closedAt, LIVING } from './closing.ts'

/** What is said where a subscription is processed. */
export interface Processing {
  readonly startingAt?: number | undefined
  readonly endingAt?: number | undefined
  readonly reason?: string | undefined
}

/** Accepts what is PENDING. Throws Fault. */
export function accept(
  management: Management,
  ref: SubscriptionRef,
  { startingAt, endingAt, reason }: Processing,
): Promise<SubscriptionDocument> {
  return changeSubscription(management, ref, {
    event: 'SUBSCRIPTION_ACCEPTED',
    whose: 'publisher',
    change: (before, { value: plan }) => {
      checkPending(before)
      if (plan.status === 'CLOSED') {
        throw bad('plan.closed', `Plan ${plan.id} is already closed !`, { plan: plan.id })
      }
      const now = management.now()
      const keys = plan.security.type === 'API_KEY'
        ? [newApiKey(management, { id: before.id, endingAt })]
        : undefined
      const { endingAt: _, reason: __, ...rest } = before
      return {
        ...rest,
        status: 'ACCEPTED',
        startingAt: startingAt ?? now,
        processedAt: now,
        processedBy: ref.actor.name,
        ...(endingAt === undefined ? {} : { endingAt }),
        ...(reason === undefined ? {} : { reason }),
        ...(keys === undefined ? {} : { apiKeys: keys }),
      }
    },
  })
}

/** Refuses what is PENDING. Throws Fault. */
export function reject(
  management: Management,
  ref: SubscriptionRef,
  { reason }: Processing,
): Promise<SubscriptionDocument> {
  return changeSubscription(management, ref, {
    event: 'SUBSCRIPTION_REJECTED',
    whose: 'publisher',
    change: (before) => {
      checkPending(before)
      const now = management.now()
      return {
        ...before,
        status: 'REJECTED',
        processedAt: now,
        processedBy: ref.actor.name,
        closedAt: now,
        ...(reason === undefined ? {} : { reason }),
      }
    },
  })
}

function checkPending({ id, status }: SubscriptionDocument): void {
  if (status === 'PENDING') return
  throw bad('subscription.processed', 'This subscription has already been processed.', {
    subscription: id,
  })
}

/** Keeps an accepted subscription from letting in for a while. Throws Fault. */
export function pause(management: Management, ref: SubscriptionRef): Promise<SubscriptionDocument> {
  return changeSubscription(management, ref, {
    event: 'SUBSCRIPTION_PAUSED',
    whose: 'publisher',
    change: (before) => {
      if (before.status === 'ACCEPTED') {
        return { ...before, status: 'PAUSED', pausedAt: management.now() }
      }
      const { id, status } = before
      const message = `Subscription [${id}] cannot be paused because of its status: ${status}`
      throw bad('subscription.notPausable', message, { subscription: id, status })
    },
  })
}

/** Lets a paused subscription let in again. Throws Fault. */
export function resume(
  management: Management,
  ref: SubscriptionRef,
): Promise<SubscriptionDocument> {
  return changeSubscription(management, ref, {
    event: 'SUBSCRIPTION_RESUMED',
    whose: 'publisher',
    change: ({ pausedAt: _, ...before }) => {
      if (before.status === 'PAUSED') return { ...before, status: 'ACCEPTED' }
      const { id } = before
      const message = `Subscription [${id}] cannot be resumed because currently not paused`
      throw bad('subscription.notPaused', message, { subscription: id })
    },
  })
}

/** Ends a subscription for good; one that is pending is rejected. Throws Fault. */
export function close(management: Management, ref: SubscriptionRef): Promise<SubscriptionDocument> {
  return changeSubscription(management, ref, {
    event: 'SUBSCRIPTION_CLOSED',
    whose: 'either',
    change: (before) => {
      if (before.status === 'PENDING') {
        return { ...closedAt(before, management.now()), processedBy: ref.actor.name }
      }
      if (LIVING.includes(before.status)) return closedAt(before, management.now())
      const { id } = before
      const message = `Subscription [${id}] is closed. You must request for a new subscription`
      throw bad('subscription.closed', message, { subscription: id })
    },
  })
}

/** Changes what a subscription says, not where it is in its life; what is left out goes. Throws Fault. */
export function updateSubscription(
  management: Management,
  ref: SubscriptionRef,
  { startingAt, endingAt, metadata }: Processing & { readonly metadata?: JsonMap | undefined },
): Promise<SubscriptionDocument> {
  return changeSubscription(management, ref, {
    event: 'SUBSCRIPTION_UPDATED',
    whose: 'publisher',
    change: ({ startingAt: _, endingAt: __, metadata: ___, apiKeys, ...before }) => {
      if (!LIVING.includes(before.status)) {
        const message = `Subscription [${before.id}] cannot be updated because of its status.`
        throw bad('subscription.notUpdatable', message, { subscription: before.id })
      }
      const now = management.now()
      const ending = endingAt === undefined ? apiKeys : apiKeys?.map((key) => {
        return isAlive(key, now) ? { ...key, expireAt: endingAt, updatedAt: now } : key
      })
      return {
        ...before,
        ...(startingAt === undefined ? {} : { startingAt }),
        ...(endingAt === undefined ? {} : { endingAt }),
        ...(metadata === undefined ? {} : { metadata }),
        ...(ending === undefined ? {} : { apiKeys: ending }),
      }
    },
  })
}

/** Opens a subscription again that was closed or rejected: it has to be accepted anew. Throws Fault. */
export function restore(
  management: Management,
  ref: SubscriptionRef,
): Promise<SubscriptionDocument> {
  return changeSubscription(management, ref, {
    event: 'SUBSCRIPTION_RESUMED',
    whose: 'publisher',
    change: (before) => {
      const { id, planId, applicationId, status } = before
      if (LIVING.includes(status)) {
        const message = `Subscription [${id}] is not closed. You cannot restore it.`
        throw bad('subscription.notClosed', message, { subscription: id })
      }
      const others = management.catalogue.subscriptionsOf(applicationId)
      if (others.some(({ value }) => value.planId === planId && LIVING.includes(value.status))) {
        const message = 'There is already a PENDING or ACCEPTED subscription for this plan.'
        throw bad('plan.subscribed', message, { plan: planId })
      }
      return restored(before)
    },
  })
}

/** A subscription that has to be accepted again. */
export function restored(
  { pausedAt: _, closedAt: __, processedAt: ___, processedBy: ____, ...before }:
    SubscriptionDocument,
): SubscriptionDocument {
  return { ...before, status: 'PENDING' }
}

/** Moves a subscription to another published plan of its API with the same kind of security. Throws Fault. */
export function transfer(
  management: Management,
  ref: SubscriptionRef,
  target: string,
): Promise<SubscriptionDocument> {
  return changeSubscription(management, ref, {
    event: 'SUBSCRIPTION_TRANSFERRED',
    whose: 'publisher',
    change: (before, { value: plan }) => {
      const other = management.plan(target).value
      if (isTransferable(plan, other) && LIVING.includes(before.status)) {
        return { ...before, planId: target }
      }
      throw bad('plan.transferNotAllowed', `The plan [${target}] cannot be transferred.`, {
        plan: target,
      })
    },
  })
}

function isTransferable(from: PlanDocument, to: PlanDocument): boolean {
  const { generalConditions = '' } = to.extra
  return to.apiId === from.apiId && to.status === 'PUBLISHED' &&
    to.security.type === from.security.type && generalConditions === ''
}
