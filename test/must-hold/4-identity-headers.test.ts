import t, { type Test } from 'tap'
import { head, plainClient, tlsClient } from '../support/client.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { type KeyPairFiles, Pki } from '../support/pki.ts'
import { startUpstream, type TestUpstream, type UpstreamRequest } from '../support/upstream.ts'

const pki = new Pki(t)
const made = make()

async function make() {
  const ca = await pki.authority('ca')
  const issue = (name: string) => pki.issue(name, { ca, use: 'clientAuth' })
  const [client, proxy, impostor] = await Promise.all(['client', 'proxy', 'impostor'].map(issue))
  const server = await pki.issue('server', { ca, names: ['DNS:front.test'], use: 'serverAuth' })
  return { ca, server, client, proxy, impostor } as {
    readonly [key in 'ca' | 'server' | 'client' | 'proxy' | 'impostor']: KeyPairFiles
  }
}

/** Fields that pretend to be a client, in all their spellings. */
function pretences(client: KeyPairFiles): string[] {
  const pem = encodeURIComponent(client.chain)
  return [
    `X-Client-Cert: ${pem}`,
    `x-client-CERT: ${pem}`,
    `X_Client_Cert: ${pem}`,
    `X-Client_Cert: ${pem}`,
    `Client-Cert: :${btoa(String.fromCharCode(...client.der))}:`,
    `CLIENT_CERT: :x:`,
    'Client-Cert-Chain: :x:',
    `X-Forwarded-Client-Cert: Hash=${client.fingerprint}`,
    `X_Forwarded_Client_Cert: Hash=${client.fingerprint}`,
    `X-Fingerprint: ${client.fingerprint}`,
    `x_fingerprint: ${client.fingerprint}`,
    'X-Subject: CN=client',
  ]
}

const IDENTITY =
  /^(x-client-cert|client-cert|client-cert-chain|x-forwarded-client-cert|x-fingerprint|x-subject)$/

/** What of a request that reached the upstream speaks of identity. */
function identities({ headers, trailers }: UpstreamRequest): string[] {
  return [...headers, ...trailers].map(([name]) => name.toLowerCase().replaceAll('_', '-'))
    .filter((name) => IDENTITY.test(name))
}

interface Scene {
  readonly gateway: TestGateway
  readonly upstream: TestUpstream
}

/** A plain listener, unless told otherwise, and one with TLS, both with `proxies` as trustedProxies. */
async function scene(t: Test, proxies: string, only?: 'secure'): Promise<Scene> {
  const { ca, server, client } = await made
  const upstream = await startUpstream(t)
  const to = `upstream: { endpoints: [{ address: '${upstream.address}' }] }`
  const plain = `
  - name: plain
    address: 127.0.0.1:0
    trustedProxies: { ${proxies}, clientCertificateHeader: X-Client-Cert }
    clients: { mode: request, ca: ${ca.certFile} }`
  const gateway = await startGateway(
    t,
    `
listeners: ${only === undefined ? plain : ''}
  - name: secure
    address: 127.0.0.2:0
    trustedProxies: { ${proxies}, clientCertificateHeader: X-Client-Cert }
    clients: { mode: request, ca: ${ca.certFile} }
    tls:
      - names: [front.test]
        certificate: { cert: ${server.certFile}, key: ${server.keyFile} }
        clients: { mode: request, ca: ${ca.certFile} }
routes:
  - { match: { paths: ['/open/*'] }, ${to} }
  - match: { paths: ['/told/*'] }
    forwardCertificate: { fingerprint: X-Fingerprint, subject: X-Subject }
    ${to}
apis:
  - { name: api, match: { paths: ['/api/*'] }, ${to}, plans: [{ name: plan, type: mtls }] }
applications:
  - name: acme
    certificates: [{ cert: ${client.certFile} }]
    subscriptions: [{ api: api, plan: plan }]
`,
  )
  return { gateway, upstream }
}

t.test('headers that carry identity are removed from every request', async (t) => {
  const { client } = await made
  const { gateway, upstream } = await scene(t, 'cidrs: [127.0.0.9/32]')
  const plain = await plainClient(t, gateway.port('plain'))
  const secure = await tlsClient(t, gateway.port('secure'), {
    host: '127.0.0.2',
    sni: 'front.test',
  })
  for (const [stranger, host] of [[plain, 'x.test'], [secure, 'front.test']] as const) {
    for (const path of ['/open/', '/told/']) {
      stranger.send(head(`GET ${path}`, pretences(client), host))
      t.equal((await stranger.message()).status, 200)
      t.strictSame(identities(upstream.requests.at(-1) as UpstreamRequest), [], path)
    }
    for (const field of pretences(client)) {
      stranger.send(head('GET /api/', [field], host))
      t.equal((await stranger.message()).status, 401, `${field.slice(0, 30)} opens nothing`)
    }
  }
})

