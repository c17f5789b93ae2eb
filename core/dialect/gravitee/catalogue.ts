import { type Change, SortedKeys, type StoredDocument } from '../../store/mod.ts'
import { type Folder, parseKey } from './keys.ts'
import type {
  ApiDocument,
  ApplicationDocument,
  CertificateDocument,
  PlanDocument,
  SubscriptionDocument,
  SubscriptionStatus,
} from './model.ts'
import { SortedNames } from './sorted-names.ts'

/** A document as it is known, with the revision of its last change. */
export interface Known<T> {
  readonly key: string
  readonly modifyRevision: number
  readonly value: T
}

/** An application with what belongs to it. */
interface Belongings {
  certificates: Known<CertificateDocument>[]
  subscriptions: Known<SubscriptionDocument>[]
}

const NOTHING: Belongings = { certificates: [], subscriptions: [] }

/** Which subscriptions are wanted; what is left out does not matter. */
export interface SubscriptionFilter {
  readonly api?: string
  readonly applications?: readonly string[]
  readonly plans?: readonly string[]
  readonly statuses: readonly SubscriptionStatus[]
}

/**
 * What the Management API knows of the store, indexed for its questions. It follows the store's changes, each at the
 * cost of what changed; what is told twice, or late, does no harm.
 */
export class Catalogue {
  readonly apis: Map<string, Known<ApiDocument>> = new Map()
  readonly plans: Map<string, Known<PlanDocument>> = new Map()
  readonly applications: Map<string, Known<ApplicationDocument>> = new Map()
  readonly subscriptions: Map<string, Known<SubscriptionDocument>> = new Map()
  /** Who has a context path, and who a client id: ids of APIs and of applications. */
  readonly paths: Map<string, Known<string>> = new Map()
  readonly clients: Map<string, Known<string>> = new Map()
  readonly applicationNames: SortedNames
  readonly #belongings = new Map<string, Belongings>()
  readonly #plansOf = new Map<string, Set<string>>()
  /** By plan and status: ids in the order in which they came there. */
  readonly #byPlan = new Map<string, Set<string>>()
  /** Keys of audits, the oldest last. */
  readonly audits: SortedKeys = new SortedKeys()

  constructor() {
    this.applicationNames = new SortedNames(() => this.applications.values())
  }

  /** Takes changes in; `revision` is that of the store after them. */
  take(changes: readonly Change[], revision: number): void {
    for (const { key, document } of changes) {
      const place = parseKey(key)
      if (place === undefined) continue
      const { folder, id } = place
      if (document === undefined) this.#remove(folder, id, { key, revision })
      else this.#put(folder, id, document)
    }
  }

