import type {
  ApiKeyConfig,
  ApplicationCertificateConfig,
  ApplicationConfig,
  Material,
  SubscriptionConfig,
} from '../../../snapshot/mod.ts'
import type { Known } from '../catalogue.ts'
import type { ApplicationDocument, CertificateDocument, SubscriptionDocument } from '../model.ts'
import { clientIdOf } from '../client-id.ts'
import { apiName } from './api.ts'

/** The name of an application among the gateway's parts. */
export function applicationName(id: string): string {
  return `gravitee:${id}`
}

/** The id of the application that a part of this name stands for; undefined where it stands for none of them. */
export function idOf(name: string): string | undefined {
  return name.startsWith('gravitee:') ? name.slice('gravitee:'.length) : undefined
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

/** A certificate's PEM, as bytes for whoever asks. Its key stands for its content, which never changes. */
class StoredCertificate implements Material {
  readonly from: string
  readonly #document: CertificateDocument

  constructor(key: string, document: CertificateDocument) {
    this.from = key
    this.#document = document
  }

  get data(): Uint8Array {
    return new TextEncoder().encode(this.#document.certificate)
  }
}

function certificateOf(key: string, document: CertificateDocument): ApplicationCertificateConfig[] {
  if (document.released === true) return []
  const { sha256, subject, issuer, startsAt, endsAt } = document
  const { certificateStart: notBefore, certificateExpiration: notAfter } = document
  const read = { sha256, subject, issuer, notBefore, notAfter }
  return [{ cert: new StoredCertificate(key, document), read, from: startsAt, until: endsAt }]
}

const STATUSES: Readonly<Record<string, SubscriptionConfig['status']>> = {
  ACCEPTED: 'accepted',
  PAUSED: 'paused',
  PENDING: 'pending',
}

function subscriptionOf(
  { id, apiId, planId, status, startingAt, endingAt }: SubscriptionDocument,
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
function keysOf({ apiKeys = [], apiId, planId }: SubscriptionDocument): ApiKeyConfig[] {
  return apiKeys.filter(({ revokedAt }) => revokedAt === undefined).map(({ key, expireAt }) => ({
    key,
    from: undefined,
    until: expireAt,
    only: { api: apiName(apiId), plan: planId },
  }))
}