t.test('Connection: cannot name them away again', async (t) => {
  const { client } = await made
  const { gateway, upstream } = await scene(t, 'cidrs: [127.0.0.1/32]')
  const all = 'Client-Cert, X-Forwarded-Client-Cert, x-client-cert, X-Fingerprint, X-Subject'
  const certificate = client
  const own = await tlsClient(t, gateway.port('secure'), {
    host: '127.0.0.2',
    sni: 'front.test',
    certificate,
    from: '127.0.0.3',
  })
  own.send(head('GET /told/', [`Connection: ${all}`], 'front.test'))
  await own.message()
  const told = await upstream.request(0)
  t.equal(told.header('x-fingerprint'), client.fingerprint, 'what the gateway says stays')
  t.equal(told.header('x-subject'), 'CN=client')
  const proxy = await plainClient(t, gateway.port('plain'))
  proxy.send(head('GET /open/', [`Connection: ${all}`, 'X-Forwarded-Client-Cert: Hash=1']))
  await proxy.message()
  t.equal((await upstream.request(1)).header('x-forwarded-client-cert'), 'Hash=1')
})

t.test('trailers do not carry them either', async (t) => {
  const { client } = await made
  const { gateway, upstream } = await scene(t, 'cidrs: [127.0.0.9/32]')
  const stranger = await plainClient(t, gateway.port('plain'))
  const body = `0\r\n${pretences(client).map((each) => `${each}\r\n`).join('')}\r\n`
  stranger.send(head('POST /open/', ['Transfer-Encoding: chunked', 'Trailer: Client-Cert']) + body)
  t.equal((await stranger.message()).status, 200)
  t.strictSame((await upstream.request(0)).trailers, [])
})

t.test('unless the peer is a trusted proxy: listed by CIDR', async (t) => {
  const { client } = await made
  const { gateway, upstream } = await scene(t, 'cidrs: [127.0.0.9/32]')
  const pem = encodeURIComponent(client.chain)
  const proxy = await plainClient(t, gateway.port('plain'), { from: '127.0.0.9' })
  proxy.send(head('GET /api/', [`X-Client-Cert: ${pem}`]))
  t.equal((await proxy.message()).status, 200)
  t.match(await gateway.line({ status: 200 }), {
    application: 'acme',
    certificate: client.fingerprint,
  })
  proxy.send(head('GET /told/', [`X-Client-Cert: ${pem}`, 'X-Fingerprint: forged']))
  await proxy.message()
  const told = upstream.requests.at(-1) as UpstreamRequest
  t.equal(told.header('x-fingerprint'), client.fingerprint, 'what a route tells, it tells itself')
  proxy.send(head('GET /told/', ['X-Fingerprint: forged', 'X_Fingerprint: forged']))
  await proxy.message()
  t.equal(upstream.requests.at(-1)?.header('x-fingerprint'), undefined)
  t.equal(upstream.requests.at(-1)?.header('x_fingerprint'), undefined)
  proxy.send(head('GET /api/', [`X_Client_Cert: ${pem}`]))
  t.equal((await proxy.message()).status, 401, 'not by another spelling')
  proxy.send(head('GET /api/', [`X-Client-Cert: ${pem}`, `X-Client-Cert: ${pem}`]))
  t.equal((await proxy.message()).status, 401, 'nor twice')
  proxy.send(head('GET /api/'))
  t.equal((await proxy.message()).status, 401, 'nor by what came with an earlier request')
})

t.test('and, where configured, by its own client certificate', async (t) => {
  const { client, proxy, impostor } = await made
  const trusted = `cidrs: [127.0.0.0/8], fingerprints: [${proxy.fingerprint}]`
  const { gateway } = await scene(t, trusted, 'secure')
  const field = `X-Client-Cert: ${encodeURIComponent(client.chain)}`
  const cases: readonly (readonly [KeyPairFiles | undefined, number])[] = [
    [proxy, 200],
    [impostor, 401],
    [undefined, 401],
  ]
  for (const [certificate, status] of cases) {
    const shown = certificate === undefined ? {} : { certificate }
    const port = gateway.port('secure')
    const peer = await tlsClient(t, port, { host: '127.0.0.2', sni: 'front.test', ...shown })
    peer.send(head('GET /api/', [field], 'front.test'))
    t.equal((await peer.message()).status, status)
  }
})
