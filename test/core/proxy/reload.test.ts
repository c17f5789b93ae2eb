import { copyFileSync, writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { head, plainClient, tlsClient } from '../../support/client.ts'
import { freePort } from '../../support/free-port.ts'
import { startGateway, TestClock } from '../../support/gateway.ts'
import type { GatewayOptions, TestGateway } from '../../support/gateway.ts'
import { okay, startUpstream, type TestUpstream } from '../../support/upstream.ts'
import type { KeyPairFiles } from '../../support/pki.ts'
import type { Wire } from '../../support/wire.ts'
import { everythingTo, plainScene } from './scene.ts'
import { entry, makeCertificates } from './tls-scene.ts'

const certificates = makeCertificates(t)

/** What of the configuration of an API with an mTLS plan a test changes. */
interface Change {
  readonly mode?: string
  readonly ca?: string
  readonly certificates?: string
  readonly status?: string
}

interface Live {
  readonly gateway: TestGateway
  readonly upstream: TestUpstream
  /** A connection that stands, by which one request went well. */
  readonly client: Wire
  readonly change: (change: Change) => Promise<string | undefined>
}

/** A gateway with an mTLS plan, and a client on a connection that is let in. */
async function live(
  t: Test,
  first: Change = {},
  options: GatewayOptions & { readonly certificate?: KeyPairFiles } = {},
): Promise<Live> {
  const { server, ca, client: subscriber } = await certificates
  const certificate = options.certificate ?? subscriber
  const upstream = await startUpstream(t)
  const config = (change: Change): string => {
    const { mode = 'request', ca: anchors = ca.certFile, status = 'accepted' } = {
      ...first,
      ...change,
    }
    const { certificates = `[{ cert: ${certificate.certFile} }]` } = { ...first, ...change }
    return `
listeners:
  - { name: main, address: 127.0.0.1:0, tls: [${
      entry(['live.test'], server, `mode: ${mode}, ca: ${anchors}`)
    }] }
apis:
  - name: orders
    upstream: { endpoints: [{ address: '${upstream.address}' }] }
    plans: [{ name: partners, type: mtls }]
applications:
  - name: acme
    certificates: ${certificates}
    subscriptions: [{ api: orders, plan: partners, status: ${status} }]
limits: { idleTimeout: 500h }
`
  }
  const gateway = await startGateway(t, config({}), options)
  const client = await tlsClient(t, gateway.port(), { sni: 'live.test', certificate })
  t.equal(await ask(client), 200)
  return { gateway, upstream, client, change: (change) => gateway.reconfigure(config(change)) }
}

async function ask(client: Wire): Promise<number> {
  client.send(head('GET /', [], 'live.test'))
  return (await client.message()).status
}

t.test('a paused subscription is refused on the next request of an open connection', async (t) => {
  const { client, change, gateway, upstream } = await live(t)
  for (const status of ['paused', 'pending', 'closed']) {
    t.equal(await change({ status }), undefined)
    t.equal(await ask(client), 401, status)
    await gateway.line({ code: `SUBSCRIPTION_${status.toUpperCase()}`, status: 401 })
  }
  await change({})
  t.equal(await ask(client), 200, 'and let in again by the same connection')
  t.equal(upstream.requests.length, 2)
})

t.test('a removed certificate is refused on the next request of an open connection', async (t) => {
  const { client, change, gateway } = await live(t)
  await change({ certificates: '[]' })
  t.equal(await ask(client), 401)
  await gateway.line({ code: 'CERTIFICATE_UNKNOWN' })
})

t.test('a certificate whose span is over is refused on the next request', async (t) => {
  const clock = new TestClock()
  const { client: own } = await certificates
  const until = new Date(clock.now() + 3_600_000).toISOString()
  const spans = `[{ cert: ${own.certFile}, until: '${until}' }]`
  const { client, gateway } = await live(t, { certificates: spans }, { clock })
  clock.skip(3_601_000)
  t.equal(await ask(client), 401)
  await gateway.line({ code: 'CERTIFICATE_EXPIRED' })
})

t.test('a changed CA counts on the next request of an open connection', async (t) => {
  const { otherCa } = await certificates
  const { client, change, gateway } = await live(t)
  await change({ ca: otherCa.certFile })
  t.equal(await ask(client), 401)
  await gateway.line({ code: 'CERTIFICATE_UNTRUSTED' })
  await change({})
  t.equal(await ask(client), 200)
  await change({ mode: 'require', ca: otherCa.certFile })
  t.equal(await ask(client), 401)
})

t.test('a certificate that expires within the life of a connection is refused on it', async (t) => {
  const { pki, ca } = await certificates
  const brief = await pki.issue('brief', { ca, use: 'clientAuth', days: 1 })
  for (const mode of ['request', 'require']) {
    const clock = new TestClock()
    const options = { clock, certificate: brief }
    const { client, gateway, upstream } = await live(t, { mode }, options)
    clock.skip(25 * 3_600_000)
    t.equal(await ask(client), 401)
    await gateway.line({ code: 'CERTIFICATE_EXPIRED', status: 401 })
    t.equal(upstream.requests.length, 1)
  }
})

t.test('bad configuration leaves the old serving, and says what is wrong', async (t) => {
  const { client, gateway, upstream } = await plainScene(t)
  client.send(head('GET /'))
  await client.message()
  const bad = everythingTo(upstream.address, { route: 'nonsense: 1' })
  t.match(await gateway.reconfigure(bad), /gateway\.yaml:\d+:\d+: .*nonsense/)
  t.match(gateway.told.at(-1), { level: 'error', message: /old one stays/ })
  client.send(head('GET /'))
  t.equal((await client.message()).status, 200)
  const fresh = await plainClient(t, gateway.port())
  fresh.send(head('GET /'))
  t.equal((await fresh.message()).status, 200)
  t.equal(await gateway.reconfigure(everythingTo(upstream.address)), undefined, 'and mended')
})

t.test('a changed file is noticed without being told', async (t) => {
  const { pki, ca, otherCa } = await certificates
  const anchors = pki.path('anchors.crt')
  copyFileSync(ca.certFile, anchors)
  const { client, gateway } = await live(t, { ca: anchors })
  const before = gateway.service.reload.since
  writeFileSync(anchors, otherCa.chain)
  await gateway.toldOf('Configuration reloaded')
  t.ok(gateway.service.reload.since >= before)
  t.equal(await ask(client), 401)
})

t.test('listeners come and go; connections of those that went are refused politely', async (t) => {
  const { client, gateway, upstream } = await plainScene(t)
  const port = await freePort()
  const both = (main: string): string => `
listeners: [${main} { name: second, address: '127.0.0.1:${port}' }]
routes: [{ upstream: { endpoints: [{ address: '${upstream.address}' }] } }]
`
  const first = gateway.port('main')
  t.equal(await gateway.reconfigure(both('{ name: main, address: 127.0.0.1:0 },')), undefined)
  t.equal(gateway.port('main'), first, 'it stays where it is')
  const second = await plainClient(t, port)
  second.send(head('GET /'))
  t.equal((await second.message()).status, 200)
  client.send(head('GET /'))
  t.equal((await client.message()).status, 200)
  t.equal(await gateway.reconfigure(both('')), undefined)
  client.send(head('GET /'))
  t.equal((await client.message()).status, 503)
  const late = await plainClient(t, first)
  t.ok(late.closed, 'nobody listens there')
  second.send(head('GET /'))
  t.equal((await second.message()).status, 200)
})

t.test('a listener whose address is taken leaves everything as it was', async (t) => {
  const { gateway, upstream } = await plainScene(t)
  const taken = await startUpstream(t)
  const config = `
listeners: [{ name: new, address: 127.0.0.2:0 }, { name: taken, address: '${taken.address}' }]
routes: [{ upstream: { endpoints: [{ address: '${upstream.address}' }] } }]
`
  t.match(await gateway.reconfigure(config), /EADDRINUSE/)
  t.strictSame([...gateway.service.gateway.addresses.keys()], ['main'])
  const client = await plainClient(t, gateway.port())
  client.send(head('GET /'))
  t.equal((await client.message()).status, 200)
})

t.test('a request under way is not hurt by a reload', async (t) => {
  const { client, gateway, upstream } = await plainScene(t, { answer: () => undefined })
  client.send(head('POST /', ['Content-Length: 8']) + 'half')
  const connection = await upstream.connection(0)
  await connection.until('the piece', () => connection.text.endsWith('half') || undefined)
  const other = await startUpstream(t)
  t.equal(await gateway.reconfigure(everythingTo(other.address)), undefined)
  client.send('half')
  const request = await upstream.request(0)
  request.connection.send(okay(request.body))
  t.equal((await client.message()).body, 'halfhalf')
  await connection.gone()
  client.send(head('GET /'))
  t.equal((await client.message()).body, 'got GET / HTTP/1.1')
  t.equal(other.requests.length, 1, 'the next one goes by the new configuration')
})

t.test('a tunnel is not hurt by a reload', async (t) => {
  const { client, gateway, upstream } = await plainScene(t, {
    raw: (connection) => {
      void connection.message().then(() => {
        connection.send('HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
        connection.socket.on('data', (chunk) => void connection.send(chunk))
      })
    },
  })
  client.send(head('GET /', ['Connection: Upgrade', 'Upgrade: echo']))
  await client.message()
  const other = await startUpstream(t)
  t.equal(await gateway.reconfigure(everythingTo(other.address)), undefined)
  client.send('still there')
  t.equal((await client.take(11)).toString(), 'still there')
  t.notOk(upstream.connections[0]?.closed)
})
