import {
  type BalanceConfig,
  ENDPOINT_DEFAULTS,
  type EndpointConfig,
  type KeyPairConfig,
  type Material,
  TRUST_DEFAULTS,
  UPSTREAM_DEFAULTS,
  UPSTREAM_TLS_DEFAULTS,
  type UpstreamConfig,
  type UpstreamTlsConfig,
} from '../../../snapshot/mod.ts'
import { fromBase64 } from '../../../pki/bytes.ts'
import type { ApiDocument, EndpointDefinition, EndpointGroupDefinition, JsonMap } from '../model.ts'
import { contentAt } from './files.ts'
import { effectiveSettings, mapAt, numberAt, textAt } from './settings.ts'
import { readTarget, type Target } from './target.ts'

/** The upstream of an API, the path that its targets have, and what cannot be done. */
export interface Translated {
  readonly upstream: UpstreamConfig
  readonly path: string
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
}

interface Found {
  readonly endpoint: EndpointDefinition
  readonly target: Target
  readonly settings: JsonMap
  readonly place: string
}

/** Turns an API's first group of endpoints into an upstream; the others are named in a warning. */
export function translateUpstream(api: ApiDocument, name: string): Translated {
  const errors: string[] = []
  const warnings: string[] = []
  const [group, ...others] = api.endpointGroups as [EndpointGroupDefinition]
  const found: Found[] = []
  for (const [at, endpoint] of (group.endpoints ?? []).entries()) {
    const target = readTarget(textAt(endpoint.configuration ?? {}, 'target'))
    if (typeof target === 'string') errors.push(target)
    else {found.push({
        endpoint,
        target,
        ...effectiveSettings(group, endpoint, { group: 0, endpoint: at }),
      })}
  }
  const [first] = found
  if (first === undefined) errors.push(`Endpoint group "${group.name}" has no endpoint`)
  if (others.length > 0) {
    warnings.push(`Endpoint groups besides "${group.name}" take no traffic`)
  }
  const http = mapAt(first?.settings, 'http')
  const shared = first?.target.secure === true ? tlsOf(api, first, errors) : undefined
  const path = pathOf(found)
  const upstream: UpstreamConfig = {
    ...UPSTREAM_DEFAULTS,
    name,
    endpoints: found.map((each) => ({
      ...endpointOf(each, group),
      path: path === undefined ? each.target.path : '',
      tls: ownTls(api, { each, first, shared }, errors),
    })),
    balance: balanceOf(group),
    protocol: textAt(http, 'version') === 'HTTP_2' ? (first?.target.secure ? 'h2' : 'h2c') : 'h1',
    tls: shared,
    host: http['propagateClientHost'] === true ? 'client' : 'endpoint',
    connectTimeout: positive(numberAt(http, 'connectTimeout')) ?? UPSTREAM_DEFAULTS.connectTimeout,
    readTimeout: positive(numberAt(http, 'readTimeout')) ?? UPSTREAM_DEFAULTS.readTimeout,
    keepAlive: {
      ...UPSTREAM_DEFAULTS.keepAlive,
      connections: http['keepAlive'] === false
        ? 0
        : Math.min(numberAt(http, 'maxConcurrentConnections') ?? 64, 65_535),
      idleTimeout: positive(numberAt(http, 'keepAliveTimeout')) ??
        UPSTREAM_DEFAULTS.keepAlive.idleTimeout,
    },
  }
  return { upstream, path: path ?? '', errors, warnings }
}

/** The path that all targets have; undefined where they differ. */
function pathOf(found: readonly Found[]): string | undefined {
  const [path = '', ...others] = new Set(found.map(({ target }) => target.path))
  return others.length === 0 ? path : undefined
}

/** The TLS of an endpoint, where it is not that of the first one. */
function ownTls(
  api: ApiDocument,
  { each, first, shared }: {
    readonly each: Found
    readonly first: Found | undefined
    readonly shared: UpstreamTlsConfig | undefined
  },
  errors: string[],
): EndpointConfig['tls'] {
  if (!each.target.secure) return shared === undefined ? undefined : 'none'
  const ssl = (of: Found | undefined): string => JSON.stringify(mapAt(of?.settings, 'ssl'))
  const alike = shared !== undefined && ssl(each) === ssl(first)
  return alike ? undefined : tlsOf(api, each, errors)
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined
}

