import {
  ENDPOINT_DEFAULTS,
  TRUST_DEFAULTS,
  UPSTREAM_DEFAULTS,
  UPSTREAM_TLS_DEFAULTS,
} from '../../../snapshot/defaults.ts'
import type {
  BalanceConfig,
  EndpointConfig,
  KeyPairConfig,
  UpstreamConfig,
  UpstreamTlsConfig,
} from '../../../snapshot/types.ts'
import { idOf, isTable, listOf, numberOf, type Table, tableOf, textOf, textsOf } from '../table.ts'
import { translateChecks } from './health.ts'
import type { TranslateOptions } from './options.ts'
import type { Notes } from './outcome.ts'
import { keyPair, material } from './ssl.ts'

const SECOND = 1000
/** Seconds, in APISIX, where nothing else is said. */
const DEFAULT_TIMEOUT = 60

/** What translating an upstream needs. */
export interface UpstreamMeans {
  /** The document's key, for messages. */
  readonly key: string
  readonly name: string
  readonly options: TranslateOptions
  readonly notes: Notes
  /** The ssl document that `client_cert_id` names. */
  readonly ssl: (id: string) => Table | undefined
}

/** What requests for an upstream that cannot be get instead: a status of APISIX's. */
export type Absent = { readonly status: 502 | 503 }

/** What an upstream asks for. */
export function translateUpstream(conf: Table, means: UpstreamMeans): UpstreamConfig | Absent {
  const { name, notes } = means
  const scheme = textOf(conf, 'scheme') ?? 'http'
  const isTls = scheme === 'https' || scheme === 'grpcs'
  if (!['http', 'https', 'grpc', 'grpcs'].includes(scheme)) {
    notes.fail(`Use upstream "${name}": scheme "${scheme}" is not spoken by this gateway`)
    return { status: 502 }
  }
  if (conf['service_name'] !== undefined) {
    notes.fail(`Use upstream "${name}": discovery is not done by this gateway`)
    return { status: 503 }
  }
  const endpoints = endpointsOf(conf, isTls ? 443 : 80)
  if (endpoints.length === 0) return { status: 503 }
  const tls = isTls ? tlsOf(conf, means) : undefined
  if (typeof tls === 'string') {
    notes.fail(tls)
    return { status: 502 }
  }
  const timeout = timeoutOf(tableOf(conf, 'timeout'))
  // Field by field: what is spread into an object has a shape of its own, which takes more memory than the object.
  return {
    name,
    endpoints,
    balance: balanceOf(conf, notes),
    persistence: UPSTREAM_DEFAULTS.persistence,
    health: translateChecks(tableOf(conf, 'checks')),
    protocol: scheme === 'grpc' ? 'h2c' : scheme === 'grpcs' ? 'h2' : 'h1',
    tls,
    proxyProtocol: UPSTREAM_DEFAULTS.proxyProtocol,
    connectTimeout: timeout('connect'),
    readTimeout: timeout('read'),
    sendTimeout: timeout('send'),
    retries: numberOf(conf, 'retries') ?? endpoints.length - 1,
    retryTimeout: (numberOf(conf, 'retry_timeout') ?? 0) * SECOND,
    // nginx asks the next one after an error or a time-out, too.
    retryUnanswered: true,
    keepAlive: keepAliveOf(tableOf(conf, 'keepalive_pool')),
    host: hostOf(conf),
  }
}

function endpointsOf(conf: Table, port: number): readonly EndpointConfig[] {
  if (Array.isArray(conf['nodes'])) {
    return listOf(conf, 'nodes').filter(isTable).map((node) => {
      const address = {
        host: bare(textOf(node, 'host') ?? ''),
        port: numberOf(node, 'port') ?? port,
      }
      return endpoint(address, numberOf(node, 'weight'), numberOf(node, 'priority'))
    })
  }
  return Object.entries(tableOf(conf, 'nodes') ?? {}).map(([address, weight]) =>
    endpoint(addressOf(address, port), typeof weight === 'number' ? weight : undefined)
  )
}

function endpoint(
  { host, port }: { readonly host: string; readonly port: number },
  weight: number = ENDPOINT_DEFAULTS.weight,
  priority: number = ENDPOINT_DEFAULTS.priority,
): EndpointConfig {
  const { monitor, path, tls } = ENDPOINT_DEFAULTS
  return { host, port, weight, priority, monitor, path, tls }
}

