import type {
  ApiKeyConfig,
  ApplicationCertificateConfig,
  ApplicationConfig,
  Material,
  SubscriptionConfig,
} from '../../../snapshot/mod.ts'
import type { KnownApplication, KnownCertificate, KnownSubscription } from '../known.ts'
import { apiName } from './api.ts'

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
}

/** Of nothing there is one list. */
const NONE: readonly never[] = []

/** Turns an active application with what it has into the gateway's own; undefined where nothing of it counts. */
export function translateApplication(
  { status, clientId }: KnownApplication,
  { name, certificates, subscriptions }: ApplicationBelongings,
): ApplicationConfig | undefined {
  if (status !== 'ACTIVE') return undefined
  const accepted = subscriptions.filter((each) => STATUSES[each.status] !== undefined)
  // What cannot let in yet needs no place in memory; a certificate belongs to its application all the same.
  const own = certificates.filter(({ released }) => released !== true).map(certificateOf)
  if (accepted.length === 0 && own.length === 0) return undefined
  const apiKeys = accepted.flatMap(keysOf)
  return {
    name,
    certificates: own,
    apiKeys: apiKeys.length === 0 ? NONE : apiKeys,
    subscriptions: accepted.map(subscriptionOf),
    ...(clientId === undefined ? {} : { clientId }),
  }
}

/** A certificate's PEM, as bytes for whoever asks. Its key stands for its content, which never changes. */
class StoredCertificate implements Material {
  readonly #known: KnownCertificate

  constructor(known: KnownCertificate) {
    this.#known = known
  }

  get from(): string {
    return this.#known.key
  }

  get data(): Uint8Array {
    return new TextEncoder().encode(this.#known.value.certificate)
  }
}

function certificateOf(known: KnownCertificate): ApplicationCertificateConfig {
  const { sha256, subject, issuer, startsAt, endsAt } = known
  const { certificateStart: notBefore, certificateExpiration: notAfter } = known
  const read = { sha256, subject, issuer, notBefore, notAfter }
  return { cert: new StoredCertificate(known), read, from: startsAt, until: endsAt }
}

const STATUSES: Readonly<Record<string, SubscriptionConfig['status']>> = {
  ACCEPTED: 'accepted',
  PAUSED: 'paused',
  PENDING: 'pending',
}

function subscriptionOf(
  { id, apiId, planId, status, startingAt, endingAt }: KnownSubscription,
): SubscriptionConfig {
  return {
    id,
    api: apiName(apiId),
    plan: planId,
    status: STATUSES[status] ?? 'closed',
    from: startingAt,
    until: endingAt,
  }
}

/** Keys count for their own subscription alone. */
function keysOf({ apiKeys = NONE, apiId, planId }: KnownSubscription): ApiKeyConfig[] {
  return apiKeys.filter(({ revokedAt }) => revokedAt === undefined).map(({ key, expireAt }) => ({
    key,
    from: undefined,
    until: expireAt,
    only: { api: apiName(apiId), plan: planId },
  }))
}
