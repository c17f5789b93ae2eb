import type {
  ApiKeyConfig,
  ApplicationCertificateConfig,
  ApplicationConfig,
  SubscriptionConfig,
} from '../../../snapshot/mod.ts'
import type { KnownApplication, KnownCertificate, KnownSubscription } from '../known.ts'

/** The name of an application among the gateway's parts. */
export function applicationName(id: string): string {
  return `gravitee:${id}`
}

/** The id of the application that a part of this name stands for; undefined where it stands for none of them. */
export function idOf(name: string): string | undefined {
  return name.startsWith('gravitee:') ? name.slice('gravitee:'.length) : undefined
}

/** What an application has, and the name of the part that it becomes. */
export interface ApplicationBelongings {
  readonly name: string
  readonly certificates: readonly KnownCertificate[]
  readonly subscriptions: readonly KnownSubscription[]
  /** The name of an API: one text for all who have to do with it, which is told from others at a glance. */
  readonly apiName: (id: string) => string
}

/** Of nothing there is one list. */
const NONE: readonly never[] = []

/** Turns an active application with what it has into the gateway's own; undefined where nothing of it counts. */
export function translateApplication(
  { status, clientId }: KnownApplication,
  { name, certificates, subscriptions, apiName }: ApplicationBelongings,
): ApplicationConfig | undefined {
  if (status !== 'ACTIVE') return undefined
  const accepted = subscriptions.filter((each) => STATUSES[each.status] !== undefined)
  // What cannot let in yet needs no place in memory; a certificate belongs to its application all the same.
  const own = certificates.filter(({ released }) => released !== true).map(certificateOf)
  if (accepted.length === 0 && own.length === 0) return undefined
  const apiKeys = accepted.flatMap((each) => keysOf(each, apiName(each.apiId)))
  return {
    name,
    certificates: own,
    apiKeys: apiKeys.length === 0 ? NONE : apiKeys,
    subscriptions: accepted.map((each) => subscriptionOf(each, apiName(each.apiId))),
    ...(clientId === undefined ? {} : { clientId }),
  }
}

function certificateOf(known: KnownCertificate): ApplicationCertificateConfig {
  return { cert: known, read: known, from: known.startsAt, until: known.endsAt }
}

const STATUSES: Readonly<Record<string, SubscriptionConfig['status']>> = {
  ACCEPTED: 'accepted',
  PAUSED: 'paused',
  PENDING: 'pending',
}

function subscriptionOf(
  { id, planId, status, startingAt, endingAt }: KnownSubscription,
  api: string,
): SubscriptionConfig {
  return {
    id,
    api,
    plan: planId,
    status: STATUSES[status] ?? 'closed',
    from: startingAt,
    until: endingAt,
  }
}

/** Keys count for their own subscription alone. */
function keysOf({ apiKeys = NONE, planId }: KnownSubscription, api: string): ApiKeyConfig[] {
  return apiKeys.filter(({ revokedAt }) => revokedAt === undefined).map(({ key, expireAt }) => ({
    key,
    from: undefined,
    until: expireAt,
    only: { api, plan: planId },
  }))
}
