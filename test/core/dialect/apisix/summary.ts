/** Parts of a configuration as plain values, without what is the same everywhere. */
import type { ConfigurationParts } from '../../../../core/dialect/mod.ts'
import type { TranslateOptions } from '../../../../core/dialect/apisix/translate/mod.ts'
import * as defaults from '../../../../core/snapshot/defaults.ts'
import type { Change, Json } from '../../../../core/store/mod.ts'

export const OPTIONS: TranslateOptions = {
  verifyUpstreams: true,
  keyring: ['qeddd145sfvddff3'],
  env: () => undefined,
  fallbackSni: '',
  httpsPort: 443,
  http2: true,
  protocols: [],
  router: 'radixtree_host_uri',
  tellStatus: false,
}

/** Documents as changes of a store, in the order in which they are written; undefined: one that is gone. */
export function changesOf(documents: Readonly<Record<string, unknown>>, first = 1): Change[] {
  return Object.entries(documents).map(([key, value], at) => {
    if (value === undefined) return { key, document: undefined }
    const revision = first + at
    return {
      key,
      document: {
        key,
        value: value as Json,
        createRevision: revision,
        modifyRevision: revision,
        version: 1,
      },
    }
  })
}

/** What is left out where it is so. */
const SAME: Readonly<Record<string, unknown>> = {
  ...defaults.UPSTREAM_DEFAULTS,
  ...defaults.UPSTREAM_TLS_DEFAULTS,
  ...defaults.ENDPOINT_DEFAULTS,
  ...defaults.CLIENTS_DEFAULTS,
  clients: defaults.CLIENTS_DEFAULTS,
  trust: defaults.TRUST_DEFAULTS,
  verify: undefined,
  connectTimeout: 60_000,
  retries: 0,
  retryUnanswered: true,
  keepAlive: { connections: 320, idleTimeout: 60_000, requests: 1000 },
  upstreamTimes: defaults.NO_UPSTREAM_TIMES,
  minVersion: 'TLSv1.2',
  http2: true,
  skipClientCertificate: [],
  priority: 0,
  scope: 'apisix',
  style: 'apisix',
  order: 'fit',
  requireCertificate: false,
  allow: [],
  deny: [],
  forwardCertificate: undefined,
  local: undefined,
  passphrase: undefined,
  hosts: [],
  methods: [],
  addresses: [],
  conditions: [],
  filters: [],
  when: [],
}

/** Parts as values that a file can hold, and what is wrong. */
export function summary(
  parts: ConfigurationParts,
): { readonly parts: unknown; readonly warnings: readonly string[] } {
  const { tls, upstreams, routes, applications, filters = [], problems } = parts
  const all = {
    tls,
    upstreams: [...upstreams.values()],
    routes,
    applications: [...applications.values()],
    filters,
  }
  const told = Object.fromEntries(
    Object.entries(all).filter(([, list]) => list.length > 0).map(([name, list]) => [
      name,
      list.map((each) => plain(each)),
    ]),
  )
  const warnings = problems.map(({ key, severity, message }) => `${severity} ${key}: ${message}`)
  return { parts: told, warnings }
}

function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(plain)
  if ('from' in value && 'data' in value) {
    return `${value.from} = ${new TextDecoder().decode(value.data as Uint8Array)}`
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, each]) => each !== undefined && !isSame(name, each))
      .map(([name, each]) => [name, plain(each)]),
  )
}

function isSame(name: string, value: unknown): boolean {
  return name in SAME && JSON.stringify(SAME[name]) === JSON.stringify(value)
}
