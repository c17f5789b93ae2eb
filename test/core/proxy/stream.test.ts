import { createServer, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { plainClient, tlsClient } from '../../support/client.ts'
import { freePort } from '../../support/free-port.ts'
import { startGateway, TestClock, type TestGateway } from '../../support/gateway.ts'
import { Pki } from '../../support/pki.ts'
import { startUpstream, type TestUpstream } from '../../support/upstream.ts'

/** A listener whose connections go to `addresses`. */
function streamTo(
  addresses: string | readonly string[],
  options: { readonly listener?: string; readonly upstream?: string; readonly sni?: boolean } = {},
): string {
  const { listener = '', upstream = '', sni = false } = options
  const endpoints = [addresses].flat().map((each) =>
    each.includes('{') ? each : `{ address: '${each}' }`
  )
  const more = listener === '' ? '' : `, ${listener}`
  return `
listeners: [{ name: main, address: 127.0.0.1:0, stream: { upstream: db, sni: ${sni} }${more} }]
upstreams: { db: { endpoints: [${endpoints.join(', ')}]${upstream === '' ? '' : `, ${upstream}`} } }
`
}

/** Says `hello`, then repeats what it hears. */
function parrot(t: Test, greeting = 'hello '): Promise<TestUpstream> {
  return startUpstream(t, {
    halfOpen: true,
    raw: (wire) => {
      wire.send(greeting)
      wire.socket.on('data', (chunk) => wire.socket.write(chunk))
      wire.socket.on('end', () => wire.socket.end('bye'))
    },
  })
}

async function started(t: Test, yaml: string, clock?: TestClock): Promise<TestGateway> {
  return await startGateway(t, yaml, clock === undefined ? {} : { clock })
}

t.test('bytes go both ways, whoever speaks first, and a half-closed side still hears', async (t) => {
  const upstream = await parrot(t)
  const gateway = await started(t, streamTo(upstream.address))
  const client = await plainClient(t, gateway.port())
  t.equal((await client.take(6)).toString(), 'hello ')
  client.send('\x00\xffping')
  t.equal((await client.take(6)).toString('latin1'), '\x00\xffping')
  client.socket.end()
  t.equal((await client.take(3)).toString(), 'bye')
  await client.gone()
  const line = await gateway.line({ listener: 'main' })
  t.match(line, {
    version: 'tcp',
    address: '127.0.0.1',
    upstream: 'db',
    endpoint: upstream.address,
    receivedBytes: 6,
    sentBytes: 15,
    sni: '',
  })
  t.equal(line.code, undefined)
  const { streams, streamReceivedBytes, streamSentBytes } = gateway.service.counters()
  t.match({ streams, streamReceivedBytes, streamSentBytes }, {
    streams: { main: 1 },
    streamReceivedBytes: { main: 6 },
    streamSentBytes: { main: 15 },
  })
  await gateway.upstreamConnections(0, 'db')
  await gateway.connections(0)
})

t.test('TLS passes through untouched, and its SNI is logged', async (t) => {
  const pki = new Pki(t)
  const ca = await pki.authority('ca')
  const [server, own] = await Promise.all([
    pki.issue('server', { ca, names: ['DNS:db.test'], use: 'serverAuth' }),
    pki.issue('client', { ca, use: 'clientAuth' }),
  ])
  let shown = ''
  const upstream = await startUpstream(t, {
    tls: { cert: server.chain, key: server.key, ca: ca.chain, requestCert: true },
    raw: (wire) => {
      const socket = wire.socket as TLSSocket
      shown = `${socket.getPeerCertificate().subject?.CN} ${socket.authorized}`
      wire.send('secret')
    },
  })
  const gateway = await started(t, streamTo(upstream.address, { sni: true }))
  const client = await tlsClient(t, gateway.port(), {
    sni: 'db.test',
    certificate: own,
    more: { ca: ca.chain, rejectUnauthorized: true },
  })
  t.equal((await client.take(6)).toString(), 'secret')
  t.equal(shown, 'client true', 'the endpoint sees the client itself')
  client.close()
  t.match(await gateway.line({ sni: 'db.test' }), { endpoint: upstream.address })
  const plain = await plainClient(t, gateway.port())
  plain.send('SSH-2.0-OpenSSH_9.2\r\n')
  await plain.gone()
  await gateway.line({ code: 'CLIENT_HELLO_INVALID' })
})

t.test('the other endpoint is taken where one cannot be connected to', async (t) => {
  const upstream = await parrot(t)
  const dead = `127.0.0.1:${await freePort()}`
  const gateway = await started(t, streamTo([dead, upstream.address]))
  for (let turn = 0; turn < 3; turn++) {
    const client = await plainClient(t, gateway.port())
    t.equal((await client.take(6)).toString(), 'hello ')
    client.close()
  }
  const alone = await started(t, streamTo(dead))
  const client = await plainClient(t, alone.port())
  await client.gone()
  t.match(await alone.line({ code: 'UPSTREAM_UNREACHABLE' }), { endpoint: dead, receivedBytes: 0 })
})

t.test('least-connections counts the connections that stand', async (t) => {
  const [a, b] = [await parrot(t, 'a'), await parrot(t, 'b')]
  const yaml = streamTo([a.address, b.address], { upstream: 'balance: least-connections' })
  const gateway = await started(t, yaml)
  const clients = []
  for (let turn = 0; turn < 6; turn++) {
    const client = await plainClient(t, gateway.port())
    await client.take(1)
    clients.push(client)
  }
  t.same([a.connections.length, b.connections.length], [3, 3])
  for (const client of clients.filter((_, index) => index % 2 === 0)) client.close()
  await gateway.connections(3)
  for (const upstream of [a, b]) t.ok(upstream.connections.length <= 3)
})

t.test('health checks keep connections away from endpoints that are down', async (t) => {
  const clock = new TestClock()
  const [a, b] = [await parrot(t, 'a'), await parrot(t, 'b')]
  const dead = `{ address: '${a.address}', monitor: '127.0.0.1:${await freePort()}' }`
  const yaml = streamTo([dead, b.address], {
    upstream: 'health: { active: { type: tcp, unhealthy: { tcpFailures: 1 } } }',
  })
  const gateway = await started(t, yaml, clock)
  const told = gateway.toldOf('Endpoint is unhealthy')
  clock.skip(5000)
  await told
  for (let turn = 0; turn < 3; turn++) {
    const client = await plainClient(t, gateway.port())
    t.equal((await client.take(1)).toString(), 'b')
    client.close()
  }
})

t.test('a slow reader slows down the other side', async (t) => {
  let flood: Promise<void> | undefined
  const upstream = await startUpstream(t, { raw: (wire) => flood = wire.flood(64 * 1024 * 1024) })
  const gateway = await started(t, streamTo(upstream.address))
  const client = await plainClient(t, gateway.port())
  client.socket.pause()
  const wire = await upstream.connection(0)
  t.ok(await wire.stalls(), 'not everything is taken in')
  client.forget = true
  client.socket.resume()
  await flood
  await client.until('all', () => client.total === 64 * 1024 * 1024 || undefined)
})

t.test('silence of both sides ends a connection, by either time-out', async (t) => {
  for (
    const keys of [
      { listener: 'clientTimeout: 2s' },
      { upstream: 'readTimeout: 2s' },
      { listener: 'upstreamTimes: { read: 2s }' },
    ]
  ) {
    const clock = new TestClock()
    const upstream = await parrot(t)
    const gateway = await started(t, streamTo(upstream.address, keys), clock)
    const client = await plainClient(t, gateway.port())
    await client.take(6)
    clock.skip(1500)
    client.send('x')
    await client.take(1)
    clock.skip(1500)
    client.send('y')
    t.equal((await client.take(1)).toString(), 'y', 'who speaks has more time')
    clock.skip(2500)
    await client.gone()
  }
})

t.test('an endpoint that does not answer is given up in time', async (t) => {
  const full = createServer()
  await new Promise<void>((resolve) =>
    full.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, resolve)
  )
  const { port } = full.address() as { port: number }
  const sockets: Socket[] = []
  full.on('connection', (socket) => sockets.push(socket))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    full.close()
  })
  // TLS that is never answered stands for a connection that never comes to stand.
  const yaml = streamTo(`127.0.0.1:${port}`, {
    upstream: 'tls: { verify: false }',
    listener: 'upstreamTimes: { connect: 100ms }',
  })
  const gateway = await started(t, yaml)
  const client = await plainClient(t, gateway.port())
  await client.gone()
  await gateway.line({ code: 'UPSTREAM_TIMEOUT' })
})

