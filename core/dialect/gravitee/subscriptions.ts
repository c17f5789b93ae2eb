import type { Condition, Json, Operation } from '../../store/mod.ts'
import { plain } from './api-bodies.ts'
import type { AuditNote } from './audit.ts'
import { newApiKey } from './api-keys.ts'
import { isActive } from './certificates.ts'
import type { Known } from './catalogue.ts'
import { clientIdOf } from './client-id.ts'
import { bad, type Fault, forbidden } from './faults.ts'
import { keyOf } from './keys.ts'
import { type Actor, type Management, owns } from './management.ts'
import type {
  ApplicationDocument,
  JsonMap,
  PlanDocument,
  SubscriptionDocument,
  SubscriptionStatus,
} from './model.ts'

/** Subscriptions that stand in the way of another one. */
export const LIVING: readonly SubscriptionStatus[] = ['PENDING', 'ACCEPTED', 'PAUSED']
/**
 * Subscriptions that are changed in one transaction, with an audit each, for which an old one may have to go: a store
 * takes a hundred keys.
 */
export const AT_ONCE = 30

/** What is asked for. */
export interface SubscriptionOrder {
  readonly application: string
  readonly plan: string
  readonly actor: Actor
  /** Publishers give what they could accept at once: Gravitee's v2 API accepts even where the plan says MANUAL. */
  readonly accepted: boolean
  readonly api?: string
  readonly request?: string | undefined
  readonly metadata?: JsonMap | undefined
  readonly id?: string
  readonly endingAt?: number | undefined
}

/** Subscribes an application to a plan. Throws Fault. */
export async function subscribe(
  management: Management,
  order: SubscriptionOrder,
): Promise<SubscriptionDocument> {
  const { actor } = order
  return await management.ledger.change(
    { by: actor.name, lock: `application ${order.application}` },
    () => {
      const plan = management.plan(order.plan, order.api)
      checkSubscribable(plan.value)
      const application = management.application(order.application)
      const mayGive = owns(actor, management.api(plan.value.apiId).value)
      if (!mayGive && !owns(actor, application.value)) throw forbidden()
      const clientId = checkApplication(management, application.value, plan.value)
      const subscription = newSubscription(management, order, { plan: plan.value, clientId })
      const key = keyOf('subscription', subscription.id)
      return {
        operations: [{ put: key, value: subscription as unknown as Json }],
        conditions: [
          { key, revision: 0 },
          { key: plan.key, revision: plan.modifyRevision },
          { key: application.key, revision: application.modifyRevision },
        ],
        audits: [subscriptionNote('SUBSCRIPTION_CREATED', undefined, subscription)],
        inForce: subscription.status === 'ACCEPTED',
        result: subscription,
      }
    },
  )
}

