/** What tests of HTTP/2 have in common: a TLS listener with two entries, and certificates for it. */
import type { Test } from 'tap'
import { type GatewayOptions, startGateway, type TestGateway } from '../../support/gateway.ts'
import { h2Client, type H2Peer } from '../../support/h2.ts'
import { type KeyPairFiles, Pki } from '../../support/pki.ts'
import type { SceneOptions } from './scene.ts'

/** Certificates for one test file. */
export interface H2Pki {
  readonly pki: Pki
  readonly ca: KeyPairFiles
  readonly server: KeyPairFiles
  readonly client: KeyPairFiles
}

/** Makes them. */
export async function h2Pki(t: Test): Promise<H2Pki> {
  const pki = new Pki(t)
  const ca = await pki.authority('ca')
  const names = ['DNS:test.com', 'DNS:other.com', 'IP:127.0.0.1']
  const [server, client] = await Promise.all([
    pki.issue('server', { ca, names, use: 'serverAuth' }),
    pki.issue('client', { ca, names: ['DNS:client.test'], use: 'clientAuth' }),
  ])
  return { pki, ca, server, client }
}

/** A TLS listener that asks for certificates at test.com and for none elsewhere; all goes to `address`. */
export function secureTo(files: H2Pki, address: string, options: SceneOptions = {}): string {
  const { listener = '', upstream = '', route = '', limits = '', more = '' } = options
  const { ca, server } = files
  const certificate = `certificate: { cert: ${server.certFile}, key: ${server.keyFile} }`
  const comma = (keys: string): string => keys === '' ? '' : `, ${keys}`
  return `
listeners:
  - name: main
    address: 127.0.0.1:0
    tls:
      - { names: [test.com], ${certificate}, clients: { mode: request, ca: ${ca.certFile} } }
      - { names: [other.com], ${certificate}${comma(listener)} }
upstreams: { main: { endpoints: [{ address: '${address}' }]${comma(upstream)} } }
routes: [{ name: all, upstream: main${comma(route)} }]
limits: { ${limits} }
${more}
`
}

/** A gateway with TLS before `address`, and a client that speaks HTTP/2 to it. */
export interface H2Scene {
  readonly gateway: TestGateway
  readonly client: H2Peer
}

/** Starts both. */
export async function h2Scene(
  t: Test,
  files: H2Pki,
  options: SceneOptions & GatewayOptions & {
    readonly to: string
    readonly client?: Parameters<typeof h2Client>[2]
  },
): Promise<H2Scene> {
  const gateway = await startGateway(t, secureTo(files, options.to, options), options)
  const client = await h2Client(t, gateway.port(), { sni: 'test.com', ...options.client })
  return { gateway, client }
}
