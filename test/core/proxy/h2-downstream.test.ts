/** Clients that speak HTTP/2, before an endpoint that speaks HTTP/1.1. */
import t from 'tap'
import { H2Error } from '../../../core/wire/mod.ts'
import { TestClock } from '../../support/gateway.ts'
import { fieldOf, h2Client, requestFields } from '../../support/h2.ts'
import { okay, startUpstream } from '../../support/upstream.ts'
import { h2Pki, h2Scene, secureTo } from './h2-scene.ts'

const files = await h2Pki(t)

t.test('a request and its answer, and the line that tells of them', async (t) => {
  const upstream = await startUpstream(t)
  const { gateway, client } = await h2Scene(t, files, { to: upstream.address })
  const answer = await client.get('/a?b=c', ['x-own', '1', 'cookie', 'a=b', 'cookie', 'c=d'])
  t.equal(answer.status, 200)
  t.equal(answer.field('content-length'), '23')
  t.equal(answer.body, 'got GET /a?b=c HTTP/1.1')
  const [request] = upstream.requests
  t.equal(request?.header('host'), 'test.com')
  t.equal(request?.header('cookie'), 'a=b; c=d', 'crumbs become one field')
  t.equal(request?.header('x-own'), '1')
  t.equal(request?.header('x-forwarded-host'), 'test.com')
  t.equal(request?.header('transfer-encoding'), undefined)
  t.match(await gateway.line({ path: '/a' }), {
    version: '2',
    status: 200,
    method: 'GET',
    host: 'test.com',
    sni: 'test.com',
    route: 'all',
  })
})

t.test('many streams at once on one connection', async (t) => {
  const upstream = await startUpstream(t)
  const { gateway, client } = await h2Scene(t, files, { to: upstream.address })
  await client.get('/first')
  const streams = Array.from({ length: 100 }, (_, i) => {
    return client.request(requestFields('GET', `/${i}`))
  })
  for (const [i, stream] of streams.entries()) {
    t.equal((await stream.whole()).body, `got GET /${i} HTTP/1.1`)
  }
  const { requests, connections } = gateway.service.counters()
  t.equal(requests['all']?.['200'], 101)
  t.equal(connections['main'], 1)
  client.close()
  await client.gone()
  await gateway.line({ path: '/99' })
})

t.test('what has no body: HEAD, 204, 304, an empty one', async (t) => {
  const upstream = await startUpstream(t, {
    answer: ({ start }) => {
      if (start.startsWith('HEAD')) return 'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n'
      if (start.includes('/204')) return 'HTTP/1.1 204 No Content\r\n\r\n'
      if (start.includes('/304')) return 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n'
      return 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
    },
  })
  const { client } = await h2Scene(t, files, { to: upstream.address })
  const head = await client.request(requestFields('HEAD', '/')).whole()
  t.same([head.status, head.field('content-length'), head.body], [200, '7', ''])
  for (const status of [204, 304, 200]) {
    const { status: got, body } = await client.get(`/${status}`)
    t.same([got, body], [status, ''])
  }
  t.equal(upstream.connections.length, 1)
})

t.test('bodies without a length, and trailers, both ways', async (t) => {
  const upstream = await startUpstream(t, {
    answer: ({ body, trailers, chunked }) => {
      const text = `${chunked} ${body} ${JSON.stringify(trailers)}`
      return 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n' +
        `${text.length.toString(16)}\r\n${text}\r\n0\r\nX-Sum: 42\r\nContent-Length: 9\r\n\r\n`
    },
  })
  const { client } = await h2Scene(t, files, { to: upstream.address })
  const stream = client.request(requestFields('POST', '/'), { open: true })
  stream.send('one ')
  stream.send('two')
  stream.finish(['x-check', 'sum', 'host', 'evil'])
  await stream.whole()
  t.equal(stream.body, 'true one two [["x-check","sum"]]')
  t.same(stream.trailers, ['x-sum', '42'], 'a trailer that belongs in the head is left out')
})