function newSubscription(
  management: Management,
  order: SubscriptionOrder,
  { plan, clientId }: { readonly plan: PlanDocument; readonly clientId: string | undefined },
): SubscriptionDocument {
  const now = management.now()
  const accepted = order.accepted || plan.validation === 'AUTO'
  const keys = accepted && plan.security.type === 'API_KEY' ? [newApiKey(management)] : undefined
  return plain({
    id: order.id ?? management.ledger.ids.next(),
    apiId: plan.apiId,
    planId: plan.id,
    applicationId: order.application,
    status: accepted ? 'ACCEPTED' : 'PENDING',
    subscribedBy: order.actor.name,
    createdAt: now,
    updatedAt: now,
    ...(accepted
      ? {
        startingAt: now,
        processedAt: now,
        processedBy: plan.validation === 'AUTO' ? 'system' : order.actor.name,
      }
      : {}),
    ...(order.endingAt === undefined ? {} : { endingAt: order.endingAt }),
    ...(order.request === undefined ? {} : { request: order.request }),
    ...(order.metadata === undefined ? {} : { metadata: order.metadata }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(keys === undefined ? {} : { apiKeys: keys }),
  })
}

function checkSubscribable({ id, status, security }: PlanDocument): void {
  if (status === 'DEPRECATED') throw bad('plan.notSubscribable', id)
  if (status === 'CLOSED') {
    throw bad('plan.closed', `Plan ${id} is already closed !`, { plan: id })
  }
  if (status === 'STAGING') {
    throw bad('plan.notPublished', `Plan ${id} is not yet published !`, { plan: id })
  }
  if (security.type === 'KEY_LESS') {
    throw bad('plan.notSubscribable', 'A keyless plan is not subscribable!')
  }
}

/** Whether an application has what a plan knows its callers by; its client id, where that is it. */
function checkApplication(
  management: Management,
  application: ApplicationDocument,
  plan: PlanDocument,
): string | undefined {
  if (application.status === 'ARCHIVED') throw archived(application)
  const { type } = plan.security
  const standing = management.catalogue.subscriptionsOf(application.id)
    .map(({ value }) => value)
    .filter(({ apiId, status }) => apiId === plan.apiId && LIVING.includes(status))
  if (standing.some(({ planId }) => planId === plan.id)) {
    const message = 'There is already a PENDING or ACCEPTED subscription for this plan.'
    throw bad('plan.subscribed', message, { plan: plan.id })
  }
  const types = standing.map(({ planId }) =>
    management.catalogue.plans.get(planId)?.value.security.type
  )
  if (type === 'MTLS') return checkMtls(management, application, types)
  if (type !== 'OAUTH2' && type !== 'JWT') return undefined
  if (types.some((each) => each === 'OAUTH2' || each === 'JWT')) {
    const message = 'An other OAuth2 or JWT plan is already subscribed by the same application.'
    throw bad('plan.oauth2OrJwtSubscribed', message)
  }
  const clientId = clientIdOf(application)
  if (clientId !== undefined && clientId.trim() !== '') return clientId
  throw bad(
    'plan.notSubscribable',
    'A client_id is required to subscribe to an OAuth2 or JWT plan.',
  )
}

function checkMtls(
  management: Management,
  { id }: ApplicationDocument,
  types: readonly (string | undefined)[],
): undefined {
  const now = management.now()
  if (!management.catalogue.certificatesOf(id).some(({ value }) => isActive(value, now))) {
    const message =
      'You cannot subscribe to a mTLS plan without a client_certificate configured at application level'
    throw bad('plan.notSubscribableWithoutClientCertificate', message)
  }
  if (!types.includes('MTLS')) return undefined
  const message = 'An other mTLS plan is already subscribed by the same application.'
  throw bad('plan.otherMtlsSubscribed', message)
}

/** An archived application stays as it is. */
export function archived({ name }: ApplicationDocument): Fault {
  const message = `Application [${name}] is archived and cannot be modified.`
  return bad('application.archived', message, { application: name })
}

/** Which subscription, where it was looked for, and who changes it. */
export interface SubscriptionRef {
  readonly id: string
  readonly actor: Actor
  readonly api?: string
  readonly application?: string
}

/** Whether the application's owner may do something, too, or the API's alone. */
type Whose = 'publisher' | 'either'

async function changeSubscription(
  management: Management,
  ref: SubscriptionRef,
  { event, whose, change }: {
    readonly event: string
    readonly whose: Whose
    readonly change: (
      before: SubscriptionDocument,
      plan: Known<PlanDocument>,
    ) => SubscriptionDocument
  },
): Promise<SubscriptionDocument> {
  const { actor } = ref
  const lock = `application ${management.subscription(ref.id, ref).value.applicationId}`
  return await management.ledger.change({ by: actor.name, lock }, () => {
    const known = management.subscription(ref.id, ref)
    checkWhose(management, known.value, { actor, whose })
    const plan = management.plan(known.value.planId)
    const subscription = plain({ ...change(known.value, plan), updatedAt: management.now() })
    return {
      operations: [{ put: known.key, value: subscription as unknown as Json }],
      conditions: [
        { key: known.key, revision: known.modifyRevision },
        ...(event === 'SUBSCRIPTION_ACCEPTED'
          ? [{ key: plan.key, revision: plan.modifyRevision }]
          : []),
      ],
      audits: [subscriptionNote(event, known.value, subscription)],
      inForce: known.value.status === 'ACCEPTED' || subscription.status === 'ACCEPTED',
      result: subscription,
    }
  })
}

/** Whether someone may change a subscription: the API's owner, and for some things the application's. Throws Fault. */
export function checkWhose(
  management: Management,
  subscription: SubscriptionDocument,
  { actor, whose }: { readonly actor: Actor; readonly whose: Whose },
): void {
  const api = management.catalogue.apis.get(subscription.apiId)
  if (api !== undefined && owns(actor, api.value)) return
  const application = management.catalogue.applications.get(subscription.applicationId)
  const own = whose === 'either' && application !== undefined && owns(actor, application.value)
  if (!own) throw forbidden()
}

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
      const keys = plan.security.type === 'API_KEY' ? [newApiKey(management)] : undefined
      return {
        ...before,
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
      if (LIVING.includes(before.status)) return closedAt(before, management.now())
      const { id } = before
      const message = `Subscription [${id}] is closed. You must request for a new subscription`
      throw bad('subscription.closed', message, { subscription: id })
    },
  })
}

function closedAt(before: SubscriptionDocument, now: number): SubscriptionDocument {
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

/** Changes what a subscription says, not where it is in its life. Throws Fault. */
export function updateSubscription(
  management: Management,
  ref: SubscriptionRef,
  { startingAt, endingAt, metadata }: Processing & { readonly metadata?: JsonMap | undefined },
): Promise<SubscriptionDocument> {
  return changeSubscription(management, ref, {
    event: 'SUBSCRIPTION_UPDATED',
    whose: 'publisher',
    change: ({ startingAt: _, endingAt: __, ...before }) => {
      if (!LIVING.includes(before.status)) {
        const message =
          `Subscription [${before.id}] is not updatable because of its status: ${before.status}`
        throw bad('subscription.notUpdatable', message, { subscription: before.id })
      }
      return {
        ...before,
        ...(startingAt === undefined ? {} : { startingAt }),
        ...(endingAt === undefined ? {} : { endingAt }),
        ...(metadata === undefined ? {} : { metadata }),
      }
    },
  })
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
      const fits = other.apiId === plan.apiId && other.status === 'PUBLISHED' &&
        other.security.type === plan.security.type && LIVING.includes(before.status)
      if (fits) return { ...before, planId: target }
      throw bad('plan.transferNotAllowed', `The plan [${target}] cannot be transferred.`, {
        plan: target,
      })
    },
  })
}

/** Changes the API keys of a subscription. Throws Fault. */
export function changeKeys(
  management: Management,
  ref: SubscriptionRef,
  { event, change }: {
    readonly event: string
    readonly change: (
      keys: NonNullable<SubscriptionDocument['apiKeys']>,
      subscription: SubscriptionDocument,
    ) => NonNullable<SubscriptionDocument['apiKeys']>
  },
): Promise<SubscriptionDocument> {
  return changeSubscription(management, ref, {
    event,
    whose: 'either',
    change: (before) => ({ ...before, apiKeys: change(before.apiKeys ?? [], before) }),
  })
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
