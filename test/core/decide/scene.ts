/**
 * What tests of decisions have in common: a `core/pki` made of plain text, so that a certificate is a line such as
 * `cert acme` and nothing has to be signed, and configurations that only say what matters.
 */
import { createHash } from 'node:crypto'
import { compile } from '../../../core/decide/mod.ts'
import type {
  CompiledListener,
  CompileOptions,
  CompileResult,
  DecidedHead,
  Peer,
  PkiTools,
  Snapshot,
} from '../../../core/decide/mod.ts'
import type { Certificate, Verdict } from '../../../core/pki/types.ts'
import {
  CONNECTION_DEFAULTS,
  ENDPOINT_DEFAULTS,
  NO_UPSTREAM_TIMES,
  UPSTREAM_DEFAULTS,
} from '../../../core/snapshot/mod.ts'
import type {
  ApiConfig,
  ApplicationConfig,
  ClientsConfig,
  Configuration,
  EndpointConfig,
  KeyPairConfig,
  ListenerConfig,
  MatchConfig,
  Material,
  PlanConfig,
  PlanType,
  RouteConfig,
  SubscriptionConfig,
  TlsEntryConfig,
  TrustConfig,
  UpstreamConfig,
} from '../../../core/snapshot/types.ts'

export const NOW: number = Date.UTC(2026, 5, 1)
export const DAY = 86_400_000

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A material with text in it, named like a file. */
export function text(content: string, from = `${content.split(' ')[1]}.crt`): Material {
  return { from, data: encoder.encode(content) }
}

/** `cert NAME [days until it expires]`, one or several. */
export function cert(...lines: string[]): Material {
  return text(lines.map((line) => `cert ${line}`).join('\n'))
}

/** The certificate that the text `cert LINE` stands for. */
export function certificate(line: string): Certificate {
  const [name = '', days = '365'] = line.split(' ')
  const der = encoder.encode(`cert ${line}`)
  return {
    der,
    sha256: createHash('sha256').update(der).digest('hex'),
    version: 3,
    serial: '01',
    issuer: 'CN=ca',
    subject: `CN=${name}`,
    notBefore: NOW - 1000 * DAY,
    notAfter: NOW + Number(days) * DAY,
    names: { dns: [name], ip: [], email: [], uri: [] },
    isCa: false,
  }
}

function read(data: Uint8Array): Certificate[] | { problem: 'malformed'; message: string } {
  const lines = decoder.decode(data).split('\n')
  if (lines.some((line) => !line.startsWith('cert '))) {
    return { problem: 'malformed', message: 'Could not read certificates: The content is damaged' }
  }
  return lines.map((line) => certificate(line.slice(5)))
}

/** `core/pki` over plain text. A key `key NAME` fits the certificate `cert NAME`. */
export const fakePki: PkiTools = {
  readCertificates: (data) => Promise.resolve(read(data)),
  readCrls: (data) => {
    const [kind, issuer = '', days] = decoder.decode(data).split(' ')
    if (kind !== 'crl') return Promise.resolve({ problem: 'malformed', message: 'It is damaged' })
    const nextUpdate = days === undefined ? undefined : NOW + Number(days) * DAY
    const sha256 = createHash('sha256').update(data).digest('hex')
    const crl = { sha256, issuer, thisUpdate: NOW - DAY, nextUpdate, entryCount: 0 }
    return Promise.resolve([crl])
  },
  readKeyPair: (source) => {
    const certificates = read('pkcs12' in source ? source.pkcs12 : source.cert)
    if ('problem' in certificates) return Promise.resolve(certificates)
    const key = 'pkcs12' in source ? 'key' : decoder.decode(source.key)
    const [, name, ...type] = key.split(' ')
    if (name !== undefined && `CN=${name}` !== certificates[0]?.subject) {
      const message = 'Could not match private key with certificate: it belongs to another'
      return Promise.resolve({ problem: 'mismatch', message })
    }
    const chain = certificates.map((each) => each.subject).join('\n')
    const credentials = { chain, key, keyType: type.join(' ') || 'EC P-256' }
    return Promise.resolve({ certificates, credentials })
  },
  createTruststore: ({ anchors, crls, crlPolicy, acceptsAnyLeaf }) => {
    const parts = [...anchors, ...crls].map((each) => each.sha256)
    const id = `store ${parts.join(' ')} ${crlPolicy} ${acceptsAnyLeaf}`
    return Promise.resolve({ id, anchors, crls, acceptsAnyLeaf })
  },
}

