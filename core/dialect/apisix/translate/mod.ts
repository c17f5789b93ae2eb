import type {
  ApplicationConfig,
  FilterConfig,
  TlsEntryConfig,
  UpstreamConfig,
} from '../../../snapshot/types.ts'
import { PersistentMap } from '../../../snapshot/mod.ts'
import type { Change } from '../../../store/mod.ts'
import type { ConfigurationParts, DocumentProblem, PartsChange, Translator } from '../../types.ts'
import { type Table, tableOf } from '../table.ts'
import { translateConsumer } from './consumer.ts'
import { CONSUMER_PREFIX, PREFIX, type TranslateOptions } from './options.ts'
import { Notes } from './outcome.ts'
import { translatePlugins } from './plugins/mod.ts'
import { type TranslatedRoute, translateRoute } from './route.ts'
import { Series } from './series.ts'
import { type KeyedEntry, SniNames } from './sni-names.ts'
import { translateSsl } from './ssl.ts'
import { Documents, placeOf } from './state.ts'
import { type Absent, translateUpstream } from './upstream.ts'

export { CONSUMER_PREFIX, PREFIX, type RouterName, type TranslateOptions } from './options.ts'

type Upstream = UpstreamConfig | Absent

/** How many changes are put into a shared map at once: a few cost as much as one, many take time. */
const RENEWED = 256

/** Where what was translated is kept, by the id of its document. */
interface Parts<T> {
  set(id: string, made: T, created: number): unknown
  delete(id: string): unknown
}

interface DocumentAt {
  readonly id: string
  readonly key: string
  readonly created?: number | undefined
}

/** What is translated, in an order in which each finds ready what it is translated with. */
const ORDER = ['ssls', 'upstreams', 'services', 'consumers', 'global_rules', 'routes'] as const
type Unit = typeof ORDER[number]

/** Translates APISIX's documents bit by bit: a document, and those that were translated with it. */
export class ApisixTranslator implements Translator {
  readonly #options: TranslateOptions
  readonly #documents = new Documents()
  readonly #ssls = new Series<KeyedEntry>()
  readonly #upstreams = new Map<string, Upstream>()
  /** Upstreams that stand within services. */
  readonly #services = new Map<string, Upstream>()
  readonly #routes = new Series<TranslatedRoute>()
  readonly #rules = new Map<string, readonly FilterConfig[]>()
  readonly #applications = new Map<string, ApplicationConfig>()
  readonly #problems = new Map<string, readonly DocumentProblem[]>()
  readonly #keys = new WeakMap<object, string>()
  readonly #names = new SniNames((entry, key) => this.#keys.set(entry, key))
  #parts: ConfigurationParts | undefined
  #changed = new Set<Unit>(ORDER)
  #upstreamsByName: ReadonlyMap<string, UpstreamConfig> = new Map()
  /** What of them changed since that map was made. */
  readonly #renewed = new Map<string, UpstreamConfig | undefined>()

  constructor(options: TranslateOptions) {
    this.#options = options
  }

