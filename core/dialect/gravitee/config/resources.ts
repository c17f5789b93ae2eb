import type { Change, Json } from '../../../store/mod.ts'
import type { ConfigurationParts, DocumentProblem } from '../../types.ts'
import { apiSchema, extraOf, plain } from '../api-bodies.ts'
import { contentOf } from '../apis.ts'
import { check, date } from '../bodies.ts'
import { Catalogue } from '../catalogue.ts'
import { checkDates, readClientCertificate } from '../certificates.ts'
import { Fault } from '../faults.ts'
import { certificateKey, type Folder, keyOf } from '../keys.ts'
import type {
  ApiDocument,
  ApiKeyDocument,
  ApplicationDocument,
  CertificateDocument,
  PlanDocument,
  SubscriptionDocument,
} from '../model.ts'
import { conflictOf, duplicatePath, pathsOf } from '../paths.ts'
import { PLAN_FIELDS, planSchema } from '../plan-bodies.ts'
import { checkApi, checkPlan } from '../translate/check.ts'
import type { TranslatorOptions } from '../translate/options.ts'
import { type FileAccess, NO_FILES, readNamedFiles } from '../translate/files.ts'
import { GraviteeTranslator } from '../translate/translator.ts'
import { isTable, type Table } from './notes.ts'
import { at, decoded, namespaceOf, References, text } from './resource-references.ts'

export { translatorOptions } from '../translate/options.ts'

/** What custom resources ask for. */
export interface TranslatedResources {
  readonly parts: ConfigurationParts
  /** Resources left out, and why; `key` is `KIND NAMESPACE/NAME`. */
  readonly problems: readonly DocumentProblem[]
}

/** Whether a document is a resource of Gravitee's operator, or a secret that one may name. */
export function isResource(document: unknown): document is Table {
  if (!isTable(document)) return false
  const { apiVersion, kind } = document
  return typeof apiVersion === 'string' && apiVersion.startsWith('gravitee.io/') ||
    apiVersion === 'v1' && (kind === 'Secret' || kind === 'ConfigMap')
}

/** Turns `ApiV4Definition`, `Application` and `Subscription` resources into parts of the configuration. */
export async function translateResources(
  documents: readonly Table[],
  { access = NO_FILES, ...options }: {
    readonly access?: FileAccess
  } & TranslatorOptions,
): Promise<TranslatedResources> {
  return await new Resources(documents, access).translate(options)
}

/** Kinds that are read, or say nothing about traffic. */
const SERVED: ReadonlySet<string> = new Set([
  ...['ApiV4Definition', 'Application', 'Subscription', 'ApiResource'],
  ...['Secret', 'ConfigMap', 'ManagementContext'],
])

class Resources {
  readonly #documents: readonly Table[]
  readonly #access: FileAccess
  readonly #references: References
  #options: TranslatorOptions = { verbose: false }
  readonly #changes: Change[] = []
  readonly #problems: DocumentProblem[] = []
  /** Who has a context path, by the ids of claims. */
  readonly #paths = new Map<string, { readonly value: string }>()

  constructor(documents: readonly Table[], access: FileAccess) {
    this.#documents = documents
    this.#access = access
    this.#references = new References(documents)
  }

