/** WebSocket over HTTP/2 (RFC 8441), from and to either version of HTTP. */
import { createHash, randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { head, plainClient } from '../../support/client.ts'
import { startGateway, TestClock } from '../../support/gateway.ts'
import { type H2Peer, requestFields, type TestStream } from '../../support/h2.ts'
import { startH2Upstream } from '../../support/h2-upstream.ts'
import { startUpstream, type TestUpstream } from '../../support/upstream.ts'
import { h2Pki, h2Scene } from './h2-scene.ts'
import { everythingTo } from './scene.ts'

const files = await h2Pki(t)
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

function acceptFor(key: string): string {
  return createHash('sha1').update(key + GUID).digest('base64')
}

/** An endpoint of HTTP/1.1 that switches protocols and sends back what it gets. */
function echoing(t: Test): Promise<TestUpstream> {
  return startUpstream(t, {
    answer: ({ header, connection }) => {
      const accept = acceptFor(header('sec-websocket-key') ?? '')
      connection.socket.on('data', () => {
        connection.send(connection.bytes)
        void connection.take(connection.bytes.length)
      })
      return 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: chat\r\n\r\n`
    },
  })
}

/** Asks for a tunnel by extended CONNECT. */
function connect(client: H2Peer, path: string, protocol = 'websocket'): TestStream {
  const more = ['sec-websocket-version', '13', 'sec-websocket-protocol', 'chat']
  const fields = [...requestFields('CONNECT', path), ':protocol', protocol, ...more]
  return client.request(fields, { open: true })
}

t.test('from HTTP/2 to HTTP/1.1', async (t) => {
  const upstream = await echoing(t)
  const { gateway, client } = await h2Scene(t, files, { to: upstream.address })
  await client.get('/first').catch(() => {})
  t.equal(client.h2.takesExtendedConnect, true)
  const stream = await connect(client, '/chat?a=b').gotHead()
  t.equal(stream.status, 200)
  t.equal(stream.field('sec-websocket-protocol'), 'chat')
  t.equal(stream.field('sec-websocket-accept'), undefined)
  t.equal(stream.field('upgrade'), undefined)
  const request = upstream.requests.at(-1)
  t.equal(request?.start, 'GET /chat?a=b HTTP/1.1')
  t.equal(request?.header('upgrade'), 'websocket')
  t.match(request?.header('sec-websocket-key'), /^[A-Za-z0-9+/]{22}==$/)
  stream.send('hello')
  await stream.until('an echo', () => stream.body === 'hello' || undefined)
  const big = 'x'.repeat(3_000_000)
  stream.send(big)
  await stream.until('all of it', () => stream.bytes === big.length + 5 || undefined)
  stream.finish()
  await stream.whole()
  const line = await gateway.line({ path: '/chat' })
  t.match(line, { version: '2', status: 101, requestBytes: big.length + 5 })
  t.equal(client.closed, false, 'the connection goes on')
})

t.test('from HTTP/2 to HTTP/1.1: the endpoint ends it, or breaks it off', async (t) => {
  const upstream = await echoing(t)
  const { client } = await h2Scene(t, files, { to: upstream.address })
  const ended = await connect(client, '/').gotHead()
  const first = await upstream.connection(0)
  first.send('last words')
  first.socket.end()
  await ended.until('the end', () => ended.ended || undefined)
  t.equal(ended.body, 'last words')
  const doomed = await connect(client, '/').gotHead()
  doomed.cancel()
  await (await upstream.connection(1)).gone()
  const other = await connect(client, '/').gotHead()
  t.equal(other.status, 200)
  client.close()
  await (await upstream.connection(2)).gone()
})

t.test('from HTTP/2 to HTTP/2', async (t) => {
  const upstream = await startH2Upstream(t, {
    connectProtocol: true,
    answer: (stream) => {
      if (stream.field(':path') === '/no') return stream.answer(403, 'no')
      stream.head([':status', '200', 'sec-websocket-protocol', 'chat'])
      let told = 0
      stream.peer.socket.on('data', () => {
        const news = stream.body.slice(told)
        told += news.length
        if (news !== '') stream.send(news)
        if (stream.ended) stream.finish()
      })
    },
  })
  const options = { to: upstream.address, upstream: 'protocol: h2c' }
  const { gateway, client } = await h2Scene(t, files, options)
  const stream = await connect(client, '/chat').gotHead()
  t.equal(stream.status, 200)
  const [request] = upstream.requests
  t.equal(request?.field(':method'), 'CONNECT')
  t.equal(request?.field(':protocol'), 'websocket')
  t.equal(request?.field(':scheme'), 'http')
  t.equal(request?.field('sec-websocket-key'), undefined)
  t.equal(request?.field('sec-websocket-version'), '13')
  stream.send('one')
  await stream.until('an echo', () => stream.body === 'one' || undefined)
  stream.finish()
  await stream.whole()
  await gateway.line({ path: '/chat', status: 101 })
  const refused = await connect(client, '/no').whole()
  t.same([refused.status, refused.body], [403, 'no'])
  t.equal(upstream.connections.length, 1)
  const [connection] = upstream.connections
  await connection?.until('all streams’ ends', () => connection.h2.streams === 0 || undefined)
})

t.test('from HTTP/1.1 to HTTP/2', async (t) => {
  const upstream = await startH2Upstream(t, {
    connectProtocol: true,
    answer: (stream) => {
      stream.head([':status', '200'])
      stream.send('welcome')
    },
  })
  const text = everythingTo(upstream.address, { upstream: 'protocol: h2c' })
  const gateway = await startGateway(t, text)
  const client = await plainClient(t, gateway.port())
  const key = randomBytes(16).toString('base64')
  client.send(head('GET /', [
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Key: ${key}`,
    'Sec-WebSocket-Version: 13',
  ]))
  const answer = await client.message()
  t.equal(answer.status, 101)
  t.equal(answer.header('sec-websocket-accept'), acceptFor(key))
  t.match(answer.header('connection'), /upgrade/i)
  t.equal((await client.take(7)).toString(), 'welcome')
  client.send('hi')
  const [stream] = upstream.requests
  await stream?.until('hi', () => stream.body === 'hi' || undefined)
  stream?.cancel()
  await client.gone()
})

