import type {
  ApiKeyConfig,
  ApplicationCertificateConfig,
  ApplicationConfig,
  SubscriptionConfig,
} from '../../../snapshot/mod.ts'
import { isPkiProblem, readPem } from '../../../pki/mod.ts'
import type { Known } from '../catalogue.ts'
import type { ApplicationDocument, CertificateDocument, SubscriptionDocument } from '../model.ts'
import { clientIdOf } from '../client-id.ts'
import { apiName } from './api.ts'

/** The name of an application among the gateway's parts. */
export function applicationName(id: string): string {
  return `gravitee:${id}`
}

/** What an application has. */
export interface ApplicationBelongings {
  readonly certificates: readonly Known<CertificateDocument>[]
  readonly subscriptions: readonly Known<SubscriptionDocument>[]
}

/** Turns an active application with what it has into the gateway's own; undefined where nothing of it counts. */
export function translateApplication(
  application: ApplicationDocument,
  { certificates, subscriptions }: ApplicationBelongings,
): ApplicationConfig | undefined {
  if (application.status !== 'ACTIVE') return undefined
  const accepted = subscriptions.filter(({ value }) => STATUSES[value.status] !== undefined)
  // What cannot let in yet needs no place in memory; a certificate belongs to its application all the same.
  const own = certificates.flatMap(({ key, value }) => certificateOf(key, value))
  if (accepted.length === 0 && own.length === 0) return undefined
  const clientId = clientIdOf(application)
  return {
    name: applicationName(application.id),
    certificates: own,
    apiKeys: accepted.flatMap(({ value }) => keysOf(value)),
    subscriptions: accepted.map(({ value }) => subscriptionOf(value)),
    ...(clientId === undefined ? {} : { clientId }),
  }
}

function certificateOf(key: string, document: CertificateDocument): ApplicationCertificateConfig[] {
  if (document.released === true) return []
  const blocks = readPem(document.certificate)
  const der = isPkiProblem(blocks) ? undefined : blocks[0]?.der
  if (der === undefined) return []
  return [{ cert: { from: key, data: der }, from: document.startsAt, until: document.endsAt }]
}

const STATUSES: Readonly<Record<string, SubscriptionConfig['status']>> = {
  ACCEPTED: 'accepted',
  PAUSED: 'paused',
  PENDING: 'pending',
}

function subscriptionOf(
  { apiId, planId, status, startingAt, endingAt }: SubscriptionDocument,
): SubscriptionConfig {
  return {
    api: apiName(apiId),
    plan: planId,
    status: STATUSES[status] ?? 'closed',
    from: startingAt,
    until: endingAt,
  }
}

/** Keys count for their own subscription alone. */
function keysOf({ apiKeys = [], apiId, planId }: SubscriptionDocument): ApiKeyConfig[] {
  return apiKeys.filter(({ revokedAt }) => revokedAt === undefined).map(({ key, expireAt }) => ({
    key,
    from: undefined,
    until: expireAt,
    only: { api: apiName(apiId), plan: planId },
  }))
}
