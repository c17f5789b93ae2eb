import { compile } from '../decide/mod.ts'
import type { CompiledListener, Snapshot } from '../decide/mod.ts'
import { pkiTools } from '../pki-tools.ts'
import { formatProblem, readConfigurationObject } from '../snapshot/mod.ts'
import type {
  Configuration,
  FilterConfig,
  Path,
  PlanConfig,
  Problem,
  UpstreamConfig,
  UpstreamTlsConfig,
} from '../snapshot/mod.ts'
import type { TokenChecker } from '../plan/mod.ts'
import { fetcherOf } from './fetcher.ts'
import type { FetchHost } from './types.ts'

/** What the one listener of an embedded gateway is called in logs. */
export const LISTENER = 'fetch'

/** A configuration that cannot be used, with everything that is wrong with it. */
export class ConfigurationError extends Error {
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'))
    this.name = 'ConfigurationError'
    this.problems = problems
  }
}

/** A configuration that is ready for use. */
export interface LoadedConfiguration {
  readonly snapshot: Snapshot
  readonly listener: CompiledListener
  readonly warnings: readonly Problem[]
}

/** Reads and compiles a configuration. Rejects with {@linkcode ConfigurationError}. */
export async function loadConfiguration(
  document: Readonly<Record<string, unknown>>,
  host: FetchHost,
): Promise<LoadedConfiguration> {
  const { document: whole, problems: foreign } = withListener(document)
  const read = await readConfigurationObject(whole, { env: host.env })
  const before = [...foreign, ...read.problems.map(asWritten)]
  if (read.configuration === undefined) throw new ConfigurationError(before)
  const { configuration, problems: foreignTls } = withoutUpstreamTls(read.configuration, host)
  const unsupported = [
    ...offlineProblems(read.configuration),
    ...foreignTls,
    ...filterProblems(read.configuration),
  ]
  const tokenChecker = await tokenCheckerOf(configuration, host)
  const { snapshot, problems } = await compile(configuration, {
    pki: pkiTools,
    now: (host.now ?? Date.now)(),
    ...(tokenChecker === undefined ? {} : { tokenChecker }),
    // Session-ticket keys come of it, and there are no sessions here.
    secret: new Uint8Array(32),
    systemRoots: () => [],
  })
  const checked = problems.filter((problem) => !isOwnDoing(problem, read.configuration))
  const all = [...before, ...unsupported, ...checked.map(asWritten)]
  const listener = snapshot?.listeners.get(LISTENER)
  const failed = all.some(({ severity }) => severity === 'error')
  if (snapshot === undefined || listener === undefined || failed) throw new ConfigurationError(all)
  return { snapshot, listener, warnings: all }
}

/** What checks the tokens of plans, with the host's own `fetch`; loaded where a plan has some. */
async function tokenCheckerOf(
  { apis }: Configuration,
  host: FetchHost,
): Promise<((plan: PlanConfig) => TokenChecker | undefined) | undefined> {
  const wanted = apis.some(({ plans }) =>
    plans.some(({ jwt, introspection }) => (jwt ?? introspection) !== undefined)
  )
  if (!wanted) return undefined
  const { TokenCheckers } = await import('../token/mod.ts')
  const checkers = new TokenCheckers({
    fetcher: fetcherOf(host),
    clock: { now: host.now ?? Date.now },
  })
  return (plan) => checkers.of(plan)
}

/** Keys of `gateway.yaml` that only a gateway of its own can follow. */
const FOREIGN: readonly string[] = [
  'listeners',
  'admin',
  'store',
  'accessLog',
  'workers',
  'drainTimeout',
]

/** No client comes from there. */
const NOBODY = '255.255.255.255/32'

/** The document as `gateway.yaml` would have it: with a listener, which stands for the host's own. */
function withListener(
  document: Readonly<Record<string, unknown>>,
): { readonly document: unknown; readonly problems: Problem[] } {
  const isMap = typeof document === 'object' && document !== null && !Array.isArray(document)
  if (!isMap) return { document, problems: [] }
  const { clients, ...others } = document
  const rest: Record<string, unknown> = others
  const problems: Problem[] = []
  for (const key of FOREIGN.filter((key) => Object.hasOwn(rest, key))) {
    delete rest[key]
    const instead = key === 'listeners' ? ', and the client policy stands under "clients"' : ''
    const message = `Could not use key "${key}": that is the host's own here${instead}`
    problems.push({ severity: 'error', path: [key], message, position: undefined })
  }
  // The host hands the certificate over. That a header is named makes the listener's policy count.
  const trustedProxies = { cidrs: [NOBODY], clientCertificateHeader: 'client-cert' }
  const listener = { name: LISTENER, address: '127.0.0.1:0', trustedProxies }
  const listeners = [clients === undefined ? listener : { ...listener, clients }]
  return { document: { ...rest, listeners }, problems }
}

/** A problem at the place where the embedding program wrote it. */
function asWritten(problem: Problem): Problem {
  const [section, index, ...rest] = problem.path
  if (section !== 'listeners' || index !== 0 || rest.length === 0) return problem
  return {
    ...problem,
    path: rest,
    message: problem.message.replaceAll('listeners[0].clients', 'clients'),
  }
}

