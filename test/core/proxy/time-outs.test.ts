import t from 'tap'
import { head, plainClient } from '../../support/client.ts'
import { startGateway, TestClock } from '../../support/gateway.ts'
import { okay, startUpstream } from '../../support/upstream.ts'
import { everythingTo, plainScene } from './scene.ts'

const NEVER = { answer: (): undefined => undefined }

t.test('headTimeout: a head that does not become whole is answered 408', async (t) => {
  const { client, gateway } = await plainScene(t, {}, { limits: 'headTimeout: 300ms' })
  client.send('GET / HTTP/1.1\r\nHost: exa')
  const { status, header } = await client.message()
  t.equal(status, 408)
  t.equal(header('connection'), 'close')
  await client.finished()
  const line = await gateway.line({ code: 'REQUEST_TIMEOUT' })
  t.match(line, { status: 408, detail: 'No whole head within 300 ms' })
})

t.test('headTimeout: bytes do not put its end off', async (t) => {
  const { client } = await plainScene(t, {}, { limits: 'headTimeout: 300ms' })
  client.send('GET / HTTP/1.1\r\nHost: example.com\r\n')
  const trickle = setInterval(() => client.send('X: y\r\n'), 20)
  t.teardown(() => clearInterval(trickle))
  t.equal((await client.message()).status, 408)
})

t.test('bodyTimeout: a body that does not go on is answered 408, and its request ends', async (t) => {
  const { client, gateway, upstream } = await plainScene(t, {}, { limits: 'bodyTimeout: 300ms' })
  client.send(head('POST /', ['Content-Length: 10']) + 'hello')
  const { status, header } = await client.message()
  t.equal(status, 408)
  t.equal(header('connection'), 'close')
  await (await upstream.connection(0)).gone()
  const line = await gateway.line({ code: 'REQUEST_TIMEOUT' })
  t.match(line, { status: 408, requestBytes: 5, detail: 'No body for 300 ms' })
})

t.test('bodyTimeout: counts silence, not the whole', async (t) => {
  const clock = new TestClock()
  const { client, upstream } = await plainScene(t, {}, { clock })
  client.send(head('POST /', ['Content-Length: 4']))
  const connection = await upstream.connection(0)
  for (const byte of ['a', 'b', 'c']) {
    client.send(byte)
    await connection.until(byte, () => connection.text.endsWith(byte) || undefined)
    clock.skip(40_000)
  }
  client.send('d')
  t.equal((await client.message()).status, 200)
})

t.test('bodyTimeout: is over with the body, however long the answer takes', async (t) => {
  const clock = new TestClock()
  const options = { clock, limits: 'bodyTimeout: 1s' }
  const { client, upstream } = await plainScene(t, NEVER, options)
  client.send(head('POST /', ['Content-Length: 4']) + 'bo')
  const connection = await upstream.connection(0)
  await connection.until('the piece', () => connection.text.endsWith('bo') || undefined)
  client.send('dy')
  await upstream.request(0)
  clock.skip(30_000)
  connection.send(okay('at last'))
  t.equal((await client.message()).status, 200)
})

t.test('bodyTimeout: a body that nobody wants any more is not waited for', async (t) => {
  const options = { limits: 'bodyTimeout: 300ms', route: "match: { paths: ['/only'] }" }
  const { client } = await plainScene(t, {}, options)
  client.send(head('POST /', ['Content-Length: 100']) + 'never whole')
  t.equal((await client.message()).status, 404)
  await client.finished()
})

t.test('idleTimeout: a connection without a request is closed without a word', async (t) => {
  const { client, gateway } = await plainScene(t, {}, { limits: 'idleTimeout: 300ms' })
  const fresh = await plainClient(t, gateway.port())
  client.send(head('GET /'))
  t.equal((await client.message()).status, 200)
  for (const each of [client, fresh]) {
    await each.finished()
    t.equal(each.text, '')
  }
})

t.test('readTimeout: an endpoint that does not answer is 504', async (t) => {
  const { client, gateway, upstream } = await plainScene(t, NEVER, {
    upstream: 'readTimeout: 300ms',
  })
  client.send(head('GET /'))
  t.equal((await client.message()).status, 504)
  await upstream.connections[0]?.gone()
  const line = await gateway.line({ code: 'UPSTREAM_TIMEOUT' })
  t.match(line, { status: 504, detail: 'The endpoint sent nothing for 300 ms' })
  client.send(head('GET /'))
  t.equal((await client.message()).status, 504, 'the client’s connection stays')
})

