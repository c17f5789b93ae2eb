import { NO_UPSTREAM_TIMES } from '../../../snapshot/defaults.ts'
import type {
  ConditionConfig,
  FilterConfig,
  RouteConfig,
  UpstreamConfig,
} from '../../../snapshot/types.ts'
import { codeOf, readFilterFunc } from '../schema/filter-func.ts'
import { idOf, numberOf, type Table, tableOf, textOf, textsOf } from '../table.ts'
import { translateVars } from './conditions.ts'
import { PREFIX, type TranslateOptions } from './options.ts'
import type { Notes } from './outcome.ts'
import { mergePlugins, translatePlugins } from './plugins/mod.ts'
import { placesOf } from './paths.ts'
import type { Absent } from './upstream.ts'

/** What translating a route needs. */
export interface RouteMeans {
  readonly id: string
  readonly options: TranslateOptions
  readonly notes: Notes
  /** Another document whose content counts. */
  readonly document: (kind: string, id: string) => Table | undefined
  /** What became of an upstream of its own; undefined: there is no such document. */
  readonly upstream: (id: string) => UpstreamConfig | Absent | undefined
  /** Translates an upstream that stands within a document. */
  readonly inline: (
    conf: Table,
    owner: 'routes' | 'services',
    id: string,
  ) => UpstreamConfig | Absent
}

/** A route with the upstream that it has for itself. */
export interface TranslatedRoute {
  readonly route: RouteConfig
  readonly inline: UpstreamConfig | undefined
}

const SECOND = 1000

/** What `vars` and `filter_func` say; or what is wrong with them. */
function conditionsOf(conf: Table): readonly ConditionConfig[] | string {
  const code = textOf(conf, 'filter_func')
  const found: ConditionConfig[] = []
  for (const rules of [conf['vars'], code === undefined ? undefined : readFilterFunc(code)]) {
    const conditions = rules === undefined ? [] : translateVars(rules)
    if (typeof conditions === 'string') return conditions
    found.push(...conditions)
  }
  return found
}

/** What a route asks for, with what its service and its plugin config add; undefined: nothing. */
export function translateRoute(conf: Table, means: RouteMeans): TranslatedRoute | undefined {
  const { id, notes, document } = means
  if (conf['status'] === 0) return undefined
  const serviceId = idOf(conf, 'service_id')
  const service = serviceId === undefined ? undefined : document('services', serviceId)
  const conditions = conditionsOf(conf)
  if (typeof conditions === 'string') {
    notes.fail(`Match route "${id}": ${conditions}`)
    return undefined
  }
  const code = codeOf(conf)
  if (code !== undefined) {
    notes.fail(`Match route "${id}": ${code} is Lua, which this gateway does not run`)
    return undefined
  }
  const places = placesOf(conf, service, means.options.router)
  if (places === undefined) {
    notes.fail(`Match route "${id}": its uri does not begin with "/"`)
    return undefined
  }
  const filters = filtersOf(conf, service, means)
  const target = !('length' in filters)
    ? filters
    : serviceId !== undefined && service === undefined
    ? { status: 404 as const }
    : targetOf(conf, service, means)
  const own = 'status' in target ? [answer(target.status)] : []
  const named = 'upstream' in target ? target.upstream : ''
  return {
    inline: 'inline' in target ? target.inline : undefined,
    route: {
      name: `${PREFIX}route:${id}`,
      match: {
        hosts: places.hosts,
        paths: places.paths,
        methods: textsOf(conf, 'methods'),
        addresses: addressesOf(conf),
        conditions: [...places.conditions, ...conditions],
        order: 'fit',
      },
      scope: 'apisix',
      priority: numberOf(conf, 'priority') ?? 0,
      upstream: named,
      local: undefined,
      style: 'apisix',
      requireCertificate: false,
      allow: [],
      forwardCertificate: undefined,
      filters: [
        ...'length' in filters ? filters : [],
        ...own,
        ...means.options.tellStatus ? [TELL_STATUS] : [],
      ],
      variables: variablesOf(conf, { id, serviceId, service }),
      ...(places.parameters === undefined ? {} : { parameters: places.parameters }),
      upstreamTimes: timesOf(tableOf(conf, 'timeout')),
    },
  }
}

