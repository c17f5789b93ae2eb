import { addressText } from '../../../snapshot/mod.ts'
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
  const proxied = server.section('haproxy').flag('proxyProtocol') ?? false
  const answer = server.number('requestTimeout') ?? REQUEST_TIMEOUT
  const common = {
    name: server.text('id') ?? (at === 0 ? 'http' : `http-${at + 1}`),
    address: addressText({ host, port }),
    style: 'gravitee',
    ...(proxied ? { proxyProtocol: true } : {}),
    ...(answer === 0 ? {} : { upstreamTimes: { answer: `${answer}ms` } }),
  }
  noteUnused(server)
  if (secured) {
    if (ssl.section('clientAuthHeader').text('name') !== undefined) {
      ssl.section('clientAuthHeader').warning(
        'name',
        'The certificate of the handshake alone counts where TLS ends here: the header is ignored',
      )
    }
    return { ...common, tls: [entryOf(server, ssl)] }
  }
  if (/^(request|required|true)$/i.test(ssl.text('clientAuth') ?? '')) {
    ssl.warning('clientAuth', 'Nobody is asked for a certificate without TLS: see secured')
  }
  return { ...common, ...headerOf(ssl) }
}

/** Gravitee's own, in milliseconds. */
const REQUEST_TIMEOUT = 30_000

/** Keys of a server that are read, or mean nothing here. */
const SERVER: readonly string[] = [
  ...['id', 'type', 'port', 'host', 'secured', 'alpn', 'ssl', 'haproxy', 'websocket'],
  ...['idleTimeout', 'maxHeaderSize', 'maxInitialLineLength'],
  ...['requestTimeout', 'requestTimeoutGraceDelay', 'tcpKeepAlive'],
]

const SSL: readonly string[] = [
  ...['clientAuth', 'clientAuthHeader', 'keystore', 'truststore', 'crl', 'sni', 'openssl'],
  ...['tlsProtocols', 'tlsCiphers', 'sendClientCertificateAuthorities'],
]

/** Names the keys of a server that it is not served by. */
function noteUnused(server: Section): void {
  server.only([...SERVER, 'compressionSupported', 'instances', 'maxChunkSize'])
  server.section('ssl').only(SSL)
  server.section('haproxy').only(['proxyProtocol'])
  server.section('websocket').only(['enabled'])
  if (server.number('requestTimeoutGraceDelay') !== undefined) {
    server.warning(
      'requestTimeoutGraceDelay',
      'There are no flows to wait for once requestTimeout is over: the delay has no effect',
    )
  }
  if (server.flag('compressionSupported') === true) {
    server.warning('compressionSupported', 'Answers are not compressed here: the key has no effect')
  }
  if ((server.number('instances') ?? 0) > 1) {
    server.warning('instances', 'One process serves all listeners: the key has no effect')
  }
  if (server.has('maxChunkSize')) {
    server.warning('maxChunkSize', 'Chunks of any size pass: the key has no effect')
  }
}

/** Where TLS ends at a proxy in front, its header tells the certificate. */
function headerOf(ssl: Section): { readonly trustedProxies?: Json; readonly clients?: Json } {
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
  const revoked = crlOf(ssl)
  return {
    trustedProxies: { cidrs, clientCertificateHeader: name },
    // Who is revoked is so whichever way the certificate comes.
    ...(revoked === undefined
      ? {}
      : { clients: { mode: 'request', applications: true, ...revoked } }),
  }
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
  if (ssl.value('tlsCiphers') !== undefined) {
    ssl.warning('tlsCiphers', 'Cipher suites are chosen by the TLS stack: the list has no effect')
  }
  if (ssl.flag('openssl') === true) {
    ssl.warning('openssl', 'The TLS stack is that of the runtime: the key has no effect')
  }
  return {
    certificate: certificateOf(ssl.section('keystore')),
    ...versionsOf(ssl),
    http2: server.flag('alpn') ?? true,
    ...(mode === undefined || mode === 'none' ? {} : { clients: clientsOf(ssl, mode) }),
  }
}

/** The versions of TLS that are spoken. */
function versionsOf(ssl: Section): { readonly minVersion: string; readonly maxVersion?: string } {
  const protocols = ssl.texts('tlsProtocols')
  const known: readonly string[] = protocols.filter((each) => /^TLSv1\.[23]$/.test(each))
  const old = protocols.filter((each) => !known.includes(each)).map((each) => `"${each}"`)
  const message = `Could not use ${old.join(', ')}: TLSv1.2 and TLSv1.3 are spoken`
  if (old.length > 0 && known.length > 0) ssl.warning('tlsProtocols', message)
  else if (old.length > 0) ssl.error('tlsProtocols', message)
  if (known.length === 0 || known.includes('TLSv1.2')) {
    const only12 = known.length > 0 && !known.includes('TLSv1.3')
    return { minVersion: 'TLSv1.2', ...(only12 ? { maxVersion: 'TLSv1.2' } : {}) }
  }
  return { minVersion: 'TLSv1.3' }
}

/** Applications' certificates count by themselves; a truststore adds authorities. */
function clientsOf(ssl: Section, mode: string): Json {
  const ca = anchorsOf(ssl.section('truststore'))
  return {
    mode,
    applications: true,
    ...(ca.length === 0 ? {} : { ca }),
    ...crlOf(ssl),
    ...(ssl.flag('sendClientCertificateAuthorities') === true ? { sendAuthorities: true } : {}),
  }
}

/** What stores may not come from, and what has no effect. */
function noteStore(store: Section): void {
  for (const name of ['secret', 'kubernetes'] as const) {
    if (store.value(name) !== undefined) {
      store.error(name, `There are no secret managers here: "${name}" cannot be used, name files`)
    }
  }
  if (store.flag('watch') === false) {
    store.warning('watch', 'Files are always watched: the key has no effect')
  }
  if (store.text('defaultAlias') !== undefined) {
    store.warning(
      'defaultAlias',
      'The first certificate is shown to whoever asks for no known name',
    )
  }
}

/** Gravitee looks for what is on a list, and does not mind a list that is missing. */
function crlOf(ssl: Section): { readonly crl: Json; readonly crlPolicy: 'soft' } | undefined {
  const crl = ssl.section('crl')
  if (crl.flag('watch') === false) {
    crl.warning('watch', 'Files are always watched: the key has no effect')
  }
  const path = crl.text('path')
  return path === undefined ? undefined : { crl: [path], crlPolicy: 'soft' }
}

function certificateOf(store: Section): Json {
  noteStore(store)
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
  const pairs = store.sections('certificates', ['cert']).map((each) => ({
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
  noteStore(store)
  const path = store.text('path')
  if (path === undefined) return []
  const type = (store.text('type') ?? 'jks').toLowerCase()
  if (type === 'pem') return [path]
  // Its files are looked up where there are files.
  if (type === 'pem-folder') return [{ pemFolder: path }]
  if (type === 'jks') store.error('type', jksAdvice('a truststore'))
  else if (type === 'pkcs12') {
    // Certificates alone: `openssl pkcs12 -in STORE.p12 -nokeys -out STORE.pem` makes PEM of them.
    return [{ pkcs12: path, passphrase: store.text('password') ?? '' }]
  } else store.error('type', `Could not use a truststore of type "${type}"`)
  return []
}