  take(changes: readonly Change[]): PartsChange {
    const dirty = new Map<Unit, Set<string>>(ORDER.map((unit) => [unit, new Set()]))
    const applications = new Set<string>()
    for (const change of changes) this.#note(change, dirty)
    for (const unit of ORDER) {
      for (const id of dirty.get(unit) ?? []) {
        this.#translate(unit, id, dirty)
        if (unit === 'consumers') applications.add(`${CONSUMER_PREFIX}${id}`)
        this.#changed.add(unit)
      }
    }
    if (this.#renewed.size > RENEWED) this.#keepRenewed()
    const others = ORDER.some((unit) => unit !== 'consumers' && this.#changed.has(unit))
    return { applications, others }
  }

  parts(): ConfigurationParts {
    const before = this.#parts
    if (before !== undefined && this.#changed.size === 0) return before
    this.#keepRenewed()
    const changed = (...units: readonly Unit[]): boolean =>
      before === undefined || units.some((unit) => this.#changed.has(unit))
    this.#parts = {
      listeners: [],
      apis: [],
      tls: changed('ssls') ? this.#tls() : before?.tls ?? [],
      upstreams: this.#upstreamsByName,
      routes: changed('routes')
        ? this.#routes.parts.map(({ route }) => route)
        : before?.routes ?? [],
      applications: this.#applications,
      filters: changed('global_rules') ? [...this.#rules.values()].flat() : before?.filters ?? [],
      problems: [...this.#problems.values()].flat(),
    }
    this.#changed = new Set()
    return this.#parts
  }

  documentOf(part: object): string | undefined {
    return this.#keys.get(part)
  }

  /** Takes a change and marks what must be translated anew because of it. */
  #note(change: Change, dirty: Map<Unit, Set<string>>): void {
    const place = this.#documents.take(change)
    if (place === undefined) return
    const [kind, id] = place
    if (kind === 'credentials') dirty.get('consumers')?.add(id.split('/')[0] as string)
    else if (isUnit(kind)) dirty.get(kind)?.add(id)
    // Of an upstream it only counts for routes whether it is there; see #translate.
    if (kind !== 'upstreams') this.#markUsers(`/${kind}/${id}`, dirty)
  }

  #markUsers(key: string, dirty: Map<Unit, Set<string>>): void {
    for (const user of this.#documents.usersOf(key)) {
      const [kind, id] = placeOf(user) ?? ['', '']
      if (isUnit(kind)) dirty.get(kind)?.add(id)
    }
  }

  #translate(unit: Unit, id: string, dirty: Map<Unit, Set<string>>): void {
    const key = `/${unit}/${id}`
    const notes = new Notes(key)
    this.#documents.begin(key)
    const conf = this.#documents.get(unit, id)?.value
    switch (unit) {
      case 'ssls':
        this.#ssl(id, conf, notes)
        break
      case 'upstreams': {
        const before = this.#upstreams.get(id)
        const made = conf && this.#upstream(conf, { key, name: `${PREFIX}upstream:${id}`, notes })
        this.#keep(this.#upstreams, { id, key }, made)
        this.#renew(before, made)
        if (statusOf(before) !== statusOf(made)) this.#markUsers(key, dirty)
        break
      }
      case 'services': {
        const inline = tableOf(conf, 'upstream')
        const name = `${PREFIX}service:${id}`
        const before = this.#services.get(id)
        const made = inline && this.#upstream(inline, { key, name, notes })
        this.#keep(this.#services, { id, key }, made)
        this.#renew(before, this.#services.get(id))
        this.#markUsers(key, dirty)
        break
      }
      case 'consumers':
        this.#consumer(id, conf, notes)
        break
      case 'global_rules':
        this.#rule(id, conf, notes)
        break
      case 'routes':
        this.#route(id, conf, notes)
    }
    if (notes.problems.length > 0) this.#problems.set(key, notes.problems)
    else this.#problems.delete(key)
  }

  #keep<T extends object>(
    parts: Parts<T>,
    { id, key, created = 0 }: DocumentAt,
    made: T | undefined,
  ): void {
    if (made === undefined) return void parts.delete(id)
    this.#keys.set(made, key)
    parts.set(id, made, created)
  }

  #ssl(id: string, conf: Table | undefined, notes: Notes): void {
    const key = `/ssls/${id}`
    const entry = conf && translateSsl(key, conf, { options: this.#options, notes })
    if (entry !== undefined) this.#keys.set(entry, key)
    const created = this.#documents.get('ssls', id)?.created
    this.#keep(this.#ssls, { id, key, created }, entry && { key, entry })
  }

  #upstream(
    conf: Table,
    { key, name, notes }: { readonly key: string; readonly name: string; readonly notes: Notes },
  ): Upstream {
    const ssl = (id: string): Table | undefined => this.#use(key, 'ssls', id)
    return translateUpstream(conf, { key, name, options: this.#options, notes, ssl })
  }

  /** Reads another document, and remembers who did. */
  #use(user: string, kind: string, id: string): Table | undefined {
    this.#documents.note(user, `/${kind}/${id}`)
    return this.#documents.get(kind, id)?.value
  }

  #route(id: string, conf: Table | undefined, notes: Notes): void {
    const key = `/routes/${id}`
    const made = conf && translateRoute(conf, {
      id,
      options: this.#options,
      notes,
      document: (kind, other) => this.#use(key, kind, other),
      upstream: (other) => {
        this.#use(key, 'upstreams', other)
        return this.#upstreams.get(other)
      },
      inline: (upstream, owner, of) =>
        owner === 'services'
          ? this.#services.get(of) ?? { status: 503 }
          : this.#upstream(upstream, { key, name: `${PREFIX}route:${of}`, notes }),
    })
    const before = this.#routes.get(id)
    const created = this.#documents.get('routes', id)?.created
    this.#keep(this.#routes, { id, key, created }, made)
    this.#renew(ownUpstream(before), ownUpstream(made))
    if (made === undefined) return
    this.#keys.set(made.route, key)
    if (made.inline !== undefined && !this.#keys.has(made.inline)) this.#keys.set(made.inline, key)
  }

  #consumer(name: string, conf: Table | undefined, notes: Notes): void {
    const key = `/consumers/${name}`
    const credentials = [...this.#documents.of('credentials')]
      .filter(([id]) => id.startsWith(`${name}/`))
      .map(([, { value }]) => value)
    const made = conf && translateConsumer(name, conf, {
      options: this.#options,
      notes,
      credentials,
      document: (kind, id) => this.#use(key, kind, id),
    })
    this.#keep(this.#applications, { id: `${CONSUMER_PREFIX}${name}`, key }, made)
  }

  #rule(id: string, conf: Table | undefined, notes: Notes): void {
    const key = `/global_rules/${id}`
    const filters = translatePlugins(tableOf(conf, 'plugins') ?? {}, {
      options: this.#options,
      notes,
      metadata: (name) => this.#use(key, 'plugin_metadata', name),
    })
    if (conf === undefined || filters === undefined) return void this.#rules.delete(id)
    for (const filter of filters) this.#keys.set(filter, key)
    this.#rules.set(id, filters)
  }

  #tls(): readonly TlsEntryConfig[] {
    const { entries, problems } = this.#names.share(this.#ssls.parts)
    if (problems.length === 0) this.#problems.delete('ssl names')
    else this.#problems.set('ssl names', problems)
    return entries
  }

