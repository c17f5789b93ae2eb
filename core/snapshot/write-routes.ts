import { FILTER_DEFAULTS } from './filter-defaults.ts'
import type {
  ApiConfig,
  ApplicationConfig,
  FilterConfig,
  ForwardCertificateConfig,
  JwtConfig,
  MatchConfig,
  PlanConfig,
  RouteConfig,
  Span,
} from './types.ts'
import { type Document, kept, milliseconds, spans } from './write-kept.ts'
import { writeAllow, writeMaterial } from './write-trust.ts'
import { writeTimes } from './write-upstreams.ts'

const ANY: MatchConfig = {
  hosts: [],
  paths: [],
  methods: [],
  addresses: [],
  conditions: [],
  order: 'priority',
}

/** A route. Its scope is left out: a document has one. */
export function writeRoute(route: RouteConfig): Document {
  const { name, match, priority, upstream, requireCertificate, allow, style, variables } = route
  const matched = kept(match, ANY)
  return {
    name,
    ...(Object.keys(matched).length === 0 ? {} : { match: matched }),
    ...(upstream === '' ? {} : { upstream }),
    ...kept({ priority, requireCertificate, style, variables }, {
      priority: 0,
      requireCertificate: false,
      style: 'native',
      variables: {},
    }),
    ...writeAllow(allow),
    ...writeForward(route.forwardCertificate),
    ...writeTimes(route.upstreamTimes),
    ...writeFilters(route.filters),
  }
}

/** An API. */
export function writeApi(api: ApiConfig): Document {
  const plans = api.plans.map(writePlan)
  return { ...writeRoute(api), plans, ...kept({ verbose: api.verbose }, { verbose: false }) }
}

function writePlan({ allow, header, type, jwt, introspection, ...rest }: PlanConfig): Document {
  const keyed = type === 'api-key' ? { header } : {}
  return {
    type,
    ...kept(rest, {}),
    ...keyed,
    ...writeAllow(allow),
    ...(jwt === undefined ? {} : { jwt: writeJwt(jwt) }),
    ...(introspection === undefined
      ? {}
      : { introspection: spans(kept(introspection, {}), ['cache', 'timeout']) }),
  }
}

function writeJwt({ keys, ...rest }: JwtConfig): Document {
  const own = 'url' in keys
    ? { jwks: keys.url }
    : 'key' in keys
    ? { key: writeMaterial(keys.key) }
    : 'secret' in keys
    ? { secret: keys.secret }
    : {}
  return { ...own, ...spans(kept(rest, {}), ['clockSkew']) }
}

function writeForward(forward: ForwardCertificateConfig | undefined): Document {
  if (forward === undefined) return {}
  const { form, ...headers } = forward
  return { forwardCertificate: form === 'headers' ? kept(headers, {}) : form }
}

/** Filters, where there are any. */
export function writeFilters(filters: readonly FilterConfig[]): Document {
  return filters.length === 0 ? {} : { filters: filters.map(writeFilter) }
}

/** What a document says of a filter without saying it: these differ from what translators begin with. */
const WRITTEN_STATUS = 429

function writeFilter(filter: FilterConfig): Document {
  const { type, ...rest } = filter
  const limit = type === 'count-limit' || type === 'rate-limit'
  const defaults = { ...FILTER_DEFAULTS[type], ...(limit ? { status: WRITTEN_STATUS } : {}) }
  // What a document must say, it says.
  const must = Object.fromEntries(
    MUST.filter((key) => Object.hasOwn(rest, key)).map((key) => [key, (rest as Document)[key]]),
  )
  const written = { type, ...kept(rest, defaults), ...must }
  return type === 'count-limit' && typeof filter.window === 'number'
    ? { ...written, window: milliseconds(filter.window) }
    : written
}

const MUST = ['count', 'rate', 'max']

/** An application. */
export function writeApplication(application: ApplicationConfig): Document {
  const { name, certificates, apiKeys, subscriptions } = application
  const { logins, filters, variables, clientId } = application
  return {
    name,
    ...list(
      'certificates',
      certificates.map(({ cert, ...span }) => (
        { cert: writeMaterial(cert), ...writeSpan(span) }
      )),
    ),
    ...list(
      'apiKeys',
      apiKeys.map(({ key, id, ...span }) => (
        { key, ...kept({ id }, {}), ...writeSpan(span) }
      )),
    ),
    ...list(
      'subscriptions',
      subscriptions.map(({ api, plan, status, ...span }) => (
        { api, plan, ...kept({ status }, { status: 'accepted' }), ...writeSpan(span) }
      )),
    ),
    ...kept({ clientId, logins, variables }, {}),
    ...(filters === undefined ? {} : { filters: filters.map(writeFilter) }),
  }
}

function list(key: string, items: readonly unknown[]): Document {
  return items.length === 0 ? {} : { [key]: items }
}

function writeSpan({ from, until }: Span): Document {
  const written = (time: number | undefined) =>
    time === undefined ? undefined : new Date(time).toISOString()
  return kept({ from: written(from), until: written(until) }, {})
}
