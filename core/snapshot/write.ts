import { CONNECTION_DEFAULTS } from './defaults.ts'
import { addressText } from './address-text.ts'
import { DEFAULT_DIALECTS } from './schema/dialects.ts'
import { limitsSchema } from './schema/limits.ts'
import { OPTIONS } from './schema/structure.ts'
import type {
  AdminConfig,
  Configuration,
  DialectConfig,
  DialectsConfig,
  Limits,
  ListenerConfig,
  StoreConfig,
  TlsEntryConfig,
} from './types.ts'
import { type Document, kept, milliseconds, sameValue, spans } from './write-kept.ts'
import { writeApi, writeApplication, writeFilters, writeRoute } from './write-routes.ts'
import { writeClients, writeKeyPair, writeMaterial } from './write-trust.ts'
import { writeTimes, writeUpstream } from './write-upstreams.ts'

/**
 * Writes a configuration as a document: a plain object that `readConfigurationObject` reads as an equal configuration.
 * Certificates, keys and secrets stand in it, in clear. What holds anyway is left out; scopes are, too, for a document
 * has one.
 */
export function writeConfiguration(configuration: Configuration): Document {
  const { listeners, upstreams, routes, apis, applications, filters, admin } = configuration
  const own = listeners.filter(({ local }) => local === undefined)
  const groups = Object.fromEntries(
    [...upstreams].map(([name, each]) => [name, writeUpstream(each)]),
  )
  return {
    listeners: own.map(writeListener),
    ...(upstreams.size === 0 ? {} : { upstreams: groups }),
    ...list('apis', apis.map(writeApi)),
    ...list('routes', routes.map(writeRoute)),
    ...list('applications', applications.map(writeApplication)),
    ...writeFilters(filters),
    ...(admin === undefined ? {} : { admin: writeAdmin(admin, listeners) }),
    ...writeSettings(configuration),
  }
}

function list(key: string, items: readonly unknown[]): Document {
  return items.length === 0 ? {} : { [key]: items }
}

function writeListener(listener: ListenerConfig): Document {
  const { name, address, secure, tls, clients, trustedProxies, users, upstreamTimes } = listener
  const { proxyProtocol, style, stream, allowFrom, connections } = listener
  const { forwardedHeaders, clientTimeout } = listener
  const at = addressText(address)
  const asked = trustedProxies?.clientCertificateHeader === undefined ? 'none' : 'request'
  const rest = { stream, allowFrom, connections, users, forwardedHeaders, clientTimeout }
  const defaults = { ...CONNECTION_DEFAULTS, proxyProtocol: false, style: 'native' }
  return {
    ...(name === at ? {} : { name }),
    address: at,
    ...(secure ? { tls: tls.map(writeEntry) } : {}),
    ...kept({ clients: writeClients(clients, asked) }, {}),
    ...(trustedProxies === undefined
      ? {}
      : { trustedProxies: kept(trustedProxies, { fingerprints: [] }) }),
    ...spans(kept({ proxyProtocol, style, ...rest }, defaults), ['clientTimeout']),
    ...writeTimes(upstreamTimes),
  }
}

function writeEntry(entry: TlsEntryConfig): Document {
  const { certificates, clients, ...rest } = entry
  const pairs = certificates.map(writeKeyPair)
  return {
    ...kept(rest, { names: [], minVersion: 'TLSv1.2', http2: true, skipClientCertificate: [] }),
    certificate: pairs.length === 1 ? pairs[0] : pairs,
    ...kept({ clients: writeClients(clients, 'none') }, {}),
  }
}

/** The admin listener's certificates are those of the listener that answers as `admin`. */
function writeAdmin(
  { address, dialects, expiryWebhook }: AdminConfig,
  listeners: readonly ListenerConfig[],
): Document {
  const tls = listeners.find(({ local }) => local === 'admin')?.tls ?? []
  return {
    address: addressText(address),
    ...list('tls', tls.map(writeEntry)),
    ...kept({ dialects: writeDialects(dialects) }, { dialects: {} }),
    ...(expiryWebhook === undefined ? {} : { expiryWebhook: kept(expiryWebhook, {}) }),
  }
}

function writeDialects(dialects: DialectsConfig): Document {
  const all: [string, unknown][] = []
  for (const name of ['apisix', 'gravitee', 'gcore'] as const) {
    const dialect = dialects[name]
    const written = dialect && writeDialect(dialect, DEFAULT_DIALECTS[name] ?? {})
    if (written === undefined) all.push([name, false])
    else if (Object.keys(written).length > 0) all.push([name, written])
  }
  return Object.fromEntries(all)
}

function writeDialect({ address, ...rest }: DialectConfig, defaults: object): Document {
  return {
    ...(address === undefined ? {} : { address: addressText(address) }),
    ...kept(rest, defaults),
  }
}

const LIMITS = limitsSchema.parse({}, OPTIONS)
const ROTATE_MS = 12 * 3_600_000
const DRAIN_MS = 30_000

function writeSettings(configuration: Configuration): Document {
  const { limits, tickets, accessLog, workers, drainTimeout, store } = configuration
  return {
    ...(sameValue(limits, LIMITS) ? {} : { limits: writeLimits(limits) }),
    ...(tickets.rotate === ROTATE_MS ? {} : { tickets: { rotate: milliseconds(tickets.rotate) } }),
    ...(accessLog.to === 'stdout' ? {} : { accessLog }),
    ...(workers === 1 ? {} : { workers }),
    ...(drainTimeout === DRAIN_MS ? {} : { drainTimeout: milliseconds(drainTimeout) }),
    store: writeStore(store),
  }
}

function writeLimits({ http2, ...rest }: Limits): Document {
  const times = Object.keys(rest).filter((key) => key.endsWith('Timeout'))
  const own = spans(kept(http2, LIMITS.http2), ['span'])
  return {
    ...spans(kept(rest, LIMITS), times),
    ...(Object.keys(own).length === 0 ? {} : { http2: own }),
  }
}

function writeStore({ etcd, ...rest }: StoreConfig): Document {
  const written = kept(rest, { role: 'traditional' })
  if (etcd === undefined) return written
  const { tls, ...others } = etcd
  const certificates = tls && Object.fromEntries(
    Object.entries(tls).map(([key, value]) => [
      key,
      typeof value === 'object' ? writeMaterial(value) : value,
    ]),
  )
  return { ...written, etcd: kept({ ...others, tls: certificates && kept(certificates, {}) }, {}) }
}