function addressOf(text: string, port: number): { readonly host: string; readonly port: number } {
  const [, bracketed, plain = '', own] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(text) ?? []
  return { host: bare(bracketed ?? plain), port: own === undefined ? port : Number(own) }
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '').toLowerCase()
}

function balanceOf(conf: Table, notes: Notes): BalanceConfig {
  const type = textOf(conf, 'type') ?? 'roundrobin'
  switch (type) {
    case 'roundrobin':
      return 'round-robin'
    case 'least_conn':
      return 'least-connections'
    case 'ewma':
      return 'ewma'
    case 'chash':
      return { hash: hashOf(conf) }
    default:
      notes.warn(`Balance by "${type}": unknown, so endpoints take turns`)
      return 'round-robin'
  }
}

/** The text whose hash chooses the endpoint. */
function hashOf(conf: Table): string {
  const key = textOf(conf, 'key') ?? ''
  switch (textOf(conf, 'hash_on') ?? 'vars') {
    case 'header':
      return `$http_${key.toLowerCase().replaceAll('-', '_')}`
    case 'cookie':
      return `$cookie_${key}`
    case 'consumer':
      return '$consumer_name'
    case 'vars_combinations':
      return key
    default:
      return `$${key}`
  }
}

function timeoutOf(timeout: Table | undefined): (name: string) => number {
  return (name) => (numberOf(timeout, name) ?? DEFAULT_TIMEOUT) * SECOND
}

/** What APISIX has where nothing is said. */
const KEEP_ALIVE = { connections: 320, idleTimeout: 60 * SECOND, requests: 1000 }

function keepAliveOf(pool: Table | undefined): UpstreamConfig['keepAlive'] {
  if (pool === undefined) return KEEP_ALIVE
  const idle = numberOf(pool, 'idle_timeout')
  return {
    connections: numberOf(pool, 'size') ?? KEEP_ALIVE.connections,
    idleTimeout: idle === undefined ? KEEP_ALIVE.idleTimeout : idle * SECOND,
    requests: numberOf(pool, 'requests') ?? KEEP_ALIVE.requests,
  }
}

function hostOf(conf: Table): UpstreamConfig['host'] {
  switch (conf['pass_host']) {
    case 'node':
      return 'endpoint'
    case 'rewrite':
      return { name: textOf(conf, 'upstream_host') ?? '' }
    default:
      return 'client'
  }
}

/** TLS towards endpoints, or why it cannot be. */
function tlsOf(conf: Table, means: UpstreamMeans): UpstreamTlsConfig | string {
  const { options, key } = means
  const tls = tableOf(conf, 'tls')
  const certificate = certificateOf(tls, means)
  if (typeof certificate === 'string') return certificate
  const verify = typeof tls?.['verify'] === 'boolean' ? tls['verify'] : options.verifyUpstreams
  const ca = textsOf(tls, 'ca_certs').map((each, at) =>
    material(`${key}.tls.ca_certs[${at}]`, each)
  )
  return {
    ...UPSTREAM_TLS_DEFAULTS,
    verify,
    checkName: verify,
    trust: { ...TRUST_DEFAULTS, ca },
    certificate,
    name: { from: 'host' },
  }
}

function certificateOf(
  tls: Table | undefined,
  { key, options, ssl, name }: UpstreamMeans,
): KeyPairConfig | undefined | string {
  const id = idOf(tls, 'client_cert_id')
  if (id !== undefined) {
    const found = ssl(id)
    if (found === undefined || found['type'] !== 'client') {
      return `Use upstream "${name}": there is no ssl "${id}" of type client`
    }
    return pairOf(found, ['cert', 'key'], { place: `/ssls/${id}`, options })
  }
  if (textOf(tls, 'client_cert') === undefined) return undefined
  return pairOf(tls, ['client_cert', 'client_key'], { place: `${key}.tls`, options })
}

function pairOf(
  table: Table | undefined,
  [cert, key]: readonly [string, string],
  { place, options }: { readonly place: string; readonly options: TranslateOptions },
): KeyPairConfig | string {
  return keyPair(
    { cert: textOf(table, cert) ?? '', key: textOf(table, key) ?? '', place },
    options,
  )
}