const TRUST: TrustConfig = {
  ca: [],
  depth: 3,
  crl: [],
  crlPolicy: 'hard',
  crlDepth: 'chain',
  crlFetch: 'off',
  ocsp: 'off',
  ocspNonce: false,
  fetchFrom: [],
  profile: 'compatible',
  minRsaBits: 2048,
}

export function trust(parts: Partial<TrustConfig> = {}): TrustConfig {
  return { ...TRUST, ...parts }
}

export function clients(parts: Partial<ClientsConfig> = {}): ClientsConfig {
  const applications = parts.applications ?? (parts.ca ?? []).length === 0
  const more = { sendAuthorities: false, allow: [] }
  return { ...trust(), mode: 'none', ...more, ...parts, applications }
}

/** The certificate `cert NAME` with its key, of a type such as `RSA` or `EC P-256`. */
export function keyPair(name: string, type = 'EC P-256'): KeyPairConfig {
  const key = text(`key ${name} ${type}`, `${name}.key`)
  return { cert: cert(name), key, passphrase: undefined }
}

export function tlsEntry(
  names: string[],
  policy = clients(),
  server = names[0] ?? 'gateway',
): TlsEntryConfig {
  const certificates = [keyPair(server)]
  return {
    names,
    certificates,
    clients: policy,
    minVersion: 'TLSv1.2',
    http2: true,
    skipClientCertificate: [],
  }
}

export function listener(parts: Partial<ListenerConfig> = {}): ListenerConfig {
  return {
    name: 'main',
    address: { host: '127.0.0.1', port: 0 },
    secure: (parts.tls ?? []).length > 0,
    tls: [],
    clients: clients(),
    trustedProxies: undefined,
    proxyProtocol: false,
    ...CONNECTION_DEFAULTS,
    scopes: [''],
    style: 'native',
    local: undefined,
    ...parts,
  }
}

export function endpoint(host: string, port: number, weight = 1): EndpointConfig {
  return { ...ENDPOINT_DEFAULTS, host, port, weight }
}

export function upstream(name: string, parts: Partial<UpstreamConfig> = {}): UpstreamConfig {
  return {
    name,
    endpoints: [endpoint('10.0.0.7', 8080)],
    ...UPSTREAM_DEFAULTS,
    connectTimeout: 1000,
    readTimeout: 1000,
    sendTimeout: 1000,
    keepAlive: { connections: 4, idleTimeout: 1000, requests: 0 },
    ...parts,
  }
}

type Matching = Partial<MatchConfig>

/** Takes every request. */
const ANY: MatchConfig = {
  hosts: [],
  paths: [],
  methods: [],
  addresses: [],
  conditions: [],
  order: 'priority',
}

export function route(
  name: string,
  matching: Matching = {},
  parts: Partial<RouteConfig> = {},
): RouteConfig {
  const match: MatchConfig = { ...ANY, ...matching }
  const more = {
    requireCertificate: false,
    allow: [],
    forwardCertificate: undefined,
    filters: [],
    variables: {},
    upstreamTimes: NO_UPSTREAM_TIMES,
  }
  const place = { scope: '', style: 'native', local: undefined } as const
  return { name, match, priority: 0, upstream: 'backend', ...place, ...more, ...parts }
}

export function api(
  name: string,
  types: readonly PlanType[],
  parts: Partial<ApiConfig> & { readonly match?: never; readonly matching?: Matching } = {},
): ApiConfig {
  const { matching, ...rest } = parts
  const plans: PlanConfig[] = types.map((type) => (
    { name: type, type, header: 'x-api-key', allow: [] }
  ))
  return { ...route(name, matching ?? { paths: [`/${name}/*`] }), plans, verbose: false, ...rest }
}

export function subscription(
  api: string,
  plan: string,
  parts: Partial<SubscriptionConfig> = {},
): SubscriptionConfig {
  return { api, plan, status: 'accepted', from: undefined, until: undefined, ...parts }
}

export function application(
  name: string,
  parts: Partial<ApplicationConfig> = {},
): ApplicationConfig {
  const certificates = [{ cert: cert(name), from: undefined, until: undefined }]
  return { name, certificates, apiKeys: [], subscriptions: [], ...parts }
}

