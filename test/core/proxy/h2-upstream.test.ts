/** Endpoints that speak HTTP/2. */
import t, { type Test } from 'tap'
import { head, plainClient, tlsClient } from '../../support/client.ts'
import { startGateway, TestClock } from '../../support/gateway.ts'
import { fieldOf, requestFields } from '../../support/h2.ts'
import {
  type H2UpstreamOptions,
  startH2Upstream,
  type TestH2Upstream,
} from '../../support/h2-upstream.ts'
import { startUpstream } from '../../support/upstream.ts'
import type { Wire } from '../../support/wire.ts'
import { h2Pki, h2Scene } from './h2-scene.ts'
import { everythingTo, type SceneOptions } from './scene.ts'

const files = await h2Pki(t)
const serverTls = { cert: files.server.chain, key: files.server.key }

/** An h2c endpoint, a gateway before it, and a client that speaks HTTP/1.1. */
async function h2cScene(
  t: Test,
  upstreamOptions: H2UpstreamOptions = {},
  options: SceneOptions & Parameters<typeof startGateway>[2] = {},
): Promise<{
  upstream: TestH2Upstream
  gateway: Awaited<ReturnType<typeof startGateway>>
  client: Wire
}> {
  const upstream = await startH2Upstream(t, upstreamOptions)
  const keys = `protocol: h2c${options.upstream === undefined ? '' : `, ${options.upstream}`}`
  const text = everythingTo(upstream.address, { ...options, upstream: keys })
  const gateway = await startGateway(t, text, options)
  return { upstream, gateway, client: await plainClient(t, gateway.port()) }
}

t.test('a request of HTTP/1.1 as one of HTTP/2, and its answer back', async (t) => {
  const { upstream, gateway, client } = await h2cScene(t, {
    answer: (stream) => {
      stream.answer(200, 'hello', ['x-own', '2', 'set-cookie', 'a=1', 'set-cookie', 'b=2'])
    },
  })
  client.send(head('GET /a?b', [
    'Cookie: a=b; c=d',
    'Connection: keep-alive, X-Hop',
    'X-Hop: 1',
    'Keep-Alive: timeout=5',
    'TE: trailers',
    'X-Mixed-Case: Value',
  ]))
  const answer = await client.message()
  t.equal(answer.start, 'HTTP/1.1 200 OK')
  t.equal(answer.body, 'hello')
  t.equal(answer.chunked, true, 'the endpoint said no length')
  t.equal(answer.headers.filter(([name]) => name === 'set-cookie').length, 2)
  const [request] = upstream.requests
  t.equal(request?.field(':authority'), 'example.com')
  t.equal(request?.field(':scheme'), 'http')
  t.equal(request?.field(':path'), '/a?b')
  t.equal(request?.field('cookie'), 'a=b; c=d')
  t.equal(request?.field('te'), 'trailers')
  t.equal(request?.field('x-mixed-case'), 'Value')
  for (const name of ['host', 'connection', 'keep-alive', 'x-hop', 'transfer-encoding']) {
    t.equal(request?.field(name), undefined, name)
  }
  t.match(await gateway.line({ path: '/a' }), { version: '1.1', status: 200 })
})

t.test('many requests share few connections', async (t) => {
  const { upstream, gateway } = await h2cScene(t)
  const clients = await Promise.all(
    Array.from({ length: 40 }, () => plainClient(t, gateway.port())),
  )
  for (const [i, client] of clients.entries()) client.send(head(`GET /${i}`))
  for (const [i, client] of clients.entries()) {
    t.equal((await client.message()).body, `got /${i}`)
  }
  t.equal(upstream.connections.length, 1)
  t.equal(gateway.service.counters().upstreamConnections['main'], 1)
})

t.test('where an endpoint takes few streams, more connections are opened', async (t) => {
  const { upstream, gateway } = await h2cScene(t, {
    limits: { concurrentStreams: 2 },
    answer: () => {},
  })
  const clients = await Promise.all(Array.from({ length: 7 }, () => plainClient(t, gateway.port())))
  for (const [i, client] of clients.entries()) client.send(head(`POST /${i}`))
  await upstream.request(6)
  t.equal(upstream.connections.length, 4)
  for (const stream of upstream.requests) stream.answer(200, 'done')
  for (const client of clients) t.equal((await client.message()).status, 200)
  t.equal(upstream.requests.length, 7, 'none was refused')
})

