/** What tests of TLS have in common: authorities, certificates, and a listener with several names. */
import type { Test } from 'tap'
import { startGateway, type TestGateway } from '../../support/gateway.ts'
import type { GatewayOptions } from '../../support/gateway.ts'
import { type KeyPairFiles, Pki } from '../../support/pki.ts'
import { startUpstream, type TestUpstream } from '../../support/upstream.ts'

/** Certificates for a listener and its clients. */
export interface Certificates {
  readonly pki: Pki
  readonly ca: KeyPairFiles
  readonly otherCa: KeyPairFiles
  readonly server: KeyPairFiles
  readonly client: KeyPairFiles
  /** Issued by `otherCa`. */
  readonly stranger: KeyPairFiles
  readonly expired: KeyPairFiles
  /** Issued by an intermediate that it brings along. */
  readonly chained: KeyPairFiles
}

const SERVER_NAMES = [
  'test.com',
  '*.test.com',
  'open.test',
  'asks.test',
  'needs.test',
  'other.test',
]

/** Makes what most tests of TLS need. */
export async function makeCertificates(t: Test): Promise<Certificates> {
  const pki = new Pki(t)
  const [ca, otherCa] = await Promise.all([pki.authority('ca'), pki.authority('other-ca')])
  const names = SERVER_NAMES.map((name) => `DNS:${name}`)
  const intermediate = pki.authority('intermediate', ca)
  const span = { from: '20200101000000Z', until: '20210101000000Z' }
  const [server, client, stranger, expired, chained] = await Promise.all([
    pki.issue('server', { ca, names, use: 'serverAuth' }),
    pki.issue('client', { ca, use: 'clientAuth' }),
    pki.issue('stranger', { ca: otherCa, use: 'clientAuth' }),
    pki.dated('expired', { ca, ...span }),
    intermediate.then((through) =>
      pki.issue('chained', { ca: through, use: 'clientAuth', through: [through] })
    ),
  ])
  return { pki, ca, otherCa, server, client, stranger, expired, chained }
}

/** A `tls` entry as YAML in one line. */
export function entry(
  names: readonly string[],
  server: KeyPairFiles,
  clients?: string,
): string {
  const policy = clients === undefined ? '' : `, clients: { ${clients} }`
  return `{ names: [${names.map((name) => `'${name}'`).join(', ')}], certificate: ` +
    `{ cert: ${server.certFile}, key: ${server.keyFile} }${policy} }`
}

/** A listener with these entries and one route to `upstream`. */
export function tlsListener(
  entries: readonly string[],
  upstream: string,
  more: { readonly listener?: string; readonly route?: string; readonly rest?: string } = {},
): string {
  const { listener = '', route = '', rest = '' } = more
  const keys = listener === '' ? '' : `, ${listener}`
  return `
listeners: [{ name: main, address: 127.0.0.1:0, tls: [${entries.join(', ')}]${keys} }]
upstreams: { main: { endpoints: [{ address: '${upstream}' }] } }
routes: [{ name: all, upstream: main${route === '' ? '' : `, ${route}`} }]
${rest}
`
}

/** A gateway whose names ask differently for certificates, before a plain upstream. */
export interface TlsScene {
  readonly certificates: Certificates
  readonly gateway: TestGateway
  readonly upstream: TestUpstream
}

/** `open.test` never asks, `asks.test` requests and `needs.test` requires a certificate. */
export async function tlsScene(
  t: Test,
  certificates: Certificates,
  options: GatewayOptions & { readonly rest?: string; readonly route?: string } = {},
): Promise<TlsScene> {
  const upstream = await startUpstream(t)
  const { server, ca } = certificates
  const entries = [
    entry(['open.test'], server),
    entry(['asks.test'], server, `mode: request, ca: ${ca.certFile}`),
    entry(['needs.test'], server, `mode: require, ca: ${ca.certFile}`),
  ]
  const gateway = await startGateway(t, tlsListener(entries, upstream.address, options), options)
  return { certificates, gateway, upstream }
}