  /** Notes that an upstream is another one now, or none. */
  #renew(before: Upstream | undefined, after: Upstream | undefined): void {
    if (before !== undefined && 'name' in before) this.#renewed.set(before.name, undefined)
    if (after !== undefined && 'name' in after) this.#renewed.set(after.name, after)
  }

  #keepRenewed(): void {
    if (this.#renewed.size === 0) return
    const put = new Map<string, UpstreamConfig>()
    const remove: string[] = []
    for (const [name, upstream] of this.#renewed) {
      if (upstream === undefined) remove.push(name)
      else put.set(name, upstream)
    }
    this.#renewed.clear()
    this.#upstreamsByName = PersistentMap.of(this.#upstreamsByName, { put, remove })
  }
}

function isUnit(kind: string): kind is Unit {
  return (ORDER as readonly string[]).includes(kind)
}

/** The upstream that stands within a route; not that of its service. */
function ownUpstream(route: TranslatedRoute | undefined): UpstreamConfig | undefined {
  const inline = route?.inline
  return inline?.name.startsWith(`${PREFIX}route:`) ? inline : undefined
}

/** What counts of an upstream for those who name it: whether it is there, and if not, how they answer. */
function statusOf(upstream: Upstream | undefined): number {
  if (upstream === undefined) return 0
  return 'status' in upstream ? upstream.status : 200
}
