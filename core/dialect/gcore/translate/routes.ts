import { FILTER_DEFAULTS, NO_UPSTREAM_TIMES } from '../../../snapshot/mod.ts'
import type { ConditionConfig, FilterConfig, RouteConfig } from '../../../snapshot/types.ts'
import type { ListenerDoc, PolicyDoc } from '../documents.ts'
import { upstreamName } from '../health.ts'
import { conditionOf } from './conditions.ts'

/** The scope of a listener's routes, which is also its name. */
export function scopeOf(listenerId: string): string {
  return `gcore:${listenerId}`
}

/** The routes of an HTTP listener: its policies in their order, then the default pool. */
export function routesOf(listener: ListenerDoc, policies: readonly PolicyDoc[]): RouteConfig[] {
  const routes = policies
    // A policy without rules takes no request.
    .filter((each) => each.listener_id === listener.id && each.rules.length > 0)
    .map((policy) =>
      route(listener, `gcore:${policy.id}`, {
        priority: FIRST - policy.position,
        conditions: policy.rules.map(conditionOf),
        upstream: policy.redirect_pool_id === null ? '' : upstreamName(policy.redirect_pool_id),
        filters: filtersOf(policy),
      })
    )
  const pool = listener.default_pool_id
  const rest = route(listener, scopeOf(listener.id), {
    priority: 0,
    conditions: [],
    upstream: pool === null ? '' : upstreamName(pool),
    filters: pool === null ? [answer(503, 'No server is available to handle this request.')] : [],
  })
  return [...routes, rest]
}

/** The priority before that of the first policy. */
const FIRST = 1_000_000

function route(
  listener: ListenerDoc,
  name: string,
  { priority, conditions, upstream, filters }: {
    readonly priority: number
    readonly conditions: readonly ConditionConfig[]
    readonly upstream: string
    readonly filters: readonly FilterConfig[]
  },
): RouteConfig {
  return {
    name,
    match: { hosts: [], paths: [], methods: [], addresses: [], conditions, order: 'priority' },
    scope: scopeOf(listener.id),
    priority,
    upstream,
    local: undefined,
    style: 'gcore',
    requireCertificate: false,
    allow: [],
    forwardCertificate: undefined,
    filters,
    variables: {},
    upstreamTimes: NO_UPSTREAM_TIMES,
  }
}

function filtersOf(policy: PolicyDoc): FilterConfig[] {
  switch (policy.action) {
    case 'REDIRECT_TO_POOL':
      return []
    case 'REJECT':
      return [answer(403, 'Request forbidden by administrative rules.')]
    case 'REDIRECT_TO_URL':
      return [redirect(literal(policy.redirect_url ?? ''), policy.redirect_http_code)]
    case 'REDIRECT_PREFIX': {
      const prefix = literal((policy.redirect_prefix ?? '').replace(/\/+$/, ''))
      return [redirect(`${prefix}$request_uri`, policy.redirect_http_code)]
    }
  }
}

function redirect(uri: string, status: number | null): FilterConfig {
  return { ...FILTER_DEFAULTS.redirect, uri, status: status ?? 302 }
}

const TITLES: Readonly<Record<number, string>> = {
  403: 'Forbidden',
  503: 'Service Unavailable',
}

/** An answer of the gateway's own, in the form of those of HAProxy. */
function answer(status: 403 | 503, text: string): FilterConfig {
  return {
    ...FILTER_DEFAULTS.respond,
    status,
    headers: [
      { name: 'Content-Type', value: 'text/html' },
      { name: 'Cache-Control', value: 'no-cache' },
    ],
    body: `<html><body><h1>${status} ${TITLES[status]}</h1>\n${text}\n</body></html>\n`,
  }
}

/** Text as a template that stands for nothing but itself: where a dollar sign would begin a name, it is encoded. */
function literal(url: string): string {
  return url.replaceAll('$', '%24')
}