  async translate(options: TranslatorOptions): Promise<TranslatedResources> {
    this.#options = options
    this.#noteOthers()
    await this.#each('ApiV4Definition', (each) => this.#api(each))
    await this.#each('Application', (each) => this.#application(each))
    await this.#each('Subscription', (each) => this.#subscription(each))
    const translator = new GraviteeTranslator(new Catalogue(), options)
    translator.take(this.#changes)
    return { parts: translator.parts(), problems: this.#problems }
  }

  /** Names resources that count for nothing here. */
  #noteOthers(): void {
    for (const document of this.#documents) {
      const kind = String(document['kind'])
      if (SERVED.has(kind)) continue
      const key = `${kind} ${nameOf(document)}`
      const message = 'Resources of this kind have no effect here'
      this.#problems.push({ key, severity: 'warning', message })
    }
  }

  async #each(kind: string, translate: (resource: Table) => Promise<void> | void): Promise<void> {
    for (const document of this.#documents) {
      if (document['kind'] !== kind) continue
      try {
        await translate(this.#references.resolved(document))
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        const details = error.details.map((each) => `${each.location ?? ''} ${each.message}`.trim())
        const message = [error.message, ...details].join('; ')
        this.#problems.push({ key: `${kind} ${nameOf(document)}`, severity: 'error', message })
      }
    }
  }

  #put(folder: Folder, id: string, value: object, key = keyOf(folder, id)): void {
    const revision = 1
    this.#changes.push({
      key,
      document: {
        ...{ key, value: value as Json },
        ...{ createRevision: revision, modifyRevision: revision, version: 1 },
      },
    })
  }

  async #api(resource: Table): Promise<void> {
    const spec = at(resource, 'spec')
    if (!isTable(spec)) throw new Fault(400, 'It has no spec')
    const written = { definitionVersion: 'V4', ...spec, apiVersion: spec['version'] ?? '1' }
    const body = check(written, apiSchema)
    if (body.type !== 'PROXY') {
      throw new Fault(400, `Api type [${body.type}] is not supported: PROXY is`)
    }
    const id = idOf(resource)
    const api: ApiDocument = plain({
      id,
      ...contentOf(body),
      state: spec['state'] === 'STOPPED' ? 'STOPPED' : 'STARTED',
      lifecycleState: 'PUBLISHED',
      visibility: 'PRIVATE',
      deployments: [],
      owner: 'operator',
      createdAt: 0,
      updatedAt: 0,
    })
    const files = await readNamedFiles(api, this.#access)
    const whole = files === undefined ? api : { ...api, files }
    const anchors = await checkApi(whole)
    this.#claimPaths(api)
    this.#put('api', id, { ...whole, anchors })
    for (const [name, plan] of plansOf(spec['plans'])) this.#plan(api, name, plan)
  }

  #claimPaths(api: ApiDocument): void {
    const own = pathsOf(api.listeners)
    for (const path of own) {
      const conflict = conflictOf(path, this.#paths, api.id)
      if (conflict !== undefined) throw duplicatePath(conflict)
    }
    for (const { path, host = '' } of own) {
      this.#paths.set(encodeURIComponent(`${host.toLowerCase()} ${path}`), { value: api.id })
    }
  }

  #plan(api: ApiDocument, name: string, written: Json): void {
    const body = check(isTable(written) ? { name, ...written } : written, planSchema)
    if (body.security === undefined) throw new Fault(400, `Plan "${name}" has no security`)
    const plan: PlanDocument = plain({
      id: `${api.id}/${name}`,
      apiId: api.id,
      name: body.name,
      description: body.description ?? '',
      security: { type: body.security.type, configuration: body.security.configuration ?? {} },
      ...(body.selectionRule === undefined ? {} : { selectionRule: body.selectionRule }),
      validation: body.validation,
      status: body.status ?? 'PUBLISHED',
      order: body.order ?? 0,
      characteristics: [],
      flows: [],
      extra: extraOf(body, PLAN_FIELDS),
      createdAt: 0,
      updatedAt: 0,
    })
    checkPlan(plan, api, this.#options)
    this.#put('plan', plan.id, plan)
  }

  async #application(resource: Table): Promise<void> {
    const id = idOf(resource)
    const name = text(at(resource, 'spec', 'name')) ?? nameOf(resource)
    const clientId = text(at(resource, 'spec', 'settings', 'app', 'clientId'))
    const application: ApplicationDocument = plain({
      id,
      name,
      description: text(at(resource, 'spec', 'description')) ?? '',
      type: 'SIMPLE',
      status: 'ACTIVE',
      settings: { app: clientId === undefined ? {} : { client_id: clientId } },
      owner: 'operator',
      extra: {},
      createdAt: 0,
      updatedAt: 0,
    })
    const certificates: CertificateDocument[] = []
    for (const [place, each] of this.#writtenCertificates(resource).entries()) {
      certificates.push(await this.#certificate(each, { id, place, resource }))
    }
    this.#put('application', id, application)
    for (const each of certificates) this.#put('certificate', '', each, certificateKey(each))
  }

  #writtenCertificates(resource: Table): Json[] {
    const tls = at(resource, 'spec', 'settings', 'tls')
    const many = at(tls, 'clientCertificates')
    const single = text(at(tls, 'clientCertificate'))
    if (Array.isArray(many) && many.length > 0 && single !== undefined) {
      throw new Fault(
        400,
        'It has both clientCertificate and clientCertificates: one is to be written',
      )
    }
    if (Array.isArray(many)) return [...many as readonly Json[]]
    return single === undefined ? [] : [{ content: single }]
  }

  async #certificate(
    written: Json,
    { id, place, resource }: {
      readonly id: string
      readonly place: number
      readonly resource: Table
    },
  ): Promise<CertificateDocument> {
    const own = text(at(written, 'content'))
    const ref = at(written, 'ref')
    if (own !== undefined && isTable(ref)) {
      throw new Fault(
        400,
        `Certificate ${place + 1} has both content and ref: one is to be written`,
      )
    }
    const content = own ?? this.#referred(ref, resource)
    if (content === undefined) {
      throw new Fault(
        400,
        `Certificate ${place + 1} has no content, and what its ref names is not here`,
      )
    }
    const pem = at(written, 'encoded') === true ? decoded(content) : content
    const { certificate, pem: first } = await readClientCertificate(pem)
    const [startsAt, endsAt] = ['startsAt', 'endsAt'].map((each) => momentOf(written, each))
    checkDates(startsAt, endsAt)
    return plain({
      id: String(place),
      crossId: String(place),
      applicationId: id,
      name: text(at(written, 'name')) ?? `certificate ${place + 1}`,
      ...(startsAt === undefined ? {} : { startsAt }),
      ...(endsAt === undefined ? {} : { endsAt }),
      createdAt: 0,
      updatedAt: 0,
      certificate: first,
      certificateStart: certificate.notBefore,
      certificateExpiration: certificate.notAfter,
      subject: certificate.subject,
      issuer: certificate.issuer,
      sha256: certificate.sha256,
    })
  }

  /** What a secret or a config map of the same files holds. */
  #referred(ref: Json | undefined, resource: Table): string | undefined {
    const [kind = 'secrets', name = '', key = 'tls.crt'] = ['kind', 'name', 'key'].map((each) =>
      text(at(ref, each))
    )
    const namespace = text(at(ref, 'namespace')) ?? namespaceOf(resource)
    const wanted = /^config/i.test(kind) ? 'ConfigMap' : 'Secret'
    return this.#references.value({ kind: wanted, namespace, name, key })
  }

  #checkSubscribable(plan: string, application: string): void {
    const found = this.#changes.find(({ key }) => key === keyOf('plan', plan))?.document?.value
    const type = at(found, 'security', 'type')
    if (type === 'KEY_LESS') throw new Fault(400, 'A keyless plan is not subscribable!')
    const own = certificateKey({ applicationId: application, id: '' })
    if (type !== 'MTLS' || this.#changes.some(({ key }) => key.startsWith(own))) return
    throw new Fault(
      400,
      'You cannot subscribe to a mTLS plan without a client_certificate configured at application level',
    )
  }

  #subscription(resource: Table): void {
    const spec = at(resource, 'spec')
    const namespace = namespaceOf(resource)
    const refer = (kind: string): string => {
      const name = text(at(spec, kind, 'name')) ?? ''
      return `${text(at(spec, kind, 'namespace')) ?? namespace}.${name}`
    }
    const [api, application] = [refer('api'), refer('application')]
    const plan = `${api}/${text(at(spec, 'plan')) ?? ''}`
    for (const [folder, id] of [['plan', plan], ['application', application]] as const) {
      if (this.#changes.some(({ key }) => key === keyOf(folder, id))) continue
      throw new Fault(400, `There is no ${folder} "${id}" in these files`)
    }
    this.#checkSubscribable(plan, application)
    const endingAt = momentOf(spec ?? null, 'endingAt')
    const id = idOf(resource)
    const apiKeys = keysOf(at(spec, 'apiKeys'), id)
    const subscription: SubscriptionDocument = plain({
      id,
      apiId: api,
      planId: plan,
      applicationId: application,
      status: 'ACCEPTED',
      subscribedBy: 'operator',
      createdAt: 0,
      updatedAt: 0,
      ...(endingAt === undefined ? {} : { endingAt }),
      ...(apiKeys.length === 0 ? {} : { apiKeys }),
    })
    this.#put('subscription', id, subscription)
  }
}

