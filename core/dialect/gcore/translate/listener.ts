import { CLIENTS_DEFAULTS, CONNECTION_DEFAULTS } from '../../../snapshot/mod.ts'
import type {
  ClientsConfig,
  ListenerConfig,
  TlsEntryConfig,
  UpstreamTimes,
} from '../../../snapshot/types.ts'
import type { ClientAuth, ListenerDoc, LoadBalancerDoc, PoolDoc } from '../documents.ts'
import { addressesOf } from '../plan/vip.ts'
import { scopeOf } from './routes.ts'
import { type Source, type Sources, wanted } from './sources.ts'

/** What a listener's configuration is made of. */
export interface ListenerGround {
  readonly lb: LoadBalancerDoc
  readonly pool: PoolDoc | undefined
  readonly sources: Sources
  /** The upstream that the bytes of a listener without HTTP go to. */
  readonly stream: string
}

/** Whether a listener's connections pass through as they are. */
export function passesThrough({ protocol }: ListenerDoc): boolean {
  return protocol === 'TCP' || protocol === 'HTTPS'
}

/** A listener, once for each of its addresses. @throws Untranslatable where a secret is gone */
export function listenersOf(listener: ListenerDoc, ground: ListenerGround): ListenerConfig[] {
  const tls = entriesOf(listener, ground.sources)
  return addressesOf(ground.lb).map((host, at) => ({
    ...CONNECTION_DEFAULTS,
    name: at === 0 ? scopeOf(listener.id) : `${scopeOf(listener.id)}:${at + 1}`,
    address: { host, port: listener.protocol_port },
    secure: tls.length > 0 || listener.protocol === 'TERMINATED_HTTPS',
    tls,
    clients: CLIENTS_DEFAULTS,
    trustedProxies: undefined,
    proxyProtocol: false,
    stream: passesThrough(listener)
      ? { upstream: ground.stream, sni: listener.protocol === 'HTTPS' }
      : undefined,
    allowFrom: listener.allowed_cidrs ?? [],
    connections: listener.connection_limit,
    users: listener.user_list.map(({ username, encrypted_password }) => (
      { name: username, hash: encrypted_password }
    )),
    forwardedHeaders: listener.insert_x_forwarded ? 'set' : 'pass',
    clientTimeout: listener.timeout_client_data || ground.pool?.timeout_client_data || undefined,
    upstreamTimes: timesOf(listener),
    scopes: [scopeOf(listener.id)],
    style: 'gcore',
    local: listener.protocol === 'PROMETHEUS' ? 'metrics' : undefined,
  }))
}

function timesOf({ timeout_member_connect, timeout_member_data }: ListenerDoc): UpstreamTimes {
  return {
    connect: timeout_member_connect || undefined,
    read: timeout_member_data || undefined,
    send: timeout_member_data || undefined,
  }
}

/** The fallback, which takes names that no other certificate speaks for, and one entry for each further secret. */
function entriesOf(listener: ListenerDoc, sources: Sources): TlsEntryConfig[] {
  const clients = clientsOf(listener, sources)
  const taken = new Set<string>()
  const entries: TlsEntryConfig[] = []
  for (const id of listener.sni_secret_id) {
    const source = wanted(sources, id)
    const names = source.secret.names.filter((name) => !taken.has(name))
    for (const name of names) taken.add(name)
    if (names.length > 0) entries.push(entry(source, names, clients))
  }
  if (listener.secret_id !== null) {
    entries.push(entry(wanted(sources, listener.secret_id), [], clients))
  }
  return entries
}

function entry(
  { keyPair }: Source,
  names: readonly string[],
  clients: ClientsConfig,
): TlsEntryConfig {
  return {
    names,
    certificates: [keyPair],
    clients,
    minVersion: 'TLSv1.2',
    http2: true,
    skipClientCertificate: [],
  }
}

const MODES: Readonly<Record<ClientAuth, ClientsConfig['mode']>> = {
  none: 'none',
  optional: 'request',
  required: 'require',
}

function clientsOf(listener: ListenerDoc, sources: Sources): ClientsConfig {
  const { client_auth, client_ca_secret_id: ca, client_crl_secret_id: crl } = listener
  if (client_auth === 'none' || ca === null) return CLIENTS_DEFAULTS
  return {
    ...CLIENTS_DEFAULTS,
    mode: MODES[client_auth],
    applications: false,
    ca: [wanted(sources, ca).material],
    crl: crl === null ? [] : [wanted(sources, crl).material],
  }
}