t.test('who is not in allowFrom, or one too many, is turned away', async (t) => {
  const upstream = await parrot(t)
  const keys = 'allowFrom: [127.0.0.2/31, "2001:db8::/32"], connections: 1'
  const gateway = await started(t, streamTo(upstream.address, { listener: keys }))
  const stranger = await plainClient(t, gateway.port())
  await stranger.gone()
  await gateway.line({ code: 'CONNECTION_NOT_ALLOWED' })
  await gateway.connections(0)
  const first = await plainClient(t, gateway.port(), { from: '127.0.0.3' })
  await first.take(6)
  const second = await plainClient(t, gateway.port(), { from: '127.0.0.2' })
  await second.gone()
  t.match(await gateway.line({ code: 'CONNECTION_LIMIT' }), { detail: /listener/ })
  first.close()
  await gateway.connections(0)
  const third = await plainClient(t, gateway.port(), { from: '127.0.0.2' })
  t.equal((await third.take(6)).toString(), 'hello ')
})

t.test('draining leaves connections their time, then cuts them', async (t) => {
  const upstream = await parrot(t)
  const gateway = await started(t, streamTo(upstream.address))
  const [one, other] = [await plainClient(t, gateway.port()), await plainClient(t, gateway.port())]
  await Promise.all([one.take(6), other.take(6)])
  const drained = gateway.service.gateway.drain(1500)
  one.send('still')
  t.equal((await one.take(5)).toString(), 'still')
  one.socket.end()
  await one.gone()
  await drained
  await other.gone()
  await gateway.line({ code: 'DRAINING' })
})

