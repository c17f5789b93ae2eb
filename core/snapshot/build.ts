import type {
  AdminConfig,
  ApiConfig,
  ApplicationConfig,
  ClientsConfig,
  Configuration,
  DialectConfig,
  FilterConfig,
  ListenerConfig,
  RouteConfig,
  TlsEntryConfig,
  TrustConfig,
  UpstreamConfig,
} from './types.ts'
import type { Address, ClientMode } from '../port/mod.ts'
import { FILTER_DEFAULTS } from './filter-defaults.ts'
import { CONNECTION_DEFAULTS } from './defaults.ts'
import type { Item, Sections } from './sections.ts'
import { routeName } from './checks/routes.ts'
import { addressText } from './address-text.ts'
import { persistence } from './schema/balance.ts'
import type { WrittenApplication } from './schema/applications.ts'
import { buildDialects } from './schema/dialects.ts'
import { upstreamTimes, type WrittenConnections } from './schema/connections.ts'
import type { WrittenFilter } from './schema/filters.ts'
import type { WrittenListener, WrittenTlsEntry } from './schema/listeners.ts'
import { plan, type WrittenApi, type WrittenRoute } from './schema/routes.ts'
import type { WrittenAdmin, WrittenStore } from './schema/settings.ts'
import type { Resolved } from './schema/sources.ts'
import { OPTIONS } from './schema/structure.ts'
import { trustSchema, type WrittenClients, type WrittenTrust } from './schema/trust.ts'
import type { WrittenUpstream } from './schema/upstreams.ts'

/** The parts that name files and secrets, with the content read. */
export interface ResolvedParts {
  readonly listeners: readonly Item<Resolved<WrittenListener>>[]
  readonly upstreams: readonly Item<Resolved<WrittenUpstream>>[]
  readonly apis: readonly Item<Resolved<WrittenApi>>[]
  readonly routes: readonly Item<Resolved<WrittenRoute>>[]
  readonly applications: readonly Item<Resolved<WrittenApplication>>[]
  readonly filters: readonly Item<Resolved<WrittenFilter>>[]
  readonly admin: Resolved<WrittenAdmin> | undefined
  readonly store: Resolved<WrittenStore>
}

/** Puts the checked parts together. `beside` makes paths relative to the document. */
export function buildConfiguration(
  settings: Sections,
  parts: ResolvedParts,
  beside: (path: string) => string,
): Configuration {
  const { to } = settings.accessLog
  return {
    listeners: [
      ...parts.listeners.map(({ value }) => buildListener(value)),
      ...buildAdminListener(parts.admin),
    ],
    upstreams: buildUpstreams(parts),
    apis: parts.apis.map(buildApi),
    routes: parts.routes.map(buildRoute),
    applications: parts.applications.map(({ value }) => buildApplication(value)),
    filters: buildFilters(parts.filters.map(({ value }) => value)),
    admin: parts.admin && withFolder(buildAdmin(parts.admin), beside),
    limits: settings.limits,
    tickets: settings.tickets,
    accessLog: { to: to === 'stdout' || to === 'off' ? to : beside(to) },
    workers: settings.workers,
    drainTimeout: settings.drainTimeout,
    store: { ...parts.store, folder: beside(parts.store.folder) },
  }
}

function withFolder(admin: AdminConfig, beside: (path: string) => string): AdminConfig {
  const { gravitee } = admin.dialects
  if (gravitee?.files === undefined) return admin
  const dialects = { ...admin.dialects, gravitee: { ...gravitee, files: beside(gravitee.files) } }
  return { ...admin, dialects }
}

/** What holds where no client policy is written. */
const NO_TRUST: Resolved<WrittenTrust> = { ...trustSchema.parse({}, OPTIONS), ca: [], crl: [] }

function buildTrust(written: Resolved<WrittenTrust>): TrustConfig {
  const { ca, depth, crl, crlPolicy, crlDepth, crlFetch, ocsp, ocspNonce, fetchFrom } = written
  const { profile, minRsaBits } = written
  const online = { crlFetch, ocsp, ocspNonce, fetchFrom }
  return { ca, depth, crl: crl.flat(), crlPolicy, crlDepth, ...online, profile, minRsaBits }
}

function buildClients(
  written: Resolved<WrittenClients> | undefined,
  mode: ClientMode,
): ClientsConfig {
  const trust = buildTrust(written ?? NO_TRUST)
  return {
    ...trust,
    mode: written?.mode ?? mode,
    applications: written?.applications ?? trust.ca.length === 0,
    sendAuthorities: written?.sendAuthorities ?? false,
    allow: written?.allow ?? [],
  }
}

function buildListener(written: Resolved<WrittenListener>): ListenerConfig {
  const { name, address, tls, clients, trustedProxies, proxyProtocol } = written
  const { style } = written
  // A header that nobody is asked for would be read for nothing: believing it is the default.
  const mode = trustedProxies?.clientCertificateHeader === undefined ? 'none' : 'request'
  return {
    name: name ?? addressText(address),
    address,
    secure: tls !== undefined,
    tls: (tls ?? []).map(buildEntry),
    clients: buildClients(clients, mode),
    trustedProxies,
    proxyProtocol,
    ...buildConnections(written),
    scopes: SCOPES,
    style,
    local: undefined,
  }
}

