import { Buffer } from 'node:buffer'
import { createHash, randomBytes } from 'node:crypto'
import t from 'tap'
import { head, plainClient, tlsClient } from '../../support/client.ts'
import { startGateway, TestClock } from '../../support/gateway.ts'
import { Pki } from '../../support/pki.ts'
import { okay, startUpstream } from '../../support/upstream.ts'
import type { UpstreamOptions } from '../../support/upstream.ts'
import type { Wire } from '../../support/wire.ts'
import { everythingTo, plainScene } from './scene.ts'

const UPGRADE = ['Connection: Upgrade', 'Upgrade: echo']
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n'

/** An upstream that switches at once, sends `first` behind its 101, and then echoes. */
function echo(first = ''): UpstreamOptions {
  return {
    halfOpen: true,
    raw: (connection) => {
      void connection.message().then(() => {
        connection.send(SWITCH + first)
        connection.socket.on('data', (chunk) => void connection.send(chunk))
        connection.socket.on('end', () => connection.socket.end('bye'))
      })
    },
  }
}

async function upgraded(client: Wire): Promise<void> {
  client.send(head('GET /', UPGRADE))
  const { status, header } = await client.message()
  if (status !== 101) throw new Error(`Upgrade: ${status}`)
  if (header('upgrade') !== 'echo') throw new Error(`Upgrade to ${header('upgrade')}`)
}

t.test('a WebSocket is tunnelled both ways', async (t) => {
  const { client, gateway } = await plainScene(t, { halfOpen: true, raw: webSocketEcho })
  const key = randomBytes(16).toString('base64')
  client.send(head('GET /chat', [
    'Connection: keep-alive, Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${key}`,
  ]))
  const answer = await client.message()
  t.equal(answer.status, 101)
  t.match(answer.header('connection'), /^upgrade$/i)
  t.equal(answer.header('upgrade'), 'websocket')
  t.equal(answer.header('sec-websocket-accept'), acceptOf(key))
  t.equal((await client.take(7)).toString('latin1'), '\x81\x05hello', 'a frame from the server')
  for (let i = 0; i < 20; i++) {
    const text = `message ${String(i).padStart(2, '0')}`
    client.send(maskedFrame(text))
    t.equal((await client.take(2 + text.length)).toString('latin1', 2), text)
  }
  client.socket.end()
  await client.gone()
  t.match(await gateway.line({ status: 101 }), { path: '/chat', requestBytes: 320 })
  t.equal(gateway.service.counters().upstreamConnections['main'], 0)
  t.equal(gateway.service.counters().connections['main'], 0)
})

t.test('tunnels go through TLS at both doors', async (t) => {
  const pki = new Pki(t)
  const ca = await pki.authority('ca')
  const server = await pki.issue('server', { ca, names: ['IP:127.0.0.1'], use: 'serverAuth' })
  const tls = { cert: server.chain, key: server.key, allowHalfOpen: true }
  const upstream = await startUpstream(t, { ...echo(), tls })
  const more = {
    listener: `tls: [{ certificate: { cert: ${server.certFile}, key: ${server.keyFile} } }]`,
    upstream: `tls: { ca: ${ca.certFile} }`,
  }
  const gateway = await startGateway(t, everythingTo(upstream.address, more))
  const client = await tlsClient(t, gateway.port())
  await upgraded(client)
  for (const text of ['hello', 'x', 'y'.repeat(100_000)]) {
    client.send(text)
    t.equal((await client.take(text.length)).toString(), text)
  }
})

t.test('bytes that come with the 101 reach the client', async (t) => {
  const { client } = await plainScene(t, echo('first words'))
  await upgraded(client)
  t.equal((await client.take(11)).toString(), 'first words')
})

t.test('bytes that a client sends before the 101 reach the upstream', async (t) => {
  const { client } = await plainScene(t, echo())
  client.send(head('GET /', UPGRADE) + 'early')
  t.equal((await client.message()).status, 101)
  t.equal((await client.take(5)).toString(), 'early')
})

t.test('each side’s end reaches the other, and what is on its way as well', async (t) => {
  const { client } = await plainScene(t, echo())
  await upgraded(client)
  client.send('last')
  client.socket.end()
  t.equal((await client.take(7)).toString(), 'lastbye')
  await client.gone()
})

t.test('an upstream that goes takes the client along', async (t) => {
  const { client, upstream } = await plainScene(t, echo())
  await upgraded(client)
  client.send('x')
  await client.take(1)
  upstream.connections[0]?.close()
  await client.finished()
})