  certificatesOf(application: string): readonly Known<CertificateDocument>[] {
    return (this.#belongings.get(application) ?? NOTHING).certificates
  }

  subscriptionsOf(application: string): readonly Known<SubscriptionDocument>[] {
    return (this.#belongings.get(application) ?? NOTHING).subscriptions
  }

  /** The plans of an API in their order. */
  plansOf(api: string): Known<PlanDocument>[] {
    const plans: Known<PlanDocument>[] = []
    for (const id of this.#plansOf.get(api) ?? []) {
      const plan = this.plans.get(id)
      if (plan !== undefined) plans.push(plan)
    }
    return plans.sort((a, b) =>
      a.value.order - b.value.order || a.value.createdAt - b.value.createdAt
    )
  }

  /** How many subscriptions of a plan have these statuses. */
  count(plan: string, statuses: readonly SubscriptionStatus[]): number {
    return statuses.reduce((sum, each) => sum + (this.#byPlan.get(`${plan} ${each}`)?.size ?? 0), 0)
  }

  /** Ids of subscriptions, the newest first. */
  find(filter: SubscriptionFilter): string[] {
    const { api, applications, plans, statuses } = filter
    if (applications !== undefined && applications.length > 0) {
      return this.#findByApplication(filter, applications)
    }
    const wanted = api === undefined
      ? plans ?? []
      : [...this.#plansOf.get(api) ?? []].filter((id) => plans?.includes(id) ?? true)
    const lists = wanted.flatMap((plan) =>
      statuses.map((status) => [...this.#byPlan.get(`${plan} ${status}`) ?? []])
    ).filter((list) => list.length > 0)
    const found = lists.length === 1 ? lists[0] as string[] : lists.flat().sort()
    return found.reverse()
  }

  #findByApplication(filter: SubscriptionFilter, applications: readonly string[]): string[] {
    const { api, plans, statuses } = filter
    return applications.flatMap((id) => this.subscriptionsOf(id))
      .filter(({ value }) =>
        (api === undefined || value.apiId === api) && statuses.includes(value.status) &&
        (plans === undefined || plans.length === 0 || plans.includes(value.planId))
      )
      .map(({ value }) => value.id).sort().reverse()
  }

  #put(folder: Folder, id: string, document: StoredDocument): void {
    if (folder === 'audit') return void this.audits.add(document.key)
    if (folder === 'claim') return
    const { modifyRevision } = document
    const before = this.#revisionOf(folder, id)
    if (before !== undefined) {
      if (before >= modifyRevision) return
      this.#forget(folder, id)
    }
    // The store's own object: what is known costs its places in the index alone.
    const known = document as unknown as Known<never>
    switch (folder) {
      case 'api':
        return void this.apis.set(id, known)
      case 'plan':
        return this.#putPlan(known)
      case 'application':
        return this.#putApplication(known)
      case 'path':
        return void this.paths.set(id, known)
      case 'client':
        return void this.clients.set(id, known)
      case 'certificate':
        return this.#putCertificate(known)
      case 'subscription':
        return this.#putSubscription(known)
    }
  }

  #putPlan(known: Known<PlanDocument>): void {
    const { id, apiId } = known.value
    this.plans.set(id, known)
    addTo(this.#plansOf, apiId, id)
  }

  #putApplication(known: Known<ApplicationDocument>): void {
    const { id, name } = known.value
    this.applications.set(id, known)
    this.applicationNames.add(name, id)
  }

  #putCertificate(known: Known<CertificateDocument>): void {
    const own = this.#own(known.value.applicationId)
    own.certificates = own.certificates.length === 0
      ? [known]
      : [...own.certificates, known].sort((a, b) => a.value.id < b.value.id ? -1 : 1)
  }

  #putSubscription(known: Known<SubscriptionDocument>): void {
    const { id, planId, status, applicationId } = known.value
    this.subscriptions.set(id, known)
    addTo(this.#byPlan, `${planId} ${status}`, id)
    const own = this.#own(applicationId)
    own.subscriptions = own.subscriptions.length === 0 ? [known] : own.subscriptions.concat(known)
  }

  #own(application: string): Belongings {
    const known = this.#belongings.get(application)
    if (known !== undefined) return known
    const own: Belongings = { ...NOTHING }
    this.#belongings.set(application, own)
    return own
  }

  #remove(folder: Folder, id: string, at: { key: string; revision: number }): void {
    if (folder === 'audit') return void this.audits.delete(at.key)
    if ((this.#revisionOf(folder, id) ?? 0) <= at.revision) this.#forget(folder, id)
  }

  #forget(folder: Folder, id: string): void {
    switch (folder) {
      case 'api':
        return void this.apis.delete(id)
      case 'plan':
        removeFrom(this.#plansOf, this.plans.get(id)?.value.apiId, id)
        return void this.plans.delete(id)
      case 'application':
        return this.#forgetApplication(id)
      case 'path':
        return void this.paths.delete(id)
      case 'client':
        return void this.clients.delete(id)
      case 'certificate':
        return this.#forgetCertificate(id)
      case 'subscription':
        return this.#forgetSubscription(id)
      case 'audit':
      case 'claim':
    }
  }

  #forgetApplication(id: string): void {
    const known = this.applications.get(id)
    if (known === undefined) return
    this.applicationNames.remove(known.value.name, id)
    this.applications.delete(id)
  }

  #forgetCertificate(id: string): void {
    const [application = '', certificate = ''] = id.split('/')
    const own = this.#belongings.get(application)
    if (own === undefined) return
    own.certificates = own.certificates.filter(({ value }) => value.id !== certificate)
    this.#tidy(application, own)
  }

  #forgetSubscription(id: string): void {
    const known = this.subscriptions.get(id)
    if (known === undefined) return
    const { planId, status, applicationId } = known.value
    this.subscriptions.delete(id)
    removeFrom(this.#byPlan, `${planId} ${status}`, id)
    const own = this.#belongings.get(applicationId)
    if (own === undefined) return
    own.subscriptions = own.subscriptions.filter(({ value }) => value.id !== id)
    this.#tidy(applicationId, own)
  }

  #tidy(application: string, own: Belongings): void {
    if (own.certificates.length + own.subscriptions.length === 0) {
      this.#belongings.delete(application)
    }
  }

  #revisionOf(folder: Folder, id: string): number | undefined {
    if (folder === 'certificate') {
      const [application = '', certificate] = id.split('/')
      return this.certificatesOf(application).find(({ value }) => value.id === certificate)
        ?.modifyRevision
    }
    return this.#mapOf(folder)?.get(id)?.modifyRevision
  }

  #mapOf(folder: Folder): ReadonlyMap<string, Known<unknown>> | undefined {
    switch (folder) {
      case 'api':
        return this.apis
      case 'plan':
        return this.plans
      case 'application':
        return this.applications
      case 'path':
        return this.paths
      case 'client':
        return this.clients
      case 'subscription':
        return this.subscriptions
      default:
        return undefined
    }
  }
}

function addTo(map: Map<string, Set<string>>, key: string, id: string): void {
  const set = map.get(key)
  if (set === undefined) map.set(key, new Set([id]))
  else set.add(id)
}

function removeFrom(map: Map<string, Set<string>>, key: string | undefined, id: string): void {
  if (key === undefined) return
  const set = map.get(key)
  set?.delete(id)
  if (set?.size === 0) map.delete(key)
}
