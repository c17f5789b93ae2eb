import t from 'tap'
import { head, plainClient, tlsClient } from '../../support/client.ts'
import { startGateway } from '../../support/gateway.ts'
import { Pki } from '../../support/pki.ts'
import { okay, startUpstream } from '../../support/upstream.ts'
import { plainScene } from './scene.ts'

const MIB = 1024 * 1024
const SIZE = 256 * MIB
/** Buffers of kernels and sockets on the way; the gateway itself holds far less. */
const MUCH = 32 * MIB

t.test('a fast client waits for a stopped endpoint, and the gateway takes in no more', async (t) => {
  const { client, upstream } = await plainScene(t, {
    raw: (connection) => void connection.socket.pause(),
  })
  client.send(head('PUT /', [`Content-Length: ${SIZE}`]))
  const sending = client.flood(SIZE)
  t.ok(await client.stalls(), 'the client waits')
  const taken = client.socket.bytesWritten - client.socket.writableLength
  t.ok(taken < MUCH, `the gateway took ${taken} bytes`)
  const connection = await upstream.connection(0)
  connection.forget = true
  connection.socket.resume()
  await sending
  await connection.until('all of it', () => connection.total > SIZE || undefined)
})

t.test('a fast client waits for an endpoint that is still being dialled', async (t) => {
  const { client } = await plainScene(t, { raw: (connection) => void connection.socket.pause() })
  client.send(head('PUT /', ['Transfer-Encoding: chunked']))
  const piece = new TextEncoder().encode(`10000\r\n${'x'.repeat(0x10000)}\r\n`)
  void client.flood(SIZE, piece)
  t.ok(await client.stalls(), 'the client waits')
})

t.test('a fast endpoint waits for a stopped client', async (t) => {
  for (const framing of [`Content-Length: ${SIZE}`, 'Connection: close']) {
    const { client, upstream } = await plainScene(t, { answer: () => undefined })
    client.socket.pause()
    client.send(head('GET /'))
    const { connection } = await upstream.request(0)
    connection.send(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`)
    const sending = connection.flood(SIZE).then(() => connection.socket.end())
    t.ok(await connection.stalls(), 'the endpoint waits')
    const sent = connection.socket.bytesWritten - connection.socket.writableLength
    t.ok(sent < MUCH, `the gateway took ${sent} bytes`)
    client.forget = true
    client.socket.resume()
    await sending
    await client.until('all of it', () => client.total > SIZE || undefined)
  }
})

t.test('over TLS either side waits, too', async (t) => {
  const pki = new Pki(t)
  const ca = await pki.authority('ca')
  const names = ['DNS:localhost', 'IP:127.0.0.1']
  const server = await pki.issue('server', { ca, names, use: 'serverAuth' })
  const tls = { cert: server.chain, key: server.key }
  const secure = await startUpstream(t, { tls, answer: () => undefined })
  const plain = await startUpstream(t, { raw: (connection) => void connection.socket.pause() })
  const yaml = `
listeners:
  - { name: plain, address: 127.0.0.1:0 }
  - name: secure
    address: 127.0.0.1:0
    tls: [{ certificate: { cert: ${server.certFile}, key: ${server.keyFile} } }]
routes:
  - match: { paths: [/down] }
    upstream: { endpoints: [{ address: '${secure.address}' }], tls: { ca: ${ca.certFile} } }
  - match: { paths: [/up] }
    upstream: { endpoints: [{ address: '${plain.address}' }] }
`
  const gateway = await startGateway(t, yaml)
  // Whoever is stopped speaks no TLS: Deno's would read on in the test itself.
  const down = await plainClient(t, gateway.port('plain'))
  down.socket.pause()
  down.send(head('GET /down'))
  const { connection } = await secure.request(0)
  connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`)
  void connection.flood(SIZE)
  t.ok(await connection.stalls(), 'the endpoint waits')
  const sent = connection.socket.bytesWritten - connection.socket.writableLength
  t.ok(sent < MUCH, `the gateway took ${sent} bytes`)
  down.forget = true
  down.socket.resume()
  await down.until('all of it', () => down.total > SIZE || undefined, Infinity)

  const up = await tlsClient(t, gateway.port('secure'))
  up.send(head('PUT /up', [`Content-Length: ${SIZE}`]))
  void up.flood(SIZE)
  t.ok(await up.stalls(), 'the client waits')
  const taken = up.socket.bytesWritten - up.socket.writableLength
  t.ok(taken < MUCH, `the gateway took ${taken} bytes`)
})

t.test('answers that nobody reads do not pile up', async (t) => {
  const { client, upstream } = await plainScene(t, { answer: () => okay('x'.repeat(10_000)) })
  client.socket.pause()
  const requests = new TextEncoder().encode(head('GET /').repeat(200))
  const sending = client.flood(Infinity, requests)
  t.ok(await client.stalls(), 'the client waits')
  const answered = upstream.requests.length
  t.ok(answered * 10_000 < MUCH, `${answered} were answered`)
  client.forget = true
  client.socket.resume()
  await client.until('more', () => client.total > (answered + 100) * 10_000 || undefined)
  client.close()
  await sending
})

t.test('pipelined requests wait outside while one is being answered', async (t) => {
  const { client, upstream } = await plainScene(t, { answer: () => undefined })
  client.send(head('GET /'))
  await upstream.request(0)
  const requests = new TextEncoder().encode(head('GET /more').repeat(2000))
  const sending = client.flood(SIZE, requests)
  t.ok(await client.stalls(), 'the client waits')
  client.close()
  await sending
  t.equal(upstream.requests.length, 1)
})