t.test('a tunnel carries much both ways, each side at its own pace', async (t) => {
  const { client } = await plainScene(t, echo())
  await upgraded(client)
  client.forget = true
  const before = client.total
  const size = 20 * 1024 * 1024
  await client.flood(size)
  await client.until('all of it', () => client.total - before >= size || undefined)
  t.equal(client.total - before, size)
})

t.test('a fast sender waits for a stopped reader at the other end of a tunnel', async (t) => {
  const { client, upstream } = await plainScene(t, {
    raw: (connection) => {
      void connection.message().then(() => {
        connection.socket.pause()
        connection.send(SWITCH)
      })
    },
  })
  await upgraded(client)
  const size = 64 * 1024 * 1024
  const sending = client.flood(size)
  t.ok(await client.stalls(), 'the sender waits')
  const [connection] = upstream.connections
  if (connection === undefined) return t.fail('no connection')
  connection.forget = true
  connection.socket.resume()
  await sending
  await connection.until('all of it', () => connection.total >= size || undefined)
})

t.test('a tunnel that is silent for readTimeout is ended', async (t) => {
  const clock = new TestClock()
  const { client, upstream } = await plainScene(t, echo(), { clock })
  await upgraded(client)
  client.send('x')
  await client.take(1)
  clock.skip(59_000)
  client.send('y')
  await client.take(1)
  clock.skip(59_000)
  t.notOk(client.closed, 'bytes put the end off')
  clock.skip(2_000)
  await client.finished()
  await upstream.connections[0]?.finished()
})

t.test('an upstream that declines to switch answers as ever', async (t) => {
  const { client, upstream } = await plainScene(t)
  client.send(head('GET /1', UPGRADE))
  t.equal((await client.message()).status, 200)
  t.match((await upstream.request(0)).header('connection'), /^upgrade$/i)
  client.send(head('GET /2'))
  t.equal((await client.message()).status, 200)
  t.equal(upstream.connections.length, 1)
})

t.test('an upstream that switches unasked is refused', async (t) => {
  const { client, upstream, gateway } = await plainScene(t, { answer: () => SWITCH })
  client.send(head('GET /'))
  t.equal((await client.message()).status, 502)
  await gateway.line({ code: 'UPSTREAM_MALFORMED' })
  await upstream.connections[0]?.gone()
})

t.test('Upgrade that Connection does not name, or with a body, or to h2c, is no upgrade', async (t) => {
  const { client, upstream } = await plainScene(t)
  client.send(
    head('GET /', ['Upgrade: echo']) +
      head('POST /', [...UPGRADE, 'Content-Length: 1']) + 'x' +
      head('GET /', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AA']),
  )
  for (let i = 0; i < 3; i++) {
    await client.message()
    const request = await upstream.request(i)
    t.equal(request.header('upgrade'), undefined)
    t.equal(request.header('connection'), undefined)
    t.equal(request.header('http2-settings'), undefined)
  }
})

t.test('a client that goes before the 101 leaves nothing behind', async (t) => {
  const { client, upstream, gateway } = await plainScene(t, { answer: () => undefined })
  client.send(head('GET /', UPGRADE))
  const { connection } = await upstream.request(0)
  client.close()
  await connection.gone()
  await gateway.line({ code: 'CLIENT_GONE' })
  const next = await plainClient(t, gateway.port())
  next.send(head('GET /'))
  const again = await upstream.request(1)
  again.connection.send(okay('fine'))
  t.equal((await next.message()).body, 'fine')
})

function webSocketEcho(connection: Wire): void {
  void connection.message().then(({ header }) => {
    const accept = acceptOf(header('sec-websocket-key') ?? '')
    connection.send(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${accept}\r\n\r\n\x81\x05hello`,
    )
    answerFrames(connection).catch(() => {})
    connection.socket.on('end', () => connection.socket.end())
  })
}

async function answerFrames(connection: Wire): Promise<void> {
  for (;;) {
    const [, second = 0] = await connection.take(2)
    const mask = await connection.take(4)
    const content = await connection.take(second & 0x7f)
    const plain = content.map((byte, i) => byte ^ (mask[i % 4] as number))
    connection.send(Buffer.concat([Buffer.from([0x81, plain.length]), plain]))
  }
}

function maskedFrame(text: string): Buffer {
  const mask = randomBytes(4)
  const content = Buffer.from(text).map((byte, i) => byte ^ (mask[i % 4] as number))
  return Buffer.concat([Buffer.from([0x81, 0x80 | content.length]), mask, content])
}

function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}
