import t, { type Test } from 'tap'
import { head, tlsClient } from '../support/client.ts'
import { startGateway } from '../support/gateway.ts'
import { Pki } from '../support/pki.ts'
import { sClient } from '../support/s-client.ts'
import { startUpstream } from '../support/upstream.ts'

/** Names with client policies of their own: `open` asks nobody, `a` and `b` require, each its own CA. */
async function setUp(t: Test) {
  const pki = new Pki(t)
  const [caA, caB] = await Promise.all([pki.authority('ca-a'), pki.authority('ca-b')])
  const names = ['DNS:open.test', 'DNS:*.a.test', 'DNS:b.test']
  const server = await pki.issue('server', { ca: caA, names, use: 'serverAuth' })
  const client = await pki.issue('client', { ca: caA, use: 'clientAuth' })
  const certificate = `certificate: { cert: ${server.certFile}, key: ${server.keyFile} }`
  const upstream = await startUpstream(t)
  const gateway = await startGateway(
    t,
    `
listeners:
  - name: main
    address: 127.0.0.1:0
    tls:
      - { names: [open.test], ${certificate} }
      - { names: ['*.a.test'], ${certificate}, clients: { mode: require, ca: ${caA.certFile} } }
      - { names: [b.test], ${certificate}, clients: { mode: require, ca: ${caB.certFile} } }
routes: [{ upstream: { endpoints: [{ address: '${upstream.address}' }] } }]
`,
  )
  return { pki, client, gateway, upstream }
}

t.test('a session resumed from one SNI never opens another SNI with a different client policy', async (t) => {
  const { pki, client, gateway, upstream } = await setUp(t)
  for (const version of ['tls1_2', 'tls1_3'] as const) {
    const ask = (sni: string, options: object = {}) =>
      sClient(gateway.port(), { sni, version, ...options })
    const [open, one] = [pki.path(`open-${version}`), pki.path(`one-${version}`)]
    t.match(await ask('open.test', { keep: open }), { status: 200, resumed: false })
    t.match(await ask('x.a.test', { keep: one, certificate: client }), { status: 200 })
    t.match(
      await ask('open.test', { resume: open }),
      { status: 200, resumed: true },
      'its own name',
    )
    const cases = [[open, 'x.a.test'], [open, 'b.test'], [one, 'b.test']]
    for (const [resume = '', sni = ''] of cases) {
      const before = upstream.requests.length
      t.match(await ask(sni, { resume }), { status: undefined, resumed: false }, sni)
      t.equal(upstream.requests.length, before)
    }
    const shown = await ask('b.test', { resume: one, certificate: client })
    t.match(shown, { status: undefined, resumed: false }, 'a certificate of the other policy')
  }
})

t.test('a request whose Host belongs to another client policy than its connection’s SNI gets 421', async (t) => {
  const { client, gateway, upstream } = await setUp(t)
  const open = await tlsClient(t, gateway.port(), { sni: 'open.test' })
  const misdirected = [
    head('GET /', [], 'x.a.test'),
    head('GET /', [], 'X.A.TEST:8443'),
    head('GET /', [], 'b.test'),
    head('GET https://b.test/', [], 'open.test'),
    head('POST /', ['Content-Length: 4'], 'b.test') + 'body',
  ]
  for (const request of misdirected) {
    open.send(request)
    t.equal((await open.message()).status, 421, JSON.stringify(request))
  }
  t.equal(gateway.refusals('HOST_MISDIRECTED'), misdirected.length)
  t.equal(upstream.requests.length, 0)
  for (const host of ['open.test', 'open.test:443', 'OPEN.test']) {
    open.send(head('GET /', [], host))
    t.equal((await open.message()).status, 200, host)
  }
  const known = await tlsClient(t, gateway.port(), { sni: 'x.a.test', certificate: client })
  for (const [host, status] of [['y.a.test', 200], ['b.test', 421], ['open.test', 421]] as const) {
    known.send(head('GET /', [], host))
    t.equal((await known.message()).status, status, host)
  }
})