t.test('upstreamTimes.answer: an answer that does not begin is 504, whatever is sent meanwhile', async (t) => {
  const { client, gateway, upstream } = await plainScene(t, NEVER, {
    listener: 'upstreamTimes: { answer: 300ms }',
  })
  client.send(head('POST /', ['Transfer-Encoding: chunked']))
  const trickle = setInterval(() => client.send('1\r\nx\r\n'), 20)
  t.teardown(() => clearInterval(trickle))
  t.equal((await client.message()).status, 504)
  clearInterval(trickle)
  await upstream.connections[0]?.gone()
  const line = await gateway.line({ code: 'ANSWER_TIMEOUT' })
  t.match(line, { status: 504, detail: 'No answer began within 300 ms' })
})

t.test('upstreamTimes.answer: one that has begun may take its time', async (t) => {
  const clock = new TestClock()
  const { client, upstream } = await plainScene(t, {
    answer: () => 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort',
  }, { clock, route: 'upstreamTimes: { answer: 5s }' })
  client.send(head('GET /'))
  await client.until('the beginning', () => client.text.endsWith('short') || undefined)
  clock.skip(20_000)
  ;(await upstream.connection(0)).send('-rest')
  t.equal((await client.message()).body.toString(), 'short-rest')
})

t.test('readTimeout: an endpoint that falls silent within its answer cuts the client off', async (t) => {
  const { client, gateway, upstream } = await plainScene(t, {
    answer: () => 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort',
  }, { upstream: 'readTimeout: 300ms' })
  client.send(head('GET /'))
  await client.gone()
  t.match(client.text, /short$/)
  await upstream.connections[0]?.gone()
  await gateway.line({ code: 'UPSTREAM_TIMEOUT', status: 200 })
})

t.test('readTimeout: does not count while the client takes no bytes', async (t) => {
  const clock = new TestClock()
  const { client, upstream } = await plainScene(t, NEVER, { clock })
  client.socket.pause()
  client.send(head('GET /'))
  const { connection } = await upstream.request(0)
  const size = 64 * 1024 * 1024
  connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
  const sending = connection.flood(size)
  await connection.stalls()
  clock.skip(59_000)
  client.forget = true
  client.socket.resume()
  await sending
  await client.until('all of it', () => client.total > size || undefined)
})

t.test('upstream sendTimeout: an endpoint that takes no bytes of the request is 504', async (t) => {
  const { client, gateway } = await plainScene(t, {
    raw: (connection) => void connection.socket.pause(),
  }, { upstream: 'sendTimeout: 300ms' })
  const size = 64 * 1024 * 1024
  client.send(head('PUT /', [`Content-Length: ${size}`]))
  void client.flood(size)
  t.equal((await client.message()).status, 504)
  const line = await gateway.line({ code: 'UPSTREAM_TIMEOUT' })
  t.equal(line.detail, 'The endpoint took no bytes of the request for 300 ms')
})

t.test('connectTimeout: an endpoint that finishes no handshake is 504', async (t) => {
  const { client, gateway } = await plainScene(t, { raw: () => {} }, {
    upstream: 'connectTimeout: 300ms, tls: { verify: false }',
  })
  client.send(head('GET /'))
  t.equal((await client.message()).status, 504)
  await gateway.line({ code: 'UPSTREAM_TIMEOUT', status: 504 })
})

t.test('limits.sendTimeout: a client that takes no bytes of its answer is cut off', async (t) => {
  const { client, gateway, upstream } = await plainScene(t, NEVER, { limits: 'sendTimeout: 300ms' })
  client.socket.pause()
  client.send(head('GET /'))
  const { connection } = await upstream.request(0)
  connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n')
  void connection.flood(100_000_000)
  const line = await gateway.line({ code: 'CLIENT_GONE' })
  t.equal(line.detail, 'The client took no bytes for 300 ms')
  await connection.gone()
})