/** Nobody is asked over the network here: `fetch` would go wherever a certificate says. */
function offlineProblems({ listeners }: Configuration): Problem[] {
  const clients = listeners[0]?.clients
  const asked = (['crlFetch', 'ocsp'] as const).filter((key) => (clients?.[key] ?? 'off') !== 'off')
  return asked.map((key) => {
    const message = `Could not use ${key} of clients: only a gateway of its own asks for it`
    return {
      severity: 'error',
      path: ['listeners', 0, 'clients', key],
      message,
      position: undefined,
    }
  })
}

/** What filters ask for that `fetch` cannot do. */
function filterProblems({ filters, routes, apis, applications }: Configuration): Problem[] {
  const lists: (readonly [Path, readonly FilterConfig[]])[] = [
    [['filters'], filters],
    ...routes.map((each, index) => [['routes', index, 'filters'], each.filters] as const),
    ...apis.map((each, index) => [['apis', index, 'filters'], each.filters] as const),
    ...applications.map((each, index) =>
      [['applications', index, 'filters'], each.filters ?? []] as const
    ),
  ]
  return lists.flatMap(([path, list]) =>
    list.flatMap((filter, index) => {
      const [key, message] = beyondFetch(filter) ?? []
      if (key === undefined || message === undefined) return []
      return [{
        severity: 'error' as const,
        path: [...path, index, key],
        message,
        position: undefined,
      }]
    })
  )
}

function beyondFetch(filter: FilterConfig): readonly [key: string, message: string] | undefined {
  if (filter.type === 'rate-limit' && !filter.noDelay) {
    return ['noDelay', 'Could not hold requests back: that needs a gateway of its own; set noDelay']
  }
  const host = filter.type === 'rewrite' &&
    (filter.host ?? filter.headers.set.find(({ name }) => name.toLowerCase() === 'host')?.value)
  if (typeof host !== 'string') return undefined
  return ['host', `Could not send host "${host}": fetch takes it from the address of the endpoint`]
}

/** Leaves the checking of backends to the host, and says what its `fetch` would silently leave out. */
function withoutUpstreamTls(
  configuration: Configuration,
  host: FetchHost,
): { readonly configuration: Configuration; readonly problems: Problem[] } {
  const problems: Problem[] = []
  const upstreams = new Map(configuration.upstreams)
  for (const [name, upstream] of configuration.upstreams) {
    const { tls, host: sent } = upstream
    const fail = (key: string, message: string): void => {
      const path = ['upstreams', name, key]
      problems.push({ severity: 'error', path, message, position: undefined })
    }
    if (typeof sent === 'object') {
      const state = 'fetch takes it from the address of the endpoint'
      fail('host', `Could not send host "${sent.name}" to upstream "${name}": ${state}`)
    }
    for (const key of needsSockets(upstream)) {
      const state = 'only a gateway of its own, with sockets, can'
      fail(key, `Could not use ${key} of upstream "${name}": ${state}`)
    }
    if (tls === undefined) continue
    const asked = host.upstreamTls === true ? [] : beyondPlainTls(tls)
    if (asked.length > 0) {
      const state = `this host's fetch does not say that it follows ${asked.join(', ')}`
      fail('tls', `Could not use tls of upstream "${name}": ${state}; see upstreamTls`)
    }
    if (tls.trust.ca.length === 0) upstreams.set(name, { ...upstream, tls: unchecked(tls) })
  }
  return { configuration: { ...configuration, upstreams }, problems }
}

/** What `fetch` gives no way to do. */
function needsSockets({ health, proxyProtocol, persistence, endpoints }: UpstreamConfig): string[] {
  return [
    health.active === undefined ? '' : 'health',
    proxyProtocol === undefined ? '' : 'proxyProtocol',
    persistence === undefined ? '' : 'persistence',
    endpoints.some(({ tls }) => typeof tls === 'object') ? 'endpoints' : '',
  ].filter((key) => key !== '')
}

/** Compiling asks for the host's roots otherwise, and here `fetch` has them. */
function unchecked(tls: UpstreamTlsConfig): UpstreamTlsConfig {
  return { ...tls, verify: false }
}

/** Whether compiling warns of what {@linkcode unchecked} did, and not the operator. */
function isOwnDoing({ path, severity }: Problem, written: Configuration | undefined): boolean {
  const [section, name = '', , key] = path
  if (severity !== 'warning' || section !== 'upstreams' || key !== 'verify') return false
  return written?.upstreams.get(String(name))?.tls?.verify === true
}

/** How many intermediates are allowed unless the configuration says otherwise. */
const DEPTH = 3

function beyondPlainTls(
  { trust, certificate, name, verify, checkName }: UpstreamTlsConfig,
): string[] {
  return [
    trust.ca.length > 0 ? 'ca' : '',
    trust.crl.length > 0 ? 'crl' : '',
    trust.crlFetch === 'off' ? '' : 'crlFetch',
    trust.ocsp === 'off' ? '' : 'ocsp',
    trust.profile === 'compatible' ? '' : 'profile',
    trust.minRsaBits === 2048 ? '' : 'minRsaBits',
    trust.depth !== DEPTH ? 'depth' : '',
    certificate !== undefined ? 'certificate' : '',
    name !== undefined ? 'name' : '',
    verify ? '' : 'verify',
    checkName ? '' : 'checkName',
  ].filter((key) => key !== '')
}