t.test('bodies and trailers both ways, without a length', async (t) => {
  const { client } = await h2cScene(t, {
    answer: (stream) => {
      void stream.whole().then(() => {
        stream.head([':status', '200'])
        stream.send(`${stream.body} ${JSON.stringify(stream.trailers)} `)
        stream.send(String(stream.field('content-length')))
        stream.finish(['x-sum', '42'])
      })
    },
  })
  client.send(
    head('POST /', ['Transfer-Encoding: chunked']) + '3\r\none\r\n0\r\nX-Check: 1\r\n\r\n',
  )
  const { body, trailers } = await client.message()
  t.equal(body, 'one ["x-check","1"] undefined')
  t.same(trailers, [['x-sum', '42']])
  client.send(head('POST /', ['Content-Length: 3']) + 'two')
  t.equal((await client.message()).body, 'two [] 3')
})

t.test('HEAD, 204, 304 and interim answers', async (t) => {
  const { client } = await h2cScene(t, {
    answer: (stream) => {
      const path = stream.field(':path') ?? ''
      if (path === '/103') stream.head([':status', '103', 'link', '</a>'])
      if (stream.field(':method') === 'HEAD') {
        stream.head([':status', '200', 'content-length', '9'], true)
      } else if (path === '/304') stream.head([':status', '304', 'content-length', '5'], true)
      else stream.answer(path === '/204' ? 204 : 200, '')
    },
  })
  client.send(head('HEAD /'))
  const bare = await client.message({ head: true })
  t.equal(bare.header('content-length'), '9')
  client.send(head('GET /204'))
  t.equal((await client.message()).status, 204)
  client.send(head('GET /304'))
  t.match(await client.message(), { status: 304 })
  client.send(head('GET /103'))
  t.match(await client.message(), { status: 103 })
  t.match(await client.message(), { status: 200, body: '' })
})

t.test('GOAWAY: what was under way ends, what was not seen is sent again', async (t) => {
  const { upstream, gateway, client } = await h2cScene(t, {
    answer: (stream, connection) => {
      if (stream.field(':path') !== '/held' || connection > 0) {
        stream.answer(200, `by ${connection}`)
      }
    },
  })
  client.send(head('POST /held'))
  const held = await upstream.request(0)
  held.peer.h2.drain()
  // POST goes out on the connection that will not look at it.
  const second = await plainClient(t, gateway.port())
  second.send(head('POST /second'))
  t.equal((await second.message()).body, 'by 1')
  held.answer(200, 'late')
  t.equal((await client.message()).body, 'late')
  t.equal(gateway.refusals('UPSTREAM_CLOSED'), 0)
  const third = await plainClient(t, gateway.port())
  third.send(head('GET /third'))
  t.equal((await third.message()).body, 'by 1')
})

t.test('a refused stream is sent again, also POST; one that was looked at is not', async (t) => {
  let count = 0
  const { upstream, gateway, client } = await h2cScene(t, {
    answer: (stream) => {
      if (stream.field(':path') === '/cancel') stream.cancel(2)
      else if (count++ === 0) stream.cancel(7)
      else stream.answer(200, 'second try')
    },
  })
  client.send(head('POST /refused'))
  t.equal((await client.message()).body, 'second try')
  client.send(head('POST /cancel'))
  t.equal((await client.message()).status, 502)
  t.equal(upstream.requests.length, 3)
  t.match(await gateway.line({ code: 'UPSTREAM_CLOSED' }), { path: '/cancel', status: 502 })
})

t.test('refused again and again: 502, not for ever', async (t) => {
  const { upstream, client } = await h2cScene(t, { answer: (stream) => stream.cancel(7) })
  client.send(head('GET /'))
  t.equal((await client.message()).status, 502)
  t.equal(upstream.requests.length, 4)
})

t.test('an answer that breaks off in its body breaks off at the client', async (t) => {
  const upstream = await startH2Upstream(t, {
    answer: (stream) => {
      stream.head([':status', '200'])
      stream.send('part')
      if (stream.field(':path') === '/reset') stream.cancel(2)
      else stream.peer.socket.end()
    },
  })
  const options = { to: upstream.address, upstream: 'protocol: h2c' }
  const { gateway, client } = await h2Scene(t, files, options)
  for (const path of ['/reset', '/cut']) {
    const stream = client.request(requestFields('GET', path))
    t.equal(await stream.gone(), 2)
    t.notOk(stream.ended)
    const old = await tlsClient(t, gateway.port(), { sni: 'test.com' })
    old.send(head(`GET ${path}`, [], 'test.com'))
    await old.gone()
    t.notMatch(old.text, /\r\n0\r\n/, 'no end of the chunks')
    await gateway.line({ code: 'UPSTREAM_CLOSED', path, version: '1.1' })
  }
})

