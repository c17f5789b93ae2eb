/** Both roles against the implementation that Node brings along. */
import t from 'tap'
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import http2 from 'node:http2'
import net, { type AddressInfo } from 'node:net'
import {
  DEFAULT_H2_LIMITS,
  H2Connection,
  H2Error,
  type H2Sink,
  type H2Stream,
  type HeaderList,
  plainLatin1,
  requestFieldsFor,
  requestFromFields,
  responseFieldsFor,
  responseFromFields,
} from '../../../../core/wire/mod.ts'
import { recorder, type Recording } from './recording.ts'

interface Peer {
  readonly connection: H2Connection
  readonly recording: Recording
}

/** Our end of a socket. */
function attach(
  socket: net.Socket,
  role: 'server' | 'client',
  after: (connection: () => H2Connection) => Partial<H2Sink>,
): Peer {
  const recording: Recording = { told: [], sent: [], fault: undefined, streamFaults: [] }
  const connection = new H2Connection(recorder(recording, after(() => connection)), {
    role,
    limits: DEFAULT_H2_LIMITS,
    latin1: plainLatin1,
    write: (bytes) => void socket.write(bytes),
    now: () => performance.now(),
  })
  socket.setNoDelay(true)
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    connection.receive(chunk)
    connection.flush()
  })
  connection.start()
  connection.flush()
  return { connection, recording }
}

/** Says back what it is told: body, method and path. */
function echo(connection: () => H2Connection): Partial<H2Sink> {
  const waiting = new Map<H2Stream, Uint8Array[]>()
  return {
    onHead(stream, fields, ends): void {
      const head = requestFromFields(fields, ends, { targetSize: 1000, bodySize: 0 })
      if ('code' in head) return connection().reset(stream, H2Error.Protocol)
      const headers = ['X-Method', head.method, 'X-Path', head.path, 'X-Host', head.host]
      connection().head(stream, responseFieldsFor({ status: 200, headers }), false)
    },
    onData(stream, bytes): void {
      const queue = waiting.get(stream)
      if (queue !== undefined) return void queue.push(bytes)
      if (!connection().data(stream, bytes)) waiting.set(stream, [])
      connection().consumed(stream, bytes.length)
    },
    onWritable(stream): void {
      const queue = waiting.get(stream) ?? []
      waiting.delete(stream)
      for (const bytes of queue) {
        connection().data(stream, bytes)
        connection().consumed(stream, bytes.length)
      }
    },
    onEnd(stream, trailers): void {
      for (const bytes of waiting.get(stream) ?? []) connection().data(stream, bytes)
      connection().finish(stream, [...trailers, 'x-end', 'yes'])
    },
  }
}

// Deno's node:http2 is another implementation, and not one to be judged by.
if (!('Deno' in globalThis)) {
  t.test('H2Connection serves node:http2’s client', async (t) => {
    const peers: Peer[] = []
    const server = net.createServer((socket) => void peers.push(attach(socket, 'server', echo)))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const client = http2.connect(`http://127.0.0.1:${port}`)
    t.teardown(() => {
      client.destroy()
      server.close()
    })
    const bodies = [0, 1, 16_384, 300_000, 1_000_000].map((size) => Buffer.alloc(size, 'abcdefg'))
    await Promise.all(bodies.map(async (body, i) => {
      const request = client.request({
        ':method': 'POST',
        ':path': `/${i}`,
        'x-long': 'y'.repeat(i * 5000),
      })
      request.end(body)
      const [headers] = await once(request, 'response') as [http2.IncomingHttpHeaders]
      const trailers = once(request, 'trailers')
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      t.match(headers, {
        ':status': 200,
        'x-method': 'POST',
        'x-path': `/${i}`,
        'x-host': '127.0.0.1',
      })
      t.ok(Buffer.concat(chunks).equals(body), `${body.length} bytes`)
      t.match((await trailers)[0], { 'x-end': 'yes' })
    }))
    const ping = new Promise((resolve) => client.ping((error) => resolve(error)))
    t.equal(await ping, null)
    const cancelled = client.request({ ':method': 'POST', ':path': '/' })
    cancelled.on('error', () => {})
    await once(cancelled, 'response')
    cancelled.close(http2.constants.NGHTTP2_CANCEL)
    await once(cancelled, 'close')
    // Its answer comes behind whatever was sent before.
    await new Promise((resolve) => client.ping(resolve))
    peers[0]!.connection.drain()
    peers[0]!.connection.flush()
    await once(client, 'goaway')
    t.equal(peers[0]!.recording.fault, undefined)
    t.end()
  })

  t.test('H2Connection asks node:http2’s server', async (t) => {
    const server = http2.createServer({ settings: { initialWindowSize: 20_000 } })
    server.on('stream', (stream, headers) => {
      stream.additionalHeaders({ ':status': 103, link: '</a>' })
      stream.respond({ ':status': 200, 'x-path': headers[':path'] }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-end': 'yes' }))
      stream.pipe(stream)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1')
    t.teardown(() => {
      socket.destroy()
      server.close()
    })
    const bodies = new Map<H2Stream, Buffer[]>()
    const heads = new Map<H2Stream, unknown[]>()
    let left = 4
    const done = new Promise<void>((resolve) => {
      const { connection, recording } = attach(socket, 'client', (self) => ({
        onHead(stream, fields, ends): void {
          const head = responseFromFields(fields, ends, 'POST')
          heads.get(stream)!.push('code' in head ? head : [head.status, head.framing])
        },
        onData(stream, bytes): void {
          bodies.get(stream)!.push(Buffer.from(bytes))
          self().consumed(stream, bytes.length)
        },
        onWritable: (stream) => self().finish(stream, []),
        onEnd(_stream, trailers: HeaderList): void {
          t.same(trailers.slice(0, 2), ['x-end', 'yes'])
          if (--left > 0) return
          t.equal(recording.fault, undefined)
          resolve()
        },
      }))
      for (const size of [0, 1, 20_001, 500_000]) {
        const fields = requestFieldsFor({
          ...{ method: 'POST', scheme: 'http', authority: 'a.example', target: `/${size}` },
          headers: ['X-Size', String(size)],
        })
        const stream = connection.open(fields, false)!
        bodies.set(stream, [])
        heads.set(stream, [])
        if (connection.data(stream, Buffer.alloc(size, 'abcdefg'))) connection.finish(stream, [])
      }
      connection.flush()
    })
    await done
    t.same([...bodies.values()].map((body) => Buffer.concat(body)), [
      ...[0, 1, 20_001, 500_000].map((size) => Buffer.alloc(size, 'abcdefg')),
    ])
    t.same([...heads.values()], [1, 2, 3, 4].map(() => [[103, 'none'], [200, 'chunked']]))
    t.end()
  })
} else {
  t.pass('Node alone has it')
}
