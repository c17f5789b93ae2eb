import {
  type ApiConfig,
  FILTER_DEFAULTS,
  type FilterConfig,
  NO_UPSTREAM_TIMES,
  type PlanConfig,
  type UpstreamConfig,
} from '../../../snapshot/mod.ts'
import type { ApiDocument, PathDefinition, PlanDocument } from '../model.ts'
import { pathsOf } from '../paths.ts'
import { corsOf } from './cors.ts'
import { templatesOf } from './response-templates.ts'
import { API_KEY_ARGUMENT, API_KEY_HEADER, translatePlan } from './plan.ts'
import { translateUpstream } from './upstream.ts'

/** The name of an API among the gateway's parts. */
export function apiName(id: string): string {
  return `gravitee:${id}`
}

/** What one API brings. */
export interface ApiParts {
  readonly upstream: UpstreamConfig
  readonly apis: readonly ApiConfig[]
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
}

/** Turns a started API with its live plans into one native API a context path. */
export function translateApi(
  api: ApiDocument,
  plans: readonly PlanDocument[],
  { verbose }: { readonly verbose: boolean },
): ApiParts {
  const name = apiName(api.id)
  const { upstream, path, errors, warnings } = translateUpstream(api, name)
  const translated = plans.map((plan) => translatePlan(plan, api.extra['resources']))
  const problems = [...errors, ...translated.flatMap((each) => each.errors)]
  // A key goes no further than the gateway, unless its plan says so.
  const hidden = plans.some(({ security }) =>
    security.type === 'API_KEY' && security.configuration['propagateApiKey'] !== true
  )
  const own = translated.map(({ plan }) => plan)
  const cors = corsOf(api)
  const more = [...templatesOf(api), ...(cors === undefined ? [] : [cors])]
  const context = { name, target: path, plans: own, verbose, hidden, more }
  const apis = pathsOf(api.listeners).map((each, at) => translatePath(each, at, context))
  return { upstream, apis, errors: problems, warnings }
}

interface PathContext {
  readonly name: string
  readonly target: string
  readonly plans: readonly PlanConfig[]
  readonly verbose: boolean
  readonly hidden: boolean
  /** What the API itself asks for. */
  readonly more: readonly FilterConfig[]
}

function translatePath(
  { path, host }: PathDefinition,
  at: number,
  { name, target, plans, verbose, hidden, more }: PathContext,
): ApiConfig {
  const context = path.replace(/\/$/, '')
  return {
    name: at === 0 ? name : `${name}:${at}`,
    subscribedAs: name,
    match: {
      hosts: host === undefined ? [] : [host],
      paths: context === '' ? ['/*'] : [context, `${context}/*`],
      methods: [],
      addresses: [],
      conditions: [],
      order: 'priority',
    },
    scope: 'gravitee',
    priority: 0,
    upstream: name,
    local: undefined,
    style: 'gravitee',
    filters: [...filtersOf(context, target, hidden), ...more],
    variables: { api_id: name.slice('gravitee:'.length) },
    upstreamTimes: NO_UPSTREAM_TIMES,
    requireCertificate: false,
    allow: [],
    forwardCertificate: undefined,
    plans,
    verbose,
  }
}

function filtersOf(context: string, target: string, hidden: boolean): FilterConfig[] {
  const { rewrite } = FILTER_DEFAULTS
  const id = FILTER_DEFAULTS['request-id']
  const filters: FilterConfig[] = [
    { ...id, header: 'X-Gravitee-Request-Id', replace: true },
    { ...id, header: 'X-Gravitee-Transaction-Id', from: 'x-gravitee-request-id' },
    { ...FILTER_DEFAULTS['caller-id'], header: 'X-Gravitee-Client-Identifier' },
  ]
  if (context !== '' || target !== '' || hidden) {
    filters.push({
      ...rewrite,
      raw: true,
      stripPrefix: context === '' ? undefined : context,
      addPrefix: target === '' ? undefined : target,
      headers: hidden ? { ...rewrite.headers, remove: [API_KEY_HEADER] } : rewrite.headers,
      ...(hidden ? { dropArguments: [API_KEY_ARGUMENT] } : {}),
    })
  }
  return filters
}