function buildConnections(
  written: Resolved<WrittenConnections>,
): Pick<ListenerConfig, keyof WrittenConnections> {
  const { stream, allowFrom, connections, users, forwardedHeaders, clientTimeout } = written
  const own = { stream, allowFrom, connections, users, forwardedHeaders, clientTimeout }
  return { ...own, upstreamTimes: upstreamTimes(written.upstreamTimes) }
}

/** The document's own routes come before those that dialects bring. */
const SCOPES: readonly string[] = ['', 'apisix', 'gravitee']

/** The name of the operators' own listener, and of what answers there. */
export const ADMIN = 'admin'

function buildAdmin({ address, dialects, expiryWebhook }: Resolved<WrittenAdmin>): AdminConfig {
  const own = { address, dialects: buildDialects(dialects) }
  return expiryWebhook === undefined ? own : { ...own, expiryWebhook }
}

/** The admin listener, and one for each dialect's API that has an address of its own. */
function buildAdminListener(admin: Resolved<WrittenAdmin> | undefined): ListenerConfig[] {
  if (admin === undefined) return []
  const { address, tls } = admin
  const local = (name: string, at: Address): ListenerConfig => ({
    ...buildListener({
      name,
      address: at,
      tls,
      clients: undefined,
      trustedProxies: undefined,
      proxyProtocol: false,
      style: 'native',
      ...CONNECTION_DEFAULTS,
    }),
    local: name,
  })
  const dialects = Object.entries(buildDialects(admin.dialects)) as [string, DialectConfig?][]
  const apart = dialects.flatMap(([name, dialect]) =>
    dialect?.address === undefined ? [] : [local(name, dialect.address)]
  )
  return [local(ADMIN, address), ...apart]
}

function buildEntry(written: Resolved<WrittenTlsEntry>): TlsEntryConfig {
  const { certificate, clients, ...rest } = written
  const certificates = 'length' in certificate ? certificate : [certificate]
  const policy = buildClients(clients, 'none')
  return { ...rest, certificates, clients: policy }
}

function buildUpstream(name: string, written: Resolved<WrittenUpstream>): UpstreamConfig {
  const { endpoints, tls, persistence: kept, ...rest } = written
  return {
    ...rest,
    name,
    endpoints: endpoints.map(({ address, tls, ...kept }) => ({
      ...kept,
      ...address,
      tls: typeof tls === 'object' ? buildTls(tls) : tls,
    })),
    tls: tls && buildTls(tls),
    persistence: kept && persistence(kept),
  }
}

function buildTls(
  written: NonNullable<Resolved<WrittenUpstream>['tls']>,
): NonNullable<UpstreamConfig['tls']> {
  const { verify, checkName, certificate, name } = written
  return { verify, checkName, certificate, name, trust: buildTrust(written) }
}

/** Named upstreams and inline ones. */
function buildUpstreams(parts: ResolvedParts): ReadonlyMap<string, UpstreamConfig> {
  const upstreams = new Map<string, UpstreamConfig>()
  for (const { path, value } of parts.upstreams) {
    const name = String(path.at(-1))
    upstreams.set(name, buildUpstream(name, value))
  }
  for (const { path, value } of [...parts.apis, ...parts.routes]) {
    if (value.upstream === undefined || typeof value.upstream === 'string') continue
    const name = nameOfItem({ path, value })
    upstreams.set(name, buildUpstream(name, value.upstream))
  }
  return upstreams
}

function nameOfItem({ path, value }: Item<Resolved<WrittenRoute>>): string {
  return routeName(value.name, path)
}

function buildRoute(item: Item<Resolved<WrittenRoute>>): RouteConfig {
  const { match, priority, upstream, requireCertificate, allow, forwardCertificate } = item.value
  const { filters, variables, style } = item.value
  const name = nameOfItem(item)
  return {
    name,
    match,
    scope: '',
    priority,
    local: undefined,
    style,
    upstream: upstream === undefined ? '' : typeof upstream === 'string' ? upstream : name,
    requireCertificate,
    allow,
    forwardCertificate,
    filters: buildFilters(filters),
    variables,
    upstreamTimes: upstreamTimes(item.value.upstreamTimes),
  }
}

/** Keys that were left out and have no default are there, as those of other filters are. */
function buildFilters(written: readonly Resolved<WrittenFilter>[]): readonly FilterConfig[] {
  return written.map((filter) => ({ ...FILTER_DEFAULTS[filter.type], ...filter }) as FilterConfig)
}

function buildApplication(written: Resolved<WrittenApplication>): ApplicationConfig {
  const { filters, ...rest } = written
  return filters === undefined ? rest : { ...rest, filters: buildFilters(filters) }
}

function buildApi(item: Item<Resolved<WrittenApi>>): ApiConfig {
  const { plans, verbose } = item.value
  return { ...buildRoute(item), plans: plans.map(plan), verbose }
}