t.test('interim answers come through, and Expect goes up', async (t) => {
  const upstream = await startUpstream(t, {
    raw: (connection) => {
      void connection.until('the head', () => connection.text.includes('\r\n\r\n') || undefined)
        .then(async () => {
          connection.send('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')
          connection.send('HTTP/1.1 100 Continue\r\n\r\n')
          await connection.until('the body', () => connection.text.endsWith('body') || undefined)
          connection.send(okay('done'))
        })
    },
  })
  const { client } = await h2Scene(t, files, { to: upstream.address })
  const fields = [...requestFields('PUT', '/'), 'expect', '100-continue', 'content-length', '4']
  const stream = client.request(fields, { open: true })
  await stream.until('100', () => {
    return stream.interim.some((fields) => fieldOf(fields, ':status') === '100') || undefined
  })
  t.equal(fieldOf(stream.interim[0] ?? [], 'link'), '</a>')
  stream.send('body')
  stream.finish()
  t.equal((await stream.whole()).body, 'done')
})

t.test('a stream that the client resets ends its request at the endpoint, and no other', async (t) => {
  const upstream = await startUpstream(t, { answer: () => undefined })
  const { gateway, client } = await h2Scene(t, files, { to: upstream.address })
  const streams = ['/1', '/2'].map((path) => client.request(requestFields('GET', path)))
  await upstream.request(1)
  const doomed = upstream.requests.find(({ start }) => start.includes('/1'))
  const other = upstream.requests.find(({ start }) => start.includes('/2'))
  streams[0]?.cancel()
  await doomed?.connection.gone()
  t.match(await gateway.line({ path: '/1' }), { code: 'CLIENT_GONE' })
  other?.connection.send(okay('still here'))
  t.equal((await streams[1]?.whole())?.body, 'still here')
})

t.test('a client that goes ends all its requests', async (t) => {
  const upstream = await startUpstream(t, { answer: () => undefined })
  const { gateway, client } = await h2Scene(t, files, { to: upstream.address })
  for (let i = 0; i < 5; i++) client.request(requestFields('GET', `/${i}`))
  await upstream.request(4)
  client.close()
  for (const connection of upstream.connections) await connection.gone()
  await gateway.lineWhere('five', () => gateway.refusals('CLIENT_GONE') === 5 || false)
  t.equal(gateway.service.counters().connections['main'] ?? 0, 0)
})