t.test('an endpoint that takes no tunnels: 501; left the choice, HTTP/1.1 is taken', async (t) => {
  const upstream = await startH2Upstream(t)
  const options = { to: upstream.address, upstream: 'protocol: h2c' }
  const { gateway, client } = await h2Scene(t, files, options)
  t.equal((await connect(client, '/').gotHead()).status, 501)
  await gateway.line({ code: 'UPGRADE_UNSUPPORTED' })
  t.equal(upstream.requests.length, 0)
  const other = await connect(client, '/', 'connect-udp').gotHead()
  t.equal(other.status, 501)

  const tls = { cert: files.server.chain, key: files.server.key }
  const both = await startUpstream(t, {
    tls: { ...tls, ALPNProtocols: ['h2', 'http/1.1'] },
    answer: () =>
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhi',
  })
  const auto = `protocol: auto, tls: { ca: ${files.ca.certFile}, name: test.com }`
  const scene = await h2Scene(t, files, { to: both.address, upstream: auto })
  const stream = await connect(scene.client, '/').gotHead()
  t.equal(stream.status, 200)
  await stream.until('hi', () => stream.body === 'hi' || undefined)
})

t.test('a plain CONNECT is refused, whatever routes match: 501', async (t) => {
  const upstream = await startUpstream(t)
  const { gateway, client } = await h2Scene(t, files, { to: upstream.address })
  const fields = [':method', 'CONNECT', ':authority', 'test.com:443']
  t.equal((await client.request(fields, { open: true }).gotHead()).status, 501)
  await gateway.line({ code: 'METHOD_UNSUPPORTED', version: '2' })
  t.equal(upstream.requests.length, 0)
})

t.test('each end is slowed by the other, and silence ends a tunnel', async (t) => {
  const upstream = await startUpstream(t, {
    answer: ({ connection }) => {
      connection.forget = true
      // Behind the head.
      void Promise.resolve().then(() => connection.flood(30_000_000))
      return 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
    },
  })
  const clock = new TestClock()
  const scene = await h2Scene(t, files, {
    to: upstream.address,
    upstream: 'readTimeout: 5s',
    client: { reads: false },
    clock,
  })
  const stream = await connect(scene.client, '/').gotHead()
  const connection = await upstream.connection(0)
  t.equal(await connection.stalls(), true)
  t.ok(stream.bytes <= 262_144, `${stream.bytes} came`)
  scene.client.readOn()
  await stream.until('all', () => stream.bytes === 30_000_000 || undefined)
  clock.skip(6000)
  t.equal(await stream.gone(), 8)
  await connection.gone()
  await scene.gateway.line({ status: 101 })
})
