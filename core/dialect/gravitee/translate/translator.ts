import type { Change } from '../../../store/mod.ts'
import type { ApiConfig, ApplicationConfig, UpstreamConfig } from '../../../snapshot/mod.ts'
import type { ConfigurationParts, DocumentProblem, PartsChange, Translator } from '../../types.ts'
import type { Catalogue } from '../catalogue.ts'
import { keyOf, parseKey, type Place } from '../keys.ts'
import { apiName, type ApiParts, translateApi } from './api.ts'
import type { TranslatorOptions } from './options.ts'
import { applicationName, idOf, translateApplication } from './application.ts'

export type { TranslatorOptions } from './options.ts'

/** What a batch of changes touches. */
interface Touched {
  readonly applications: Set<string>
  readonly apis: Set<string>
}

/**
 * Turns the documents of a catalogue into parts of the configuration. Applications are translated one by one as they
 * change; APIs with their plans likewise.
 */
export class GraviteeTranslator implements Translator {
  readonly #catalogue: Catalogue
  readonly #options: TranslatorOptions
  readonly #apis = new Map<string, ApiParts>()
  readonly #applications = new Map<string, ApplicationConfig>()
  readonly #documents = new WeakMap<object, string>()
  /** Which API a plan that was translated belongs to. */
  readonly #plans = new Map<string, string>()
  #parts: ConfigurationParts | undefined

  constructor(catalogue: Catalogue, options: TranslatorOptions) {
    this.#catalogue = catalogue
    this.#options = options
  }

  take(changes: readonly Change[]): PartsChange {
    const touched: Touched = { applications: new Set(), apis: new Set() }
    for (const change of changes) this.#takeOne(change, touched)
    let others = false
    for (const id of touched.apis) others = this.#translateApi(id) || others
    if (others) this.#parts = undefined
    const applications = new Set<string>()
    for (const id of touched.applications) {
      const name = applicationName(id)
      if (this.#translateApplication(id, name)) applications.add(name)
    }
    return { applications, others }
  }

  parts(): ConfigurationParts {
    return this.#parts ??= this.#collect()
  }

  documentOf(part: object): string | undefined {
    const id = 'subscriptions' in part ? idOf((part as ApplicationConfig).name) : undefined
    return id === undefined ? this.#documents.get(part) : keyOf('application', id)
  }

  #takeOne(change: Change, { applications, apis }: Touched): void {
    const place = parseKey(change.key)
    if (place === undefined) return
    const { folder, id } = place
    const catalogue = this.#catalogue
    if (folder === 'subscription') return this.#takeSubscription(change, place, applications)
    catalogue.takeOne(change, place, Infinity)
    if (folder === 'application') applications.add(id)
    else if (folder === 'certificate') applications.add(id.slice(0, id.indexOf('/')))
    else if (folder === 'api') apis.add(id)
    else if (folder === 'plan') {
      const api = catalogue.plans.get(id)?.value.apiId ?? this.#plans.get(id)
      if (api !== undefined) apis.add(api)
    }
  }

  #takeSubscription(change: Change, place: Place, applications: Set<string>): void {
    const { subscriptions } = this.#catalogue
    const before = subscriptions.get(place.id)?.applicationId
    this.#catalogue.takeOne(change, place, Infinity)
    const now = subscriptions.get(place.id)?.applicationId
    if (before !== undefined) applications.add(before)
    if (now !== undefined) applications.add(now)
  }

  /** Whether anything of it changed. */
  #translateApplication(id: string, name: string): boolean {
    const known = this.#catalogue.applications.get(id)
    const before = this.#applications.get(name)
    const after = known && translateApplication(known, {
      name,
      certificates: this.#catalogue.certificatesOf(id),
      subscriptions: this.#catalogue.subscriptionsOf(id),
      apiName: (api) => this.#apis.get(api)?.name ?? apiName(api),
    })
    if (after === undefined) return this.#applications.delete(name)
    if (before !== undefined && same(before, after)) return false
    this.#applications.set(name, after)
    return true
  }

  #translateApi(id: string): boolean {
    const known = this.#catalogue.apis.get(id)
    const plans = this.#catalogue.plansOf(id).map(({ value }) => value)
    for (const plan of plans) this.#plans.set(plan.id, id)
    const live = plans.filter(({ status }) => status === 'PUBLISHED' || status === 'DEPRECATED')
    const runs = known?.value.state === 'STARTED' && live.length > 0
    if (!runs) return this.#apis.delete(id)
    const parts = translateApi(known.value, live, this.#options)
    this.#apis.set(id, parts)
    for (const part of [parts.upstream, ...parts.apis]) this.#documents.set(part, known.key)
    return true
  }

  #collect(): ConfigurationParts {
    const upstreams = new Map<string, UpstreamConfig>()
    const apis: ApiConfig[] = []
    const problems: DocumentProblem[] = []
    for (const [id, parts] of this.#apis) {
      const key = keyOf('api', id)
      for (const message of parts.warnings) problems.push({ key, severity: 'warning', message })
      for (const message of parts.errors) problems.push({ key, severity: 'error', message })
      if (parts.errors.length > 0) continue
      upstreams.set(apiName(id), parts.upstream)
      apis.push(...parts.apis)
    }
    return {
      listeners: [],
      tls: [],
      upstreams,
      routes: [],
      apis,
      applications: this.#applications,
      problems,
    }
  }
}

/** Whether two translations say the same; a certificate's content is that of its document, by which it is known. */
function same(a: ApplicationConfig, b: ApplicationConfig): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