/** APISIX's `show_upstream_status_in_response_header`. */
const TELL_STATUS: FilterConfig = {
  type: 'response',
  when: [{ variable: 'upstream_status', operator: 'differs', value: null }],
  priority: undefined,
  status: undefined,
  body: undefined,
  base64: false,
  headers: {
    set: [{ name: 'X-APISIX-Upstream-Status', value: '$upstream_status' }],
    add: [],
    remove: [],
  },
  replace: [],
}

/** An answer in the upstream's place, after all that plugins do. */
function answer(status: 404 | 500 | 502 | 503): FilterConfig {
  return {
    type: 'respond',
    when: [],
    priority: -100_000,
    status,
    headers: [],
    body: undefined,
  }
}

function addressesOf(conf: Table): readonly string[] {
  const one = textOf(conf, 'remote_addr')
  const ranges = one === undefined ? textsOf(conf, 'remote_addrs') : [one]
  return ranges.map((range) =>
    range.includes('/') ? range : `${range}/${range.includes(':') ? 128 : 32}`
  )
}

/** Plugins of the route count before those of its plugin config, and these before its service's. */
function filtersOf(
  conf: Table,
  service: Table | undefined,
  { options, notes, document }: RouteMeans,
): readonly FilterConfig[] | { readonly status: 500 | 503 } {
  const configId = idOf(conf, 'plugin_config_id')
  const config = configId === undefined ? undefined : document('plugin_configs', configId)
  if (configId !== undefined && config === undefined) {
    notes.fail(`Use plugin config "${configId}": there is none`)
    return { status: 503 }
  }
  const plugins = mergePlugins(
    tableOf(conf, 'plugins'),
    tableOf(config, 'plugins'),
    tableOf(service, 'plugins'),
  )
  return translatePlugins(plugins, {
    options,
    notes,
    metadata: (name) => document('plugin_metadata', name),
  }) ?? { status: 500 }
}

type Target =
  | { readonly upstream: string; readonly inline?: UpstreamConfig }
  | { readonly status: 502 | 503 }

/** Where requests go: the route's own upstream counts before its service's, and a named one before one written out. */
function targetOf(conf: Table, service: Table | undefined, means: RouteMeans): Target {
  for (
    const [owner, id, table] of [
      ['routes', means.id, conf],
      ['services', idOf(conf, 'service_id') ?? '', service],
    ] as const
  ) {
    const upstreamId = idOf(table, 'upstream_id')
    if (upstreamId !== undefined) {
      const found = means.upstream(upstreamId)
      if (found === undefined) {
        means.notes.fail(`Use upstream "${upstreamId}": there is none`)
        return { status: 502 }
      }
      return 'status' in found ? found : { upstream: found.name }
    }
    const inline = tableOf(table, 'upstream')
    if (inline === undefined) continue
    const made = means.inline(inline, owner, id)
    return 'status' in made ? made : { upstream: made.name, inline: made }
  }
  return { status: 503 }
}

function variablesOf(
  conf: Table,
  { id, serviceId, service }: {
    readonly id: string
    readonly serviceId: string | undefined
    readonly service: Table | undefined
  },
): Readonly<Record<string, string>> {
  const name = textOf(conf, 'name')
  const serviceName = textOf(service, 'name')
  return {
    route_id: id,
    ...(name === undefined ? {} : { route_name: name }),
    ...(serviceId === undefined ? {} : { service_id: serviceId }),
    ...(serviceName === undefined ? {} : { service_name: serviceName }),
  }
}

function timesOf(timeout: Table | undefined): RouteConfig['upstreamTimes'] {
  if (timeout === undefined) return NO_UPSTREAM_TIMES
  const of = (name: string): number | undefined => {
    const seconds = numberOf(timeout, name)
    return seconds === undefined ? undefined : seconds * SECOND
  }
  return { connect: of('connect'), read: of('read'), send: of('send') }
}