/** The API keys that a subscription brings along; Gravitee's are made by the Management API. Throws Fault. */
function keysOf(written: Json | undefined, subscription: string): ApiKeyDocument[] {
  const all = Array.isArray(written) ? written as readonly Json[] : []
  return all.map((each, place) => {
    const key = text(at(each, 'key'))
    if (key === undefined) throw new Fault(400, `API key ${place + 1} has no key`)
    const expireAt = momentOf(each, 'expireAt')
    return plain({
      ...{ id: `${subscription}/${place}`, key, createdAt: 0, updatedAt: 0 },
      ...(expireAt === undefined ? {} : { expireAt }),
    })
  })
}

/** RFC 3339, as Kubernetes has it: with a time and its zone. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i

function momentOf(written: Json, name: string): number | undefined {
  const value = at(written, name)
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' && MOMENT.test(value)) return check(value, date)
  throw new Fault(400, `${name} is no RFC 3339 date: "${String(value)}"`)
}

function nameOf(resource: Table): string {
  return `${namespaceOf(resource)}/${text(at(resource, 'metadata', 'name')) ?? ''}`
}

function idOf(resource: Table): string {
  return nameOf(resource).replace('/', '.')
}

/** Plans by their names; older resources have a list. */
function plansOf(plans: Json | undefined): [string, Json][] {
  if (isTable(plans)) return Object.entries(plans)
  if (!Array.isArray(plans)) return []
  return (plans as readonly Json[]).map((plan) => [text(at(plan, 'name')) ?? '', plan])
}