/** Parts of a configuration; upstreams by name. */
export interface Parts extends Partial<Omit<Configuration, 'upstreams'>> {
  readonly upstreams?: Readonly<Record<string, UpstreamConfig>> | Configuration['upstreams']
}

export function configuration({ upstreams, ...parts }: Parts = {}): Configuration {
  const all = upstreams ?? { backend: upstream('backend') }
  return {
    listeners: [listener()],
    upstreams: all instanceof Map ? all : new Map(Object.entries(all)),
    apis: [],
    routes: [],
    applications: [],
    filters: [],
    admin: undefined,
    limits: {
      clientHelloTimeout: 1,
      clientHelloSize: 1,
      handshakeTimeout: 1,
      headTimeout: 1,
      headSize: 1,
      targetSize: 1,
      headerCount: 1,
      idleTimeout: 1,
      bodyTimeout: 1,
      bodySize: 1,
      sendTimeout: 1,
      connections: 1,
      connectionsPerAddress: 1,
      requestsPerConnection: 1,
      http2: {
        concurrentStreams: 1,
        streamWindow: 65_535,
        connectionWindow: 65_535,
        continuations: 1,
        pendingControl: 1,
        span: 1,
        resets: 1,
        controls: 1,
        emptyData: 1,
        windowUpdates: 1,
      },
      pkcs12Iterations: 1,
      pkcs12Size: 1000,
      crlSize: 1000,
      revocationTimeout: 1,
    },
    tickets: { rotate: 43_200_000 },
    accessLog: { to: 'off' },
    workers: 1,
    drainTimeout: 1,
    store: { folder: 'data', etcd: undefined, role: 'traditional', keys: undefined },
    ...parts,
  }
}

export function options(more: Partial<CompileOptions> = {}): CompileOptions {
  return {
    pki: fakePki,
    now: NOW,
    secret: new Uint8Array(32).fill(7),
    systemRoots: () => ['cert system-root'],
    ...more,
  }
}

/** Compiles, with nothing but what is said. */
export function tryCompile(
  parts: Parts,
  more: Partial<CompileOptions> = {},
): Promise<CompileResult> {
  return compile(configuration(parts), options(more))
}

/** Compiles what must compile. */
export async function snapshotOf(
  parts: Parts,
  more: Partial<CompileOptions> = {},
): Promise<Snapshot> {
  const { snapshot, problems } = await tryCompile(parts, more)
  if (snapshot === undefined) throw new Error(JSON.stringify(problems, undefined, 2))
  return snapshot
}

export function mainOf(snapshot: Snapshot): CompiledListener {
  return snapshot.listeners.get('main') as CompiledListener
}

/** The head of `METHOD host/path`. */
export function head(line: string, headers: string[] = []): DecidedHead {
  const [method = '', rest = ''] = line.split(' ')
  const slash = rest.indexOf('/')
  return { method, host: rest.slice(0, slash), path: rest.slice(slash), headers }
}

/** A verdict of trust over the certificate `cert LINE`; `anchor` is the CA's line, none means the leaf itself. */
export function trusted(line: string, anchor?: string, parts: Partial<Verdict> = {}): Verdict {
  const leaf = certificate(line)
  return {
    ok: true,
    code: 'trusted',
    detail: '',
    certificate: leaf,
    path: anchor === undefined ? [leaf] : [leaf, certificate(anchor)],
    validFrom: NOW - DAY,
    validUntil: leaf.notAfter,
    ...parts,
  }
}

interface PeerParts {
  readonly sni?: string
  readonly trustedProxy?: boolean
  readonly verdict?: Verdict
}

/** A peer of the listener `main`, its verdict made against the policy that counts there for it. */
export function peer(
  snapshot: Snapshot,
  { sni = '', trustedProxy = false, verdict }: PeerParts = {},
): Peer {
  const listener = mainOf(snapshot)
  const secure = listener.secure
  const byHeader = !secure ||
    (trustedProxy && listener.trustedProxies?.clientCertificateHeader !== undefined)
  const policy = byHeader ? listener.clients : listener.names.select(sni)?.policy
  const truststore = policy?.truststore?.id ?? ''
  const certificate = verdict &&
    { fingerprint: verdict.certificate?.sha256 ?? '', verdict, truststore }
  return { address: '192.0.2.1', listener: 'main', secure, sni, trustedProxy, certificate }
}
