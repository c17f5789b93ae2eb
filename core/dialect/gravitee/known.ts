import type { CertificateSummary, Material } from '../../snapshot/mod.ts'
import type { StoredDocument } from '../../store/mod.ts'
import { clientIdOf } from './client-id.ts'
import type {
  ApiKeyDocument,
  ApplicationDocument,
  CertificateDocument,
  SubscriptionDocument,
  SubscriptionStatus,
} from './model.ts'

/** A document as it is known, with the revision of its last change. */
export interface Known<T> {
  readonly key: string
  readonly modifyRevision: number
  /** A store may read it anew each time: ask once for what is needed twice. */
  readonly value: T
}

/** One of very many documents: what is asked of all of them is at hand, and the rest is read where it is wanted. */
class KnownDocument<T> implements Known<T> {
  readonly #document: StoredDocument

  constructor(document: StoredDocument) {
    this.#document = document
  }

  get key(): string {
    return this.#document.key
  }

  get modifyRevision(): number {
    return this.#document.modifyRevision
  }

  get value(): T {
    return this.#document.value as unknown as T
  }
}

/** An application as it is known. */
export class KnownApplication extends KnownDocument<ApplicationDocument> {
  readonly id: string
  readonly name: string
  readonly status: ApplicationDocument['status']
  readonly owner: string
  readonly clientId: string | undefined

  constructor(document: StoredDocument) {
    super(document)
    const application = this.value
    this.id = application.id
    this.name = application.name
    this.status = application.status
    this.owner = application.owner
    this.clientId = clientIdOf(application)
  }
}

/** A certificate of an application as it is known, which is also what the gateway is told of it. */
export class KnownCertificate extends KnownDocument<CertificateDocument>
  implements CertificateSummary, Material {
  readonly id: string
  readonly sha256: string
  readonly subject: string
  readonly issuer: string
  readonly startsAt: number | undefined
  readonly endsAt: number | undefined
  readonly notBefore: number
  readonly notAfter: number
  readonly released: true | undefined

  constructor(document: StoredDocument) {
    super(document)
    const certificate = this.value
    this.id = certificate.id
    this.sha256 = certificate.sha256
    this.subject = certificate.subject
    this.issuer = sameText(certificate.issuer, certificate.subject)
    this.startsAt = certificate.startsAt
    this.endsAt = certificate.endsAt
    this.notBefore = certificate.certificateStart
    this.notAfter = certificate.certificateExpiration
    this.released = certificate.released
  }

  /** Its key stands for its content, which never changes. */
  get from(): string {
    return this.key
  }

  /** PEM. */
  get data(): Uint8Array {
    return new TextEncoder().encode(this.value.certificate)
  }
}

/** Where a subscription belongs, in texts that are known already: a hundred thousand need no copies of their own. */
export type Belonging = Pick<SubscriptionDocument, 'apiId' | 'planId' | 'applicationId'>

/** A subscription as it is known. */
export class KnownSubscription extends KnownDocument<SubscriptionDocument> {
  readonly id: string
  readonly apiId: string
  readonly planId: string
  readonly applicationId: string
  readonly status: SubscriptionStatus
  readonly startingAt: number | undefined
  readonly endingAt: number | undefined
  readonly apiKeys: readonly ApiKeyDocument[] | undefined

  constructor(document: StoredDocument, known: (own: Belonging) => Belonging) {
    super(document)
    const subscription = this.value
    const { apiId, planId, applicationId } = known(subscription)
    this.id = subscription.id
    this.apiId = apiId
    this.planId = planId
    this.applicationId = applicationId
    this.status = subscription.status
    this.startingAt = subscription.startingAt
    this.endingAt = subscription.endingAt
    this.apiKeys = subscription.apiKeys
  }
}

function sameText(text: string, other: string): string {
  return text === other ? other : text
}
