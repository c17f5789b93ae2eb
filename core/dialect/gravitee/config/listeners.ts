import type { Json } from '../../../store/mod.ts'
import { jksAdvice } from '../translate/upstream.ts'
import type { Section, Table } from './notes.ts'

/** Who may set the header with the client's certificate, unless others are named: who is on the same machine. */
const NEIGHBOURS: readonly string[] = ['127.0.0.0/8', '::1/128']

/** A server of `gravitee.yml` as a listener of a native document. */
export function listenerOf(server: Section, at: number): Table {
  const host = server.text('host') ?? '0.0.0.0'
  const port = server.number('port') ?? 8082
  const ssl = server.section('ssl')
  const secured = server.flag('secured') ?? false
  const common = {
    name: server.text('id') ?? (at === 0 ? 'http' : `http-${at + 1}`),
    address: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    style: 'gravitee',
  }
  if (secured) return { ...common, tls: [entryOf(server, ssl)] }
  return { ...common, ...headerOf(ssl) }
}

/** Where TLS ends at a proxy in front, its header tells the certificate. */
function headerOf(ssl: Section): { readonly trustedProxies?: Json } {
  const header = ssl.section('clientAuthHeader')
  const name = header.text('name')
  if (name === undefined) return {}
  const named = header.texts('trustedProxies')
  if (named.length === 0) {
    header.warning(
      'name',
      `Header "${name}" is believed from this machine alone: name the proxies in clientAuthHeader.trustedProxies`,
    )
  }
  const cidrs = named.length === 0 ? NEIGHBOURS : named
  return { trustedProxies: { cidrs, clientCertificateHeader: name } }
}

const MODES: Readonly<Record<string, string>> = {
  none: 'none',
  false: 'none',
  request: 'request',
  required: 'require',
  true: 'require',
}

function entryOf(server: Section, ssl: Section): Json {
  const asked = ssl.text('clientAuth') ?? 'none'
  const mode = MODES[asked.toLowerCase()]
  if (mode === undefined) {
    ssl.error('clientAuth', `Could not use "${asked}": none, request or required is expected`)
  }
  if (ssl.text('tlsCiphers') !== undefined) {
    ssl.warning('tlsCiphers', 'Cipher suites are chosen by the TLS stack: the list has no effect')
  }
  const protocols = ssl.texts('tlsProtocols')
  const only13 = protocols.length > 0 && protocols.every((each) => each === 'TLSv1.3')
  return {
    certificate: certificateOf(ssl.section('keystore')),
    minVersion: only13 ? 'TLSv1.3' : 'TLSv1.2',
    http2: server.flag('alpn') ?? true,
    ...(mode === undefined || mode === 'none' ? {} : { clients: clientsOf(ssl, mode) }),
  }
}

/** Applications' certificates count by themselves; a truststore adds authorities. */
function clientsOf(ssl: Section, mode: string): Json {
  const ca = anchorsOf(ssl.section('truststore'))
  const crl = ssl.section('crl').text('path')
  return {
    mode,
    applications: true,
    ...(ca.length === 0 ? {} : { ca }),
    // Gravitee looks for what is on a list, and does not mind a list that is missing.
    ...(crl === undefined ? {} : { crl: [crl], crlPolicy: 'soft' }),
    ...(ssl.flag('sendClientCertificateAuthorities') === true ? { sendAuthorities: true } : {}),
  }
}

function certificateOf(store: Section): Json {
  const type = (store.text('type') ?? 'jks').toLowerCase()
  const path = store.text('path')
  if (type === 'pem') return pemOf(store)
  if (type === 'pkcs12' && path !== undefined) {
    const password = store.text('password')
    return { pkcs12: path, ...(password === undefined ? {} : { passphrase: password }) }
  }
  if (type === 'jks') store.error('type', jksAdvice('a keystore'))
  else if (type === 'self-signed') {
    store.warning('type', 'The keystore is made anew at each start: clients cannot know it')
    return { selfSigned: true }
  } else store.error('path', `A keystore of type "${type}" needs a path`)
  return {}
}

function pemOf(store: Section): Json {
  const pairs = store.sections('certificates').map((each) => ({
    cert: each.text('cert') ?? '',
    key: each.text('key') ?? '',
  }))
  const [first] = pairs
  if (first !== undefined) return pairs.length === 1 ? first : pairs
  const cert = store.text('certPath') ?? store.text('path')
  const key = store.text('keyPath') ?? cert
  if (cert === undefined || key === undefined) {
    store.error('certificates', 'A keystore of type pem needs certificates, each with cert and key')
    return {}
  }
  return { cert, key }
}

function anchorsOf(store: Section): Json[] {
  const path = store.text('path')
  if (path === undefined) return []
  const type = (store.text('type') ?? 'jks').toLowerCase()
  if (type === 'pem' || type === 'pem-folder') return [path]
  if (type === 'jks') store.error('type', jksAdvice('a truststore'))
  else if (type === 'pkcs12') {
    // Certificates alone: `openssl pkcs12 -in STORE.p12 -nokeys -out STORE.pem` makes PEM of them.
    return [{ pkcs12: path, passphrase: store.text('password') ?? '' }]
  } else store.error('type', `Could not use a truststore of type "${type}"`)
  return []
}