/** Weights count where the load balancer says so. */
function endpointOf({ endpoint, target }: Found, group: EndpointGroupDefinition): EndpointConfig {
  const weighted = /^weighted/i.test(group.loadBalancer?.type ?? '')
  return {
    ...ENDPOINT_DEFAULTS,
    host: target.host,
    port: target.port,
    weight: weighted ? Math.min(endpoint.weight ?? 1, 65_535) : 1,
    priority: endpoint.secondary === true ? -1 : 0,
  }
}

function balanceOf({ loadBalancer }: EndpointGroupDefinition): BalanceConfig {
  return /random$/i.test(loadBalancer?.type ?? '') ? 'random' : 'round-robin'
}

function tlsOf(api: ApiDocument, { settings, place }: Found, errors: string[]): UpstreamTlsConfig {
  const ssl = mapAt(settings, 'ssl')
  const anchors = anchorsOf(api, { ssl, place }, errors)
  return {
    ...UPSTREAM_TLS_DEFAULTS,
    verify: ssl['trustAll'] !== true,
    checkName: ssl['hostnameVerifier'] !== false,
    trust: { ...TRUST_DEFAULTS, ca: anchors === undefined ? [] : [anchors] },
    certificate: keyPairOf(api, ssl, errors),
  }
}

const ADVICE =
  'keytool -importkeystore -srckeystore STORE.jks -destkeystore STORE.p12 -deststoretype PKCS12 converts it'

/** What to do about a Java key store. */
export function jksAdvice(what: string): string {
  return `Could not use ${what} of type JKS: only Java reads it; ${ADVICE}`
}

function material(api: ApiDocument, what: string, data: Uint8Array | string): Material {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data
  return { from: `${what} of API "${api.name}"`, data: bytes }
}

function anchorsOf(
  api: ApiDocument,
  { ssl, place }: { readonly ssl: JsonMap; readonly place: string },
  errors: string[],
): Material | undefined {
  const store = mapAt(ssl, 'trustStore')
  const type = (textAt(store, 'type') ?? '').toUpperCase()
  if (type === '' || type === 'NONE') return undefined
  if (type === 'JKS') return refuse(errors, jksAdvice('a trustStore'))
  const content = type === 'PKCS12'
    ? api.anchors?.[place]
    : contentAt(api, store, ['content', 'path'])
  if (content === undefined) return refuse(errors, 'A trustStore without content is not supported')
  return material(api, 'trustStore', content)
}

function keyPairOf(api: ApiDocument, ssl: JsonMap, errors: string[]): KeyPairConfig | undefined {
  const store = mapAt(ssl, 'keyStore')
  const type = (textAt(store, 'type') ?? '').toUpperCase()
  if (type === '' || type === 'NONE') return undefined
  if (type === 'JKS') return refuse(errors, jksAdvice('a keyStore'))
  const passphrase = textAt(store, 'password')
  if (type === 'PKCS12') {
    const data = fromBase64(contentAt(api, store, ['content', 'path']) ?? '')
    if (data === undefined || data.length === 0) {
      return refuse(errors, 'The content of a PKCS12 keyStore must be base64')
    }
    return { pkcs12: material(api, 'keyStore', data), passphrase }
  }
  const cert = contentAt(api, store, ['certContent', 'certPath'])
  const key = contentAt(api, store, ['keyContent', 'keyPath'])
  if (cert === undefined || key === undefined) {
    return refuse(errors, 'A PEM keyStore needs certContent and keyContent')
  }
  return {
    cert: material(api, 'certContent', cert),
    key: material(api, 'keyContent', key),
    passphrase: textAt(store, 'keyPassword'),
  }
}

function refuse(errors: string[], message: string): undefined {
  errors.push(message)
  return undefined
}