t.test('an answer that breaks off is reset, never ended', async (t) => {
  for (const framing of ['Content-Length: 100', 'Transfer-Encoding: chunked']) {
    const upstream = await startUpstream(t, {
      answer: ({ connection }) => {
        connection.send(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n3\r\nabc\r\n`)
        connection.socket.end()
        return undefined
      },
    })
    const { gateway, client } = await h2Scene(t, files, { to: upstream.address })
    const stream = client.request(requestFields('GET', '/'))
    t.equal(await stream.gone(), 2, 'INTERNAL_ERROR')
    t.notOk(stream.ended)
    await gateway.line({ code: 'UPSTREAM_CLOSED' })
    t.equal(client.closed, false, 'the connection stays')
  }
})

t.test('a big body down: a client that reads slowly slows the endpoint, and gets all', async (t) => {
  const size = 30_000_000
  const upstream = await startUpstream(t, {
    answer: ({ connection }) => {
      connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
      void connection.flood(size)
      return undefined
    },
  })
  const { client } = await h2Scene(t, files, { to: upstream.address, client: { reads: false } })
  const stream = client.request(requestFields('GET', '/'))
  const connection = await upstream.connection(0)
  await stream.until('a window full', () => stream.bytes >= 65_535 || undefined)
  t.equal(await connection.stalls(), true, 'the endpoint is held')
  t.ok(stream.bytes <= 262_144, `${stream.bytes} came`)
  t.equal((await waitless(client)).status, 200, 'other streams go on')
  client.readOn()
  await stream.whole()
  t.equal(stream.bytes, size)

  /** Another stream's answer while the first one stands. */
  async function waitless(peer: typeof client) {
    const other = peer.request(requestFields('HEAD', '/'))
    await other.gotHead()
    other.cancel()
    return other
  }
})

t.test('a big body up: an endpoint that reads slowly slows the client, and gets all', async (t) => {
  const size = 20_000_000
  let read = (): void => {}
  const upstream = await startUpstream(t, {
    raw: (connection) => {
      connection.forget = true
      void connection.until('the head', () => connection.total > 0 || undefined).then(() => {
        connection.socket.pause()
        read = () => connection.socket.resume()
      })
      void connection.until('the end', () => connection.total > size || undefined)
        .then(() => connection.send(okay('all of it')))
    },
  })
  const { client } = await h2Scene(t, files, { to: upstream.address })
  const fields = [...requestFields('POST', '/'), 'content-length', String(size)]
  const stream = client.request(fields, { open: true })
  let sent = 0
  const flooding = (async () => {
    for (; sent < size; sent += 16_000) {
      if (stream.send(new Uint8Array(16_000))) continue
      await new Promise<void>((resolve) => stream.onWritable = resolve)
    }
    stream.finish()
  })()
  let before = -1
  while (before !== sent) {
    before = sent
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  t.ok(sent < size, `${sent} sent while nobody read`)
  read()
  await flooding
  t.equal((await stream.whole()).body, 'all of it')
})

t.test('drain lets streams under way finish, and takes no more', async (t) => {
  const upstream = await startUpstream(t, { answer: () => undefined })
  const { gateway, client } = await h2Scene(t, files, { to: upstream.address })
  const stream = client.request(requestFields('GET', '/'))
  const { connection } = await upstream.request(0)
  const drained = gateway.service.gateway.drain(10_000)
  await client.until('GOAWAY', () => client.goaways[0])
  t.equal(client.goaways[0]?.code, 0)
  t.equal(client.h2.canOpen, false)
  connection.send(okay('late'))
  t.equal((await stream.whole()).body, 'late')
  await client.gone()
  await drained
  await gateway.line({ status: 200 })
})

t.test('what drainTimeout cuts is told so', async (t) => {
  const upstream = await startUpstream(t, { answer: () => undefined })
  const { gateway, client } = await h2Scene(t, files, { to: upstream.address })
  client.request(requestFields('GET', '/'))
  await upstream.request(0)
  await gateway.service.gateway.drain(10)
  await client.gone()
  await gateway.line({ code: 'DRAINING', path: '/' })
})

t.test('a host of another client policy is misdirected: 421', async (t) => {
  const upstream = await startUpstream(t)
  const { gateway, client } = await h2Scene(t, files, { to: upstream.address })
  const stream = await client.request(requestFields('GET', '/', 'other.com')).whole()
  t.equal(stream.status, 421)
  t.equal((await client.get('/')).status, 200, 'the connection goes on')
  await gateway.line({ status: 421, host: 'other.com' })
})

t.test('plans refuse streams one by one, and what changes bites on the next', async (t) => {
  const upstream = await startUpstream(t)
  const { certFile } = files.client
  const text = (state: string): string =>
    secureTo(files, upstream.address).replace(/routes:.*/, '') + `
apis:
  - { name: orders, upstream: main, match: { paths: [/*] }, plans: [{ name: p, type: mtls }] }
applications:
  - name: acme
    certificates: [{ cert: ${certFile} }]
    subscriptions: [{ api: orders, plan: p, status: ${state} }]
`
  const options = { to: upstream.address }
  const { gateway, client: bare } = await h2Scene(t, files, options)
  t.equal(await gateway.reconfigure(text('accepted')), undefined)
  t.equal((await bare.get('/bare')).status, 401)
  const sni = 'test.com'
  const own = await h2Client(t, gateway.port(), { sni, certificate: files.client })
  t.equal((await own.get('/1')).status, 200)
  t.equal(await gateway.reconfigure(text('paused')), undefined)
  t.equal((await own.get('/2')).status, 401)
  t.equal(await gateway.reconfigure(text('accepted')), undefined)
  t.equal((await own.get('/3')).status, 200)
  t.equal(upstream.requests.length, 2)
  t.match(await gateway.line({ path: '/3' }), { application: 'acme', version: '2' })
})

t.test('a certificate that is revoked in between: the next stream feels it', async (t) => {
  const { pki, ca, client: certificate } = files
  const upstream = await startUpstream(t)
  const clear = await pki.crl('clear.crl', ca)
  const revoking = await pki.crl('revoking.crl', ca, { revoked: [certificate] })
  const text = (crl: string): string =>
    secureTo(files, upstream.address, { route: 'clients: { required: true }' })
      .replace(`ca: ${ca.certFile}`, `ca: ${ca.certFile}, crl: [${crl}]`)
      .replace(/, clients: \{ required: true \}/, '')
      .replace(/routes:.*/, '') + `
apis: [{ name: a, upstream: main, match: { paths: [/*] }, plans: [{ name: p, type: mtls }] }]
applications:
  - { name: acme, certificates: [{ cert: ${certificate.certFile} }], subscriptions: [{ api: a, plan: p }] }
`
  const { gateway } = await h2Scene(t, files, { to: upstream.address })
  t.equal(await gateway.reconfigure(text(clear)), undefined)
  const client = await h2Client(t, gateway.port(), { sni: 'test.com', certificate })
  t.equal((await client.get('/1')).status, 200)
  t.equal(await gateway.reconfigure(text(revoking)), undefined)
  t.equal((await client.get('/2')).status, 401)
})

t.test('heads and bodies beyond their limits: 431 and 413', async (t) => {
  const upstream = await startUpstream(t)
  const limits = 'headSize: 2KiB, bodySize: 1KiB'
  const { gateway, client } = await h2Scene(t, files, { to: upstream.address, limits })
  const big = await client.request([...requestFields('GET', '/'), 'x', 'y'.repeat(3000)]).gotHead()
  t.equal(big.status, 431)
  const told = [...requestFields('POST', '/told'), 'content-length', '2000']
  const long = await client.request(told, { open: true }).gotHead()
  t.equal(long.status, 413)
  const untold = client.request(requestFields('POST', '/untold'), { open: true })
  untold.send('x'.repeat(2000))
  t.equal((await untold.gotHead()).status, 413)
  t.equal((await client.get('/fine')).status, 200)
  await gateway.line({ code: 'HEAD_TOO_LARGE', status: 431 })
  t.match(await gateway.line({ path: '/untold' }), { code: 'BODY_TOO_LARGE' })
  t.equal(upstream.requests.length, 1)
})

t.test('who is answered early reads the answer before it is told to stop sending', async (t) => {
  const clock = new TestClock()
  const { client } = await h2Scene(t, files, { to: '127.0.0.1:9', limits: 'bodySize: 1KiB', clock })
  const told = [...requestFields('POST', '/long'), 'content-length', '2000']
  const stream = await client.request(told, { open: true }).whole()
  t.equal(stream.status, 413)
  t.equal((await client.request(requestFields('GET', '/')).whole()).status, 502)
  t.equal(stream.reset, undefined)
  clock.skip(300)
  t.equal(await stream.gone(), H2Error.NoError)
})

t.test('a body that falls silent: 408', async (t) => {
  const upstream = await startUpstream(t)
  const clock = new TestClock()
  const limits = 'bodyTimeout: 2s'
  const { gateway, client } = await h2Scene(t, files, { to: upstream.address, limits, clock })
  const stream = client.request(requestFields('POST', '/slow'), { open: true })
  stream.send('a')
  await upstream.connection(0)
  clock.skip(3000)
  t.equal((await stream.gotHead()).status, 408)
  await gateway.line({ code: 'REQUEST_TIMEOUT', path: '/slow' })
  t.equal((await client.get('/next')).status, 200)
})

t.test('a client that never opens its window is cut off', async (t) => {
  const upstream = await startUpstream(t, {
    answer: ({ connection }) => {
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n')
      void connection.flood(9_000_000)
      return undefined
    },
  })
  const clock = new TestClock()
  const limits = 'sendTimeout: 2s'
  const client = { reads: false }
  const scene = await h2Scene(t, files, { to: upstream.address, limits, clock, client })
  const stream = scene.client.request(requestFields('GET', '/big'))
  await stream.until('a window', () => stream.bytes >= 65_535 || undefined)
  t.equal(await (await upstream.connection(0)).stalls(), true)
  clock.skip(3000)
  t.equal(await stream.gone(), 2)
  await scene.gateway.line({ code: 'CLIENT_GONE', path: '/big' })
  await (await upstream.connection(0)).gone()
})

t.test('a connection without streams ends after idleTimeout', async (t) => {
  const upstream = await startUpstream(t)
  const clock = new TestClock()
  const limits = 'idleTimeout: 2s'
  const { client } = await h2Scene(t, files, { to: upstream.address, limits, clock })
  await client.get('/')
  clock.skip(3000)
  await client.gone()
  t.equal(client.goaways[0]?.code, 0)
})

t.test('requestsPerConnection ends the connection behind the last answer', async (t) => {
  const upstream = await startUpstream(t)
  const limits = 'requestsPerConnection: 3'
  const { client } = await h2Scene(t, files, { to: upstream.address, limits })
  for (const path of ['/1', '/2', '/3']) t.equal((await client.get(path)).status, 200)
  await client.gone()
  t.equal(client.goaways[0]?.code, 0)
})
