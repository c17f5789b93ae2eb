import { type Change, SortedKeys, type StoredDocument } from '../../store/mod.ts'
import { type Folder, parseKey, type Place } from './keys.ts'
import {
  type Belonging,
  type Known,
  KnownApplication,
  KnownCertificate,
  KnownSubscription,
} from './known.ts'
import type { ApiDocument, PlanDocument, SubscriptionStatus } from './model.ts'
import { SortedNames } from './sorted-names.ts'

export type { Known } from './known.ts'

/** What belongs to an application. */
interface Belongings {
  certificates: readonly KnownCertificate[]
  subscriptions: readonly KnownSubscription[]
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
  readonly applications: Map<string, KnownApplication> = new Map()
  readonly subscriptions: Map<string, KnownSubscription> = new Map()
  /** Who has a context path, and who a client id: ids of APIs and of applications. */
  readonly paths: Map<string, Known<string>> = new Map()
  readonly clients: Map<string, Known<string>> = new Map()
  readonly applicationNames: SortedNames
  readonly #belongings = new Map<string, Belongings>()
  readonly #plansOf = new Map<string, Set<string>>()
  /** By plan, then by status: ids in the order in which they came there. */
  readonly #byPlan = new Map<string, Map<SubscriptionStatus, Set<string>>>()
  /** Keys of audits, the oldest last. */
  readonly audits: SortedKeys = new SortedKeys()

  constructor() {
    this.applicationNames = new SortedNames(() => this.applications.values())
  }

  /** Takes changes in; `revision` is that of the store after them. */
  take(changes: readonly Change[], revision: number): void {
    for (const change of changes) {
      const place = parseKey(change.key)
      if (place !== undefined) this.takeOne(change, place, revision)
    }
  }

  /** Takes in what changed at a place. */
  takeOne({ key, document }: Change, { folder, id }: Place, revision: number): void {
    if (document === undefined) this.#remove(folder, id, { key, revision })
    else this.#put(folder, id, document)
  }

  certificatesOf(application: string): readonly KnownCertificate[] {
    return (this.#belongings.get(application) ?? NOTHING).certificates
  }

  subscriptionsOf(application: string): readonly KnownSubscription[] {
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
    return statuses.reduce((sum, each) => sum + (this.#byPlan.get(plan)?.get(each)?.size ?? 0), 0)
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
      statuses.map((status) => [...this.#byPlan.get(plan)?.get(status) ?? []])
    ).filter((list) => list.length > 0)
    const found = lists.length === 1 ? lists[0] as string[] : lists.flat().sort()
    return found.reverse()
  }

  #findByApplication(filter: SubscriptionFilter, applications: readonly string[]): string[] {
    const { api, plans, statuses } = filter
    return applications.flatMap((id) => this.subscriptionsOf(id))
      .filter(({ apiId, planId, status }) =>
        (api === undefined || apiId === api) && statuses.includes(status) &&
        (plans === undefined || plans.length === 0 || plans.includes(planId))
      )
      .map(({ id }) => id).sort().reverse()
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
        return this.#putApplication(new KnownApplication(document))
      case 'path':
        return void this.paths.set(id, known)
      case 'client':
        return void this.clients.set(id, known)
      case 'certificate':
        return this.#putCertificate(id, new KnownCertificate(document))
      case 'subscription':
        return this.#putSubscription(new KnownSubscription(document, (own) => this.#known(own)))
    }
  }

  #putPlan(known: Known<PlanDocument>): void {
    const { id, apiId } = known.value
    this.plans.set(id, known)
    addTo(this.#plansOf, apiId, id)
  }

  #putApplication(known: KnownApplication): void {
    this.applications.set(known.id, known)
    this.applicationNames.add(known.name, known.id)
  }

  #putCertificate(id: string, known: KnownCertificate): void {
    const own = this.#own(id.slice(0, id.indexOf('/')))
    own.certificates = own.certificates.length === 0
      ? [known]
      : [...own.certificates, known].sort((a, b) => a.id < b.id ? -1 : 1)
  }

  #putSubscription(known: KnownSubscription): void {
    const { id, planId, status, applicationId } = known
    this.subscriptions.set(id, known)
    const byStatus = this.#byPlan.get(planId)
    if (byStatus === undefined) this.#byPlan.set(planId, new Map([[status, new Set([id])]]))
    else addTo(byStatus, status, id)
    const own = this.#own(applicationId)
    own.subscriptions = own.subscriptions.length === 0 ? [known] : own.subscriptions.concat(known)
  }

  #known({ apiId, planId, applicationId }: Belonging): Belonging {
    const { value: plan } = this.plans.get(planId) ?? {}
    return {
      apiId: plan?.apiId === apiId ? plan.apiId : apiId,
      planId: plan?.id ?? planId,
      applicationId: this.applications.get(applicationId)?.id ?? applicationId,
    }
  }

  #own(application: string): Belongings {
    const known = this.#belongings.get(application)
    if (known !== undefined) return known
    const own: Belongings = { ...NOTHING }
    this.#belongings.set(this.applications.get(application)?.id ?? application, own)
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
    this.applicationNames.remove(known.name, id)
    this.applications.delete(id)
  }

  #forgetCertificate(id: string): void {
    const [application = '', certificate = ''] = id.split('/')
    const own = this.#belongings.get(application)
    if (own === undefined) return
    own.certificates = own.certificates.filter((each) => each.id !== certificate)
    this.#tidy(application, own)
  }

  #forgetSubscription(id: string): void {
    const known = this.subscriptions.get(id)
    if (known === undefined) return
    const { planId, status, applicationId } = known
    this.subscriptions.delete(id)
    const byStatus = this.#byPlan.get(planId)
    if (byStatus !== undefined) removeFrom(byStatus, status, id)
    if (byStatus?.size === 0) this.#byPlan.delete(planId)
    const own = this.#belongings.get(applicationId)
    if (own === undefined) return
    own.subscriptions = own.subscriptions.filter((each) => each.id !== id)
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
      return this.certificatesOf(application).find((each) => each.id === certificate)
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

function addTo<K>(map: Map<K, Set<string>>, key: K, id: string): void {
  const set = map.get(key)
  if (set === undefined) map.set(key, new Set([id]))
  else set.add(id)
}

function removeFrom<K>(map: Map<K, Set<string>>, key: K | undefined, id: string): void {
  if (key === undefined) return
  const set = map.get(key)
  set?.delete(id)
  if (set?.size === 0) map.delete(key)
}