t.test('endpoints are told of the client by the PROXY protocol', async (t) => {
  for (
    const [version, expected] of [['v1', /^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\nhi$/], [
      'v2',
      // deno-lint-ignore no-control-regex
      /^\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x01\x7f\0\0\x01....hi$/s,
    ]] as const
  ) {
    const upstream = await startUpstream(t, { raw: () => {} })
    const gateway = await started(
      t,
      streamTo(upstream.address, { upstream: `proxyProtocol: ${version}` }),
    )
    const client = await plainClient(t, gateway.port())
    client.send('hi')
    const wire = await upstream.connection(0)
    const text = await wire.until(
      'the header',
      () => wire.text.endsWith('hi') ? wire.text : undefined,
    )
    t.match(text, expected)
  }
})

t.test('what a PROXY header says is passed on', async (t) => {
  const upstream = await startUpstream(t, { raw: () => {} })
  const keys = { listener: 'proxyProtocol: true', upstream: 'proxyProtocol: v1' }
  const gateway = await started(t, streamTo(upstream.address, keys))
  const client = await plainClient(t, gateway.port())
  client.send('PROXY TCP4 192.0.2.7 192.0.2.8 1234 5678\r\nhi')
  const wire = await upstream.connection(0)
  const text = await wire.until(
    'the header',
    () => wire.text.endsWith('hi') ? wire.text : undefined,
  )
  t.equal(text, 'PROXY TCP4 192.0.2.7 192.0.2.8 1234 5678\r\nhi')
  client.close()
  await gateway.line({ address: '192.0.2.7' })
})
