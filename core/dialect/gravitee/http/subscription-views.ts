import { apiKeyModeOf } from '../api-key-mode.ts'
import type { Management } from '../management.ts'
import type { ApiKeyDocument, SubscriptionDocument } from '../model.ts'
import { isAlive } from '../subscriptions/api-keys.ts'
import { clientIdOf } from '../client-id.ts'
import { applicationBrief, iso, user, type View } from './views.ts'

/** A subscription as the v2 API answers it; `expands` names what is told in full. */
export function subscriptionView(
  { catalogue }: Management,
  subscription: SubscriptionDocument,
  expands: readonly string[] = [],
): View {
  const { id, apiId, planId, applicationId, status, subscribedBy, processedBy } = subscription
  const api = expands.includes('api') ? catalogue.apis.get(apiId)?.value : undefined
  const plan = expands.includes('plan') ? catalogue.plans.get(planId)?.value : undefined
  const application = expands.includes('application')
    ? catalogue.applications.get(applicationId)?.value
    : undefined
  return {
    id,
    api: {
      id: apiId,
      ...(api && {
        name: api.name,
        description: api.description,
        apiVersion: api.apiVersion,
        definitionVersion: 'V4',
      }),
    },
    plan: {
      id: planId,
      ...(plan && {
        name: plan.name,
        description: plan.description,
        apiId,
        security: { type: plan.security.type },
        mode: 'STANDARD',
      }),
    },
    application: { id: applicationId, ...(application && applicationBrief(application)) },
    consumerMessage: subscription.request,
    publisherMessage: subscription.reason,
    metadata: subscription.metadata ?? {},
    status,
    consumerStatus: 'STARTED',
    processedBy: processedBy === undefined ? undefined : user(processedBy),
    subscribedBy: user(subscribedBy),
    processedAt: iso(subscription.processedAt),
    startingAt: iso(subscription.startingAt),
    endingAt: iso(subscription.endingAt),
    createdAt: iso(subscription.createdAt),
    updatedAt: iso(subscription.updatedAt),
    closedAt: iso(subscription.closedAt),
    pausedAt: iso(subscription.pausedAt),
    origin: 'MANAGEMENT',
  }
}

/** A subscription as the v1 API answers it. */
export function subscriptionViewV1(
  management: Management,
  subscription: SubscriptionDocument,
): View {
  const { catalogue } = management
  const { id, apiId, planId, applicationId, subscribedBy } = subscription
  const api = catalogue.apis.get(apiId)?.value
  const plan = catalogue.plans.get(planId)?.value
  const application = catalogue.applications.get(applicationId)?.value
  return {
    id,
    api: { id: apiId, name: api?.name, version: api?.apiVersion, owner: user(api?.owner ?? '') },
    plan: { id: planId, name: plan?.name, security: plan?.security.type },
    application: {
      id: applicationId,
      name: application?.name,
      type: application?.type,
      description: application?.description,
      domain: application?.domain,
      owner: application && user(application.owner),
      apiKeyMode: apiKeyModeOf(application),
    },
    ...stateV1(management, subscription),
    subscribed_by: user(subscribedBy),
  }
}

/** A subscription as lists of the v1 API have it: by ids. */
export function subscriptionItemV1(
  management: Management,
  subscription: SubscriptionDocument,
  expands: readonly string[],
): View {
  const { id, apiId, planId, applicationId, subscribedBy, apiKeys = [] } = subscription
  const plan = management.catalogue.plans.get(planId)?.value
  const alive = apiKeys.filter((key) => isAlive(key, management.now()))
  return {
    id,
    api: apiId,
    plan: planId,
    application: applicationId,
    ...stateV1(management, subscription),
    subscribed_by: subscribedBy,
    ...(expands.includes('security') ? { security: plan?.security.type } : {}),
    ...(expands.includes('keys') ? { keys: alive.map(({ key }) => key) } : {}),
  }
}

function stateV1({ catalogue }: Management, subscription: SubscriptionDocument): View {
  const { applicationId, clientId } = subscription
  const application = catalogue.applications.get(applicationId)?.value
  return {
    status: subscription.status,
    consumerStatus: 'STARTED',
    request: subscription.request,
    reason: subscription.reason,
    metadata: subscription.metadata ?? {},
    processed_by: subscription.processedBy,
    processed_at: subscription.processedAt,
    starting_at: subscription.startingAt,
    ending_at: subscription.endingAt,
    created_at: subscription.createdAt,
    updated_at: subscription.updatedAt,
    closed_at: subscription.closedAt,
    paused_at: subscription.pausedAt,
    // Whoever subscribed by a client id goes by the one that the application has now.
    client_id: clientId && (application && clientIdOf(application) || clientId),
  }
}

/** A key with the subscription that has it. */
export interface KeyPlace {
  readonly key: ApiKeyDocument
  readonly subscription: SubscriptionDocument
}

/** An API key; whoever may see it may use it. */
export function apiKeyView(
  management: Management,
  key: ApiKeyDocument,
  subscription: SubscriptionDocument,
): View {
  return {
    ...keyView(management, key, subscription),
    createdAt: iso(key.createdAt),
    updatedAt: iso(key.updatedAt),
    expireAt: iso(key.expireAt),
    revokedAt: iso(key.revokedAt),
  }
}

/** An API key as the v1 API answers it. */
export function apiKeyViewV1(
  management: Management,
  key: ApiKeyDocument,
  subscription: SubscriptionDocument,
): View {
  return {
    ...keyView(management, key, subscription),
    created_at: key.createdAt,
    updated_at: key.updatedAt,
    expire_at: key.expireAt,
    revoked_at: key.revokedAt,
  }
}

function keyView(
  management: Management,
  { id, key, revokedAt, expireAt = Infinity }: ApiKeyDocument,
  { id: subscription, applicationId, status }: SubscriptionDocument,
): View {
  return {
    id,
    key,
    application: { id: applicationId },
    subscriptions: [{ id: subscription }],
    revoked: revokedAt !== undefined,
    paused: status === 'PAUSED' && revokedAt === undefined,
    expired: expireAt <= management.now(),
  }
}