t.test('a client that leaves resets the stream, and the connection stays', async (t) => {
  const { upstream, gateway, client } = await h2cScene(t, {
    answer: (stream) => {
      if (stream.field(':path') !== '/held') stream.answer(200, 'ok')
    },
  })
  client.send(head('GET /held'))
  const held = await upstream.request(0)
  client.close()
  t.equal(await held.gone(), 8)
  const other = await plainClient(t, gateway.port())
  other.send(head('GET /'))
  t.equal((await other.message()).status, 200)
  t.equal(upstream.connections.length, 1)
})

t.test('clients that read nothing hold their own streams alone', async (t) => {
  const { upstream, gateway } = await h2cScene(t, {
    answer: (stream) => {
      if (stream.field(':path') !== '/big') return stream.answer(200, 'ok')
      stream.head([':status', '200', 'content-length', '20000000'])
      void stream.flood(20_000_000)
    },
  })
  const slow = await Promise.all(Array.from({ length: 8 }, () => plainClient(t, gateway.port())))
  for (const client of slow) {
    client.send(head('GET /big'))
    await client.until('a head', () => client.total > 0 || undefined)
    client.socket.pause()
  }
  let before = -1
  const sent = (): number =>
    upstream.requests.reduce((sum, { peer }) => {
      return sum + peer.socket.bytesWritten
    }, 0)
  while (before !== sent()) {
    before = sent()
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  t.equal(upstream.connections.length, 1)
  t.ok(before / 8 < 8 * 15_000_000, `${before / 8} bytes were sent`)
  const quick = await plainClient(t, gateway.port())
  quick.send(head('GET /'))
  t.equal((await quick.message()).body, 'ok', 'others are served')
})

t.test('an endpoint that reads nothing holds the sender', async (t) => {
  const { upstream, client } = await h2cScene(t, { reads: false, answer: () => {} })
  client.send(head('POST /', ['Content-Length: 50000000']))
  void client.flood(50_000_000)
  const stream = await upstream.request(0)
  t.equal(await client.stalls(), true)
  t.ok(stream.bytes <= 262_144, `${stream.bytes} came`)
  stream.peer.readOn()
  await stream.whole()
  t.equal(stream.bytes, 50_000_000)
  stream.answer(200, 'all')
  t.equal((await client.message()).body, 'all')
})

t.test('an endpoint that says nothing, or takes nothing: 504', async (t) => {
  const clock = new TestClock()
  const upstream = 'readTimeout: 2s, sendTimeout: 2s'
  const scene = await h2cScene(t, { reads: false, answer: () => {} }, { upstream, clock })
  scene.client.send(head('GET /silent'))
  const silent = await scene.upstream.request(0)
  clock.skip(3000)
  t.equal((await scene.client.message()).status, 504)
  t.equal(await silent.gone(), 8)
  const client = await plainClient(t, scene.gateway.port())
  client.send(head('POST /stuck', ['Content-Length: 9000000']))
  void client.flood(9_000_000)
  await scene.upstream.request(1)
  await client.stalls()
  clock.skip(3000)
  t.equal((await client.message()).status, 504)
})

t.test('over TLS: the endpoint is checked, and shown our certificate', async (t) => {
  const shown: string[] = []
  const upstream = await startH2Upstream(t, {
    tls: { ...serverTls, requestCert: true, rejectUnauthorized: true, ca: files.ca.chain },
    answer: (stream) => {
      const socket = stream.peer.socket as unknown as {
        getPeerCertificate(): { subject: { CN: string } }
      }
      shown.push(socket.getPeerCertificate().subject.CN)
      stream.answer(200, stream.field(':scheme') ?? '')
    },
  })
  const { client: own, ca } = files
  const pair = `certificate: { cert: ${own.certFile}, key: ${own.keyFile} }`
  const text = (name: string): string =>
    everythingTo(upstream.address, {
      upstream: `protocol: h2, tls: { ca: ${ca.certFile}, name: ${name}, ${pair} }`,
    })
  const gateway = await startGateway(t, text('test.com'))
  const client = await plainClient(t, gateway.port())
  client.send(head('GET /'))
  t.equal((await client.message()).body, 'https')
  t.same(shown, ['client'])
  t.equal(await gateway.reconfigure(text('wrong.example')), undefined)
  client.send(head('GET /'))
  t.equal((await client.message()).status, 502)
  await gateway.line({ code: 'UPSTREAM_CERTIFICATE_REFUSED' })
  t.equal(upstream.requests.length, 1)
})

t.test('auto: HTTP/2 where the endpoint takes it, else HTTP/1.1; h2 insists', async (t) => {
  const old = await startUpstream(t, { tls: { ...serverTls, ALPNProtocols: ['http/1.1'] } })
  const mute = await startUpstream(t, { tls: serverTls })
  const young = await startH2Upstream(t, { tls: serverTls })
  const text = (address: string, protocol: string): string =>
    everythingTo(address, {
      upstream: `protocol: ${protocol}, tls: { ca: ${files.ca.certFile}, name: test.com }`,
    })
  const gateway = await startGateway(t, text(old.address, 'auto'))
  const ask = async (): Promise<string> => {
    const client = await plainClient(t, gateway.port())
    client.send(head('GET /'))
    const { status, body } = await client.message()
    return `${status} ${body}`
  }
  t.same(await Promise.all([ask(), ask(), ask()]), Array(3).fill('200 got GET / HTTP/1.1'))
  await gateway.reconfigure(text(young.address, 'auto'))
  t.same(await Promise.all([ask(), ask(), ask()]), Array(3).fill('200 got /'))
  t.equal(young.connections.length, 1)
  for (const { address } of [old, mute]) {
    await gateway.reconfigure(text(address, 'h2'))
    t.match(await ask(), /^502/)
  }
  await gateway.line({ code: 'UPSTREAM_TLS_FAILED' })
})

t.test('what is malformed is not passed on: 502', async (t) => {
  const answers: Readonly<Record<string, readonly string[]>> = {
    '/upper': [':status', '200', 'X-Upper', '1'],
    '/hop': [':status', '200', 'connection', 'close'],
    '/none': ['x', 'y'],
    '/101': [':status', '101'],
    '/line': [':status', '200', 'x', 'a\r\nb'],
  }
  const { gateway, client } = await h2cScene(t, {
    answer: (stream) => stream.head([...(answers[stream.field(':path') ?? ''] ?? [])], true),
  })
  for (const path of Object.keys(answers)) {
    client.send(head(`GET ${path}`))
    t.equal((await client.message()).status, 502, path)
    await gateway.line({ code: 'UPSTREAM_MALFORMED', path })
  }
})

t.test('HTTP/2 to HTTP/2: te, cookies, trailers and the authority', async (t) => {
  const upstream = await startH2Upstream(t, {
    answer: (stream) => {
      stream.head([':status', '200', 'content-type', 'application/grpc'])
      stream.send('x')
      stream.finish(['grpc-status', '0', 'grpc-message', 'fine'])
    },
  })
  const options = { to: upstream.address, upstream: 'protocol: h2c' }
  const { client } = await h2Scene(t, files, options)
  const stream = await client.get('/', ['te', 'trailers', 'cookie', 'a=1', 'cookie', 'b=2'])
  t.same(stream.trailers, ['grpc-status', '0', 'grpc-message', 'fine'])
  const [request] = upstream.requests
  t.equal(request?.field('te'), 'trailers')
  t.equal(request?.field('cookie'), 'a=1; b=2')
  t.equal(request?.field(':authority'), 'test.com')
  t.equal(request?.field('host'), undefined)
  t.equal(request?.field('x-forwarded-proto'), 'https')
  const bare = await client.get('/')
  t.equal(fieldOf(upstream.requests[1]?.fields ?? [], 'te'), undefined)
  t.equal(bare.status, 200)
})

t.test('a connection nobody uses is closed after its time', async (t) => {
  const clock = new TestClock()
  const { upstream, client } = await h2cScene(t, {}, {
    upstream: 'keepAlive: { idleTimeout: 2s }',
    clock,
  })
  client.send(head('GET /'))
  await client.message()
  clock.skip(3000)
  const [connection] = upstream.connections
  await connection?.gone()
  t.equal(connection?.goaways[0]?.code, 0)
})

t.test('another trust, another connection; exchanges under way keep theirs', async (t) => {
  const { upstream, gateway, client } = await h2cScene(t, { answer: () => {} })
  client.send(head('GET /old'))
  const old = await upstream.request(0)
  const changed = everythingTo(upstream.address, { upstream: 'protocol: h2c, connectTimeout: 7s' })
  t.equal(await gateway.reconfigure(changed), undefined)
  const second = await plainClient(t, gateway.port())
  second.send(head('GET /new'))
  const young = await upstream.request(1)
  t.not(young.peer, old.peer)
  old.answer(200, 'old')
  young.answer(200, 'new')
  t.equal((await client.message()).body, 'old')
  t.equal((await second.message()).body, 'new')
  await old.peer.gone()
})

t.test('keepAlive.requests: a connection serves so many exchanges, then another is made', async (t) => {
  const { upstream, client } = await h2cScene(t, {}, { upstream: 'keepAlive: { requests: 2 }' })
  for (let turn = 0; turn < 5; turn++) {
    client.send(head(`GET /${turn}`))
    t.equal((await client.message()).status, 200)
  }
  t.equal(upstream.connections.length, 3)
  await upstream.connections[0]?.gone()
})