t.test('limits.sendTimeout: holds while a body is being sent as well', async (t) => {
  const { client, gateway, upstream } = await plainScene(t, NEVER, { limits: 'sendTimeout: 300ms' })
  client.socket.pause()
  client.send(head('POST /', ['Transfer-Encoding: chunked']) + '1\r\nx\r\n')
  const connection = await upstream.connection(0)
  connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n')
  void connection.flood(100_000_000)
  const trickle = setInterval(() => client.send('1\r\nx\r\n'), 20)
  t.teardown(() => clearInterval(trickle))
  await gateway.line({ code: 'CLIENT_GONE' })
})

t.test('a slow client gets the whole of its last answer, within limits.sendTimeout', async (t) => {
  const clock = new TestClock()
  const { gateway } = await plainScene(t, {}, { clock })
  const size = 32 * 1024 * 1024
  const loopback = { host: '127.0.0.1', port: 0 }
  const handler = (): Response => new Response('x'.repeat(size))
  const { port } = await gateway.service.serve('big', loopback, handler)
  const clients = await Promise.all(['/slow', '/stopped'].map(async (path) => {
    const client = await plainClient(t, port)
    client.socket.pause()
    client.forget = true
    client.send(head(`GET ${path}`, ['Connection: close']))
    await gateway.line({ path, status: 200 })
    return client
  }))
  const [slow, stopped] = clients
  clock.skip(30_000)
  slow?.socket.resume()
  await slow?.until('all of it', () => slow.total > size || undefined)
  clock.skip(31_000)
  stopped?.socket.resume()
  await stopped?.finished()
  t.ok((stopped?.total ?? size) < size)
})

t.test('readTimeout: does not count while the request is not whole', async (t) => {
  const clock = new TestClock()
  const { client, upstream } = await plainScene(t, {}, { clock, limits: 'bodyTimeout: 5m' })
  client.send(head('POST /', ['Content-Length: 4']) + 'bo')
  const connection = await upstream.connection(0)
  await connection.until('the piece', () => connection.text.endsWith('bo') || undefined)
  clock.skip(120_000)
  client.send('dy')
  t.equal((await client.message()).status, 200)
})

t.test('keepAlive.idleTimeout: an upstream connection is closed after it', async (t) => {
  const clock = new TestClock()
  const { client, upstream } = await plainScene(t, {}, { clock })
  client.send(head('GET /'))
  await client.message()
  clock.skip(54_000)
  client.send(head('GET /'))
  await client.message()
  t.equal(upstream.connections.length, 1)
  clock.skip(56_000)
  await upstream.connections[0]?.gone()
})

t.test('time-outs do not end what goes on', async (t) => {
  const clock = new TestClock()
  const upstream = await startUpstream(t, NEVER)
  const gateway = await startGateway(t, everythingTo(upstream.address), { clock })
  const client = await plainClient(t, gateway.port())
  client.send(head('GET /'))
  const { connection } = await upstream.request(0)
  connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
  for (let i = 0; i < 5; i++) {
    connection.send('1\r\nx\r\n')
    await client.until('a piece', () => client.text.split('1\r\nx').length > i + 1 || undefined)
    clock.skip(40_000)
  }
  connection.send('0\r\n\r\n')
  t.equal((await client.message()).body, 'xxxxx')
})

t.test("a route's time-outs come before a listener's, and these before the upstream's", async (t) => {
  const times = 'upstreamTimes: { read: 300ms }'
  const long = 'upstreamTimes: { read: 1h }'
  for (const where of [{ listener: times }, { route: times }, { listener: long, route: times }]) {
    const { client, gateway } = await plainScene(t, NEVER, where)
    client.send(head('GET /'))
    t.equal((await client.message()).status, 504)
    t.match(await gateway.line({ code: 'UPSTREAM_TIMEOUT' }), {
      detail: 'The endpoint sent nothing for 300 ms',
    })
  }
})

t.test("clientTimeout of a listener comes before the limits' own", async (t) => {
  const clock = new TestClock()
  const scene = await plainScene(t, {}, { clock, listener: 'clientTimeout: 2s' })
  scene.client.send(head('GET /'))
  t.equal((await scene.client.message()).status, 200)
  clock.skip(2500)
  await scene.client.gone()
  const slow = await plainClient(t, scene.gateway.port())
  slow.send(head('POST /', ['Content-Length: 10']) + 'hello')
  const connection = await scene.upstream.connection(0)
  await connection.until('hello', () => connection.text.endsWith('hello') || undefined)
  clock.skip(2500)
  t.equal((await slow.message()).status, 408)
})
