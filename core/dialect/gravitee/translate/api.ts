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
import { apiKeyPlaces, type TranslatorOptions } from './options.ts'
import { metadataOf } from './oauth2-metadata.ts'
import { translatePlan } from './plan.ts'
import { translateUpstream } from './upstream.ts'

/** The name of an API among the gateway's parts. */
export function apiName(id: string): string {
  return `gravitee:${id}`
}

/** What one API brings. */
export interface ApiParts {
  /** By which subscriptions know it. */
  readonly name: string
  readonly upstream: UpstreamConfig
  readonly apis: readonly ApiConfig[]
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
}

/** Turns a started API with its live plans into one native API a context path. */
export function translateApi(
  api: ApiDocument,
  plans: readonly PlanDocument[],
  options: TranslatorOptions,
): ApiParts {
  const name = apiName(api.id)
  const { upstream, path, errors, warnings } = translateUpstream(api, name)
  const translated = plans.map((plan) => translatePlan(plan, { api, options }))
  const templates = templatesOf(api)
  const problems = [...errors, ...translated.flatMap((each) => each.errors), ...templates.errors]
  // A key goes no further than the gateway, unless its plan says so.
  const hidden = plans.some(({ security }) =>
    security.type === 'API_KEY' && security.configuration['propagateApiKey'] !== true
  )
  const own = translated.map(({ plan }) => plan)
  const cors = corsOf(api)
  const more = [
    ...metadataOf(api, plans),
    ...templates.filters,
    ...(cors === undefined ? [] : [cors]),
  ]
  const context = { name, target: path, plans: own, options, hidden, more }
  const apis = pathsOf(api.listeners).map((each, at) => translatePath(each, at, context))
  const notes = [...warnings, ...translated.flatMap((each) => each.warnings)]
  return { name, upstream, apis, errors: problems, warnings: notes }
}

interface PathContext {
  readonly name: string
  readonly target: string
  readonly plans: readonly PlanConfig[]
  readonly options: TranslatorOptions
  readonly hidden: boolean
  /** What the API itself asks for. */
  readonly more: readonly FilterConfig[]
}

function translatePath(
  { path, host }: PathDefinition,
  at: number,
  whole: PathContext,
): ApiConfig {
  const { name, plans, options } = whole
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
    filters: [...filtersOf(context, whole), ...whole.more],
    variables: { api_id: name.slice('gravitee:'.length), context_path: context },
    upstreamTimes: NO_UPSTREAM_TIMES,
    requireCertificate: false,
    allow: [],
    forwardCertificate: undefined,
    plans,
    verbose: options.verbose,
  }
}

function filtersOf(
  context: string,
  { target, plans, options, hidden }: PathContext,
): FilterConfig[] {
  const { rewrite } = FILTER_DEFAULTS
  const { header, argument } = apiKeyPlaces(options)
  const filters: FilterConfig[] = [
    ...idsOf(options),
    { ...FILTER_DEFAULTS['caller-id'], header: 'X-Gravitee-Client-Identifier' },
  ]
  const prefixed = options.forwardedPrefix === true && context !== ''
    ? [{ name: 'X-Forwarded-Prefix', value: context.replaceAll('$', '') }]
    : []
  const remove = hidden && header !== '' ? [header] : []
  if (context !== '' || target !== '' || hidden) {
    filters.push({
      ...rewrite,
      raw: true,
      stripPrefix: context === '' ? undefined : context,
      addPrefix: target === '' ? undefined : target,
      headers: { ...rewrite.headers, remove, set: prefixed },
      ...(hidden && argument !== '' ? { dropArguments: [argument] } : {}),
    })
  }
  const secret = plans.filter(({ hidesToken }) => hidesToken === true).map(({ name }) => name)
  if (secret.length > 0) {
    filters.push({
      ...rewrite,
      when: [{ variable: 'plan_name', operator: 'in', value: secret }],
      headers: { ...rewrite.headers, remove: ['Authorization'] },
    })
  }
  return filters
}

/** The ids of a request and of the transaction that it is part of. */
function idsOf(options: TranslatorOptions): FilterConfig[] {
  const id = FILTER_DEFAULTS['request-id']
  const { requestHeader = 'X-Gravitee-Request-Id', requestOverride = 'override' } = options
  const { transactionHeader = 'X-Gravitee-Transaction-Id', transactionOverride = 'override' } =
    options
  const form = options.idFormat === 'hex'
    ? { algorithm: 'range' as const, characters: '0123456789abcdef', length: 32 }
    : {}
  const from = requestHeader.toLowerCase()
  return [
    {
      ...{ ...id, ...form, header: requestHeader, replace: true },
      ...{ answers: requestOverride, variable: 'request_id' },
    },
    {
      ...{ ...id, ...form, header: transactionHeader, from },
      ...{ answers: transactionOverride, variable: 'transaction_id' },
    },
  ]
}
