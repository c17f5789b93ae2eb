import type { Json } from '../../../store/mod.ts'
import { plain } from '../api-bodies.ts'
import { type ApiKeyMode, withApiKeyMode } from '../api-key-mode.ts'
import { isActive } from '../certificates.ts'
import { clientIdOf } from '../client-id.ts'
import { bad, type Fault, forbidden } from '../faults.ts'
import { keyOf } from '../keys.ts'
import { type Actor, type Management, owns } from '../management.ts'
import type { ApplicationDocument, JsonMap, PlanDocument, SubscriptionDocument } from '../model.ts'
import { newApiKey } from './api-keys.ts'
import { LIVING, subscriptionNote } from './closing.ts'

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
  readonly apiKeyMode?: ApiKeyMode | undefined
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
      const moded = withApiKeyMode(management, application.value, {
        plan: plan.value,
        wanted: order.apiKeyMode,
      })
      return {
        operations: [
          { put: key, value: subscription as unknown as Json },
          ...moded === undefined ? [] : [{ put: application.key, value: moded as unknown as Json }],
        ],
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
  const id = order.id ?? management.ledger.ids.next()
  const keys = accepted && plan.security.type === 'API_KEY'
    ? [newApiKey(management, { id, endingAt: order.endingAt })]
    : undefined
  return plain({
    id,
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
    throw bad('plan.otherOAuth2OrJWTSubscribed', message)
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
