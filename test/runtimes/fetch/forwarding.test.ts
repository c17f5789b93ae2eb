/** What goes upstream and comes back by the host's own `fetch`. */
import { Buffer } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { certificateToHeader } from '../../../core/mod.ts'
import { createFetchHandler } from '../../../runtimes/fetch/mod.ts'
import { Pki } from '../../support/pki.ts'
import { closed, codeOf, json, nobody, scene, statusOf, toAll, upstream } from './scene.ts'

/** A promise that others settle. */
function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => resolve = settle)
  return { promise, resolve }
}

async function* chunksOf(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield decoder.decode(value, { stream: true })
  }
}

t.test('identity headers are removed, and the certificate is told', async (t) => {
  const pki = new Pki(t)
  const ca = await pki.authority('ca')
  const acme = await pki.issue('acme', { ca, use: 'clientAuth' })
  const { address, requests } = await upstream(t)
  const { ask } = scene({
    clients: { mode: 'require', ca: ca.chain },
    routes: [{ ...toAll([address]), forwardCertificate: 'client-cert' }],
  }, { identityHeaders: ['X-Worker-Cert'] })
  const headers = {
    'Client-Cert': ':AAAA:',
    'Client_Cert': ':AAAA:',
    'X-Forwarded-Client-Cert': 'Hash=1',
    'x-worker-cert': 'mine',
    'X_Worker_Cert': 'mine',
    'X-Forwarded-For': '198.51.100.1',
    'X-Real-IP': '198.51.100.1',
    'Forwarded': 'for=198.51.100.1',
    'X-Other': 'goes on',
  }
  const response = await ask('https://api.test:8443/', { headers }, {
    clientCertificate: acme.chain,
  })
  await response.text()
  const got = requests[0]?.headers ?? {}
  t.equal(got['client-cert'], certificateToHeader(acme.der))
  t.equal(got['x-forwarded-for'], '203.0.113.7')
  t.equal(got['x-real-ip'], '203.0.113.7')
  t.equal(got['x-forwarded-proto'], 'https')
  t.equal(got['x-forwarded-port'], '8443')
  t.equal(got['x-forwarded-host'], 'api.test:8443')
  t.equal(got['x-other'], 'goes on')
  for (const name of ['client_cert', 'x-forwarded-client-cert', 'x-worker-cert', 'x_worker_cert']) {
    t.equal(got[name], undefined, name)
  }
  t.equal(got['forwarded'], undefined)
})

t.test('hop-by-hop fields stay where they are, both ways', async (t) => {
  const { address, requests } = await upstream(t, (_request, response) => {
    response.setHeader('Connection', 'X-Hop')
    response.setHeader('X-Hop', '1')
    response.setHeader('Proxy-Authenticate', 'Basic')
    response.setHeader('Set-Cookie', ['a=1', 'b=2'])
    response.setHeader('X-End', '1')
    response.end('ok')
  })
  const { ask } = scene({ routes: [toAll([address])] })
  const headers = {
    'Connection': 'x-mine',
    'X-Mine': '1',
    'TE': 'trailers',
    'Proxy-Authorization': 'Basic x',
    'Expect': '100-continue',
    'Upgrade': 'websocket',
    'X-End': '1',
  }
  const response = await ask('/', { headers })
  t.equal(await response.text(), 'ok')
  t.strictSame(response.headers.getSetCookie(), ['a=1', 'b=2'])
  t.equal(response.headers.get('x-end'), '1')
  for (const name of ['connection', 'x-hop', 'proxy-authenticate', 'keep-alive']) {
    t.equal(response.headers.get(name), null, name)
  }
  const got = requests[0]?.headers ?? {}
  t.equal(got['x-end'], '1')
  for (const name of ['x-mine', 'te', 'proxy-authorization', 'expect', 'upgrade']) {
    t.equal(got[name], undefined, name)
  }
})

t.test('bodies stream both ways', async (t) => {
  const { address } = await upstream(t, (request, response) => {
    response.writeHead(200)
    request.on('data', (bytes: Buffer) => void response.write(`got ${bytes.toString()};`))
    request.on('end', () => void response.end('over'))
  })
  const { ask, records } = scene({ routes: [toAll([address])] })
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  const send = (text: string) => writer.write(new TextEncoder().encode(text))
  const init = { method: 'POST', body: readable, duplex: 'half' } as RequestInit
  const asked = ask('/', init)
  await send('one')
  const chunks = chunksOf(await asked)
  t.equal((await chunks.next()).value, 'got one;', 'before the request has ended')
  await send('two')
  t.equal((await chunks.next()).value, 'got two;')
  await writer.close()
  t.equal((await chunks.next()).value, 'over')
  t.equal((await chunks.next()).done, true)
  t.match(records, [{ status: 200, requestBytes: 6, responseBytes: 20, code: '' }])
})

t.test('redirections are passed on, not followed', async (t) => {
  const { address, requests } = await upstream(t, (_request, response) => {
    response.writeHead(302, { Location: '/elsewhere' }).end()
  })
  const { ask } = scene({ routes: [toAll([address])] })
  const response = await ask('/')
  t.equal(await statusOf(response), 302)
  t.equal(response.headers.get('location'), '/elsewhere')
  t.equal(requests.length, 1)
})

t.test('responses without a body', async (t) => {
  const { address } = await upstream(t, (request, response) => {
    const status = Number(request.url?.slice(1))
    response.writeHead(status, { 'X-Here': '1' }).end()
  })
  const { ask, records } = scene({ routes: [toAll([address])] })
  for (const status of [204, 205, 304]) {
    const response = await ask(`/${status}`)
    t.equal(response.status, status)
    t.equal(response.headers.get('x-here'), '1')
    t.equal(response.body, null)
  }
  const head = await ask('/200', { method: 'HEAD' })
  t.equal(head.status, 200)
  t.equal(await head.text(), '')
  t.strictSame(records.map(({ status }) => status).slice(0, 3), [204, 205, 304])
})

t.test('what fetch has decoded is not called coded', async (t) => {
  const codings = { gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync }
  const { address } = await upstream(t, (request, response) => {
    const coding = request.url?.slice(1) as keyof typeof codings
    const body = codings[coding](Buffer.from('a text '.repeat(100)))
    response.writeHead(200, { 'Content-Encoding': coding, 'Content-Length': body.length })
    response.end(body)
  })
  const { ask } = scene({ routes: [toAll([address])] })
  for (const coding of ['gzip', 'br']) {
    const headers = { 'Accept-Encoding': 'gzip, deflate, br, zstd' }
    const response = await ask(`/${coding}`, { headers })
    t.equal(await response.text(), 'a text '.repeat(100), coding)
    t.equal(response.headers.get('content-encoding'), null)
    t.equal(response.headers.get('content-length'), null)
  }
  t.equal(await codeOf(await ask('/deflate', json)), '502 UPSTREAM_MALFORMED')
})

t.test('a second endpoint is asked where a request can be sent twice', async (t) => {
  const { address, requests } = await upstream(t)
  const down = await nobody()
  const upstreams = { two: { endpoints: [{ address: down, weight: 2 }, { address }] } }
  const routes = [{ match: { paths: ['/*'] }, upstream: 'two' }]
  const fresh = () => scene({ upstreams, routes })
  const get = fresh()
  const response = await get.ask('/')
  t.equal(await response.text(), 'GET /')
  t.match(get.records, [{ status: 200, endpoint: address, code: '' }])
  await (await get.ask('/')).text()
  t.equal(get.records[1]?.endpoint, address, 'the one that failed rests')
  const post = await fresh().ask('/', { ...json, method: 'POST', body: 'once' })
  t.equal(await codeOf(post), '502 UPSTREAM_UNREACHABLE')
  const bare = await fresh().ask('/', { ...json, method: 'POST' })
  t.equal(await codeOf(bare), '502 UPSTREAM_UNREACHABLE')
  t.equal(requests.length, 2)
  const none = scene({ upstreams: { two: { ...upstreams.two, retries: 0 } }, routes })
  t.equal(await statusOf(await none.ask('/')), 502)
})

t.test('an upstream that is down', async (t) => {
  const address = await nobody()
  const { ask, records } = scene({ routes: [toAll([address])] })
  const response = await ask('/', json)
  t.equal(await codeOf(response), '502 UPSTREAM_UNREACHABLE')
  t.match(records, [{ status: 502, code: 'UPSTREAM_UNREACHABLE', endpoint: address }])
  t.match(records[0]?.detail, address, 'the record tells more than the answer')
})

t.test('an upstream without endpoints that take traffic', async (t) => {
  const upstreams = { none: { endpoints: [{ address: await nobody(), weight: 0 }] } }
  const { ask } = scene({ upstreams, routes: [{ upstream: 'none' }] })
  t.equal(await codeOf(await ask('/', json)), '503 NO_ENDPOINT')
})

t.test('an upstream that stays silent', async (t) => {
  const arrived = deferred<IncomingMessage>()
  const { address, requests } = await upstream(t, (request) => arrived.resolve(request))
  const taken = arrived.promise.then(({ socket }) => closed(socket))
  const other = await upstream(t)
  const upstreams = { slow: { endpoints: [{ address, weight: 2 }, { address: other.address }] } }
  const slow = { ...upstreams.slow, readTimeout: '60ms' }
  const { ask, records } = scene({ upstreams: { slow }, routes: [{ upstream: 'slow' }] })
  t.equal(await codeOf(await ask('/', json)), '504 UPSTREAM_TIMEOUT')
  t.equal(requests.length, 1)
  t.equal(other.requests.length, 0, 'no other is asked: this one may be at work still')
  t.match(records, [{ status: 504, detail: /silent for 60 ms/ }])
  await taken
  t.pass('the request is let go of')
})

t.test('an answer that does not begin in time', async (t) => {
  const { address } = await upstream(t, () => {})
  const upstreams = { slow: { endpoints: [{ address }] } }
  const routes = [{ upstream: 'slow', upstreamTimes: { answer: '60ms' } }]
  const { ask } = scene({ upstreams, routes })
  t.equal(await codeOf(await ask('/', json)), '504 ANSWER_TIMEOUT')
})

t.test('an answer that is long under way is not too late', async (t) => {
  const { address } = await upstream(t, (_request, response) => {
    response.writeHead(200)
    let left = 5
    const timer = setInterval(() => {
      response.write('.')
      if (--left > 0) return
      clearInterval(timer)
      response.end()
    }, 40)
  })
  const { ask } = scene({ routes: [toAll([address], { readTimeout: '150ms' })] })
  t.equal(await (await ask('/')).text(), '.....', '200 ms in all')
})

t.test('an answer that falls silent breaks off', async (t) => {
  const { address } = await upstream(t, (_request, response) => void response.write('begun'))
  const { ask, records } = scene({ routes: [toAll([address], { readTimeout: '60ms' })] })
  const chunks = chunksOf(await ask('/'))
  t.equal((await chunks.next()).value, 'begun')
  await t.rejects(chunks.next())
  t.match(records, [{ status: 200, code: 'UPSTREAM_TIMEOUT', responseBytes: 5 }])
})

t.test('an answer that breaks off', async (t) => {
  const { address } = await upstream(t, (_request, response) => {
    response.writeHead(200, { 'Content-Length': 10 })
    response.write('begun', () => response.destroy())
  })
  const { ask, records } = scene({ routes: [toAll([address])] })
  const response = await ask('/')
  await t.rejects(response.text())
  t.match(records, [{ status: 200, code: 'UPSTREAM_CLOSED' }])
})

t.test('a client that aborts takes the request back from the upstream', async (t) => {
  const arrived = deferred<IncomingMessage>()
  const { address } = await upstream(t, (request) => arrived.resolve(request))
  const { ask, records } = scene({ routes: [toAll([address])] })
  const client = new AbortController()
  const asked = ask('/', { signal: client.signal })
  const request = await arrived.promise
  const taken = closed(request.socket)
  client.abort()
  await taken
  t.equal((await asked).status, 499)
  t.match(records, [{ status: 0, code: 'CLIENT_GONE' }])
  const late = await ask('/', { signal: client.signal })
  t.equal(late.status, 499, 'nothing is asked for one who has gone')
})

t.test('a client that reads no further takes the request back as well', async (t) => {
  const arrived = deferred<ServerResponse>()
  const { address } = await upstream(t, (_request, response) => {
    response.write('begun')
    arrived.resolve(response)
  })
  const { ask, records } = scene({ routes: [toAll([address])] })
  const response = await ask('/')
  const taken = closed(await arrived.promise)
  await response.body?.cancel()
  await taken
  t.match(records, [{ status: 200, code: 'CLIENT_GONE' }])
})

t.test('a client whose body breaks off', async (t) => {
  const arrived = deferred<IncomingMessage>()
  const { address } = await upstream(t, (request) => {
    request.on('error', () => {})
    arrived.resolve(request)
  })
  const { ask, records } = scene({ routes: [toAll([address])] })
  let broken = (_error: Error): void => {}
  const body = new ReadableStream<Uint8Array>({
    start: (to) => {
      to.enqueue(new Uint8Array([1]))
      broken = (error) => to.error(error)
    },
  })
  const asked = ask('/', { method: 'POST', body, duplex: 'half' } as RequestInit)
  const taken = closed((await arrived.promise).socket)
  broken(new Error('Gone'))
  t.equal((await asked).status, 499)
  await taken
  t.match(records, [{ code: 'CLIENT_GONE', detail: 'Gone' }])
})

t.test('bodies longer than limits.bodySize', async (t) => {
  const { address } = await upstream(t, (request, response) => {
    request.resume()
    request.on('error', () => {})
    request.on('end', () => void response.end('all'))
  })
  const { ask } = scene({ limits: { bodySize: 5 }, routes: [toAll([address])] })
  const post = (body: BodyInit, headers = {}) =>
    ask('/', {
      method: 'POST',
      headers: { ...json.headers, ...headers },
      body,
      duplex: 'half',
    } as RequestInit)
  t.equal(await (await post('12345')).text(), 'all')
  t.equal(await codeOf(await post('123456')), '413 BODY_TOO_LARGE')
  const endless = new ReadableStream<Uint8Array>({
    pull: (to) => to.enqueue(new Uint8Array(3)),
  })
  t.equal(await codeOf(await post(endless)), '413 BODY_TOO_LARGE')
  t.equal(await codeOf(await post('12', { 'Content-Length': '6' })), '413 BODY_TOO_LARGE')
})

t.test("a host's own fetch is told the upstream", async (t) => {
  const asked: string[] = []
  const { ask } = scene({
    upstreams: { orders: { endpoints: [{ address: 'orders.internal:8443' }], tls: {} } },
    routes: [{ upstream: 'orders' }],
  }, {
    fetch: (request, upstream) => {
      asked.push(`${upstream}: ${request.method} ${request.url} ${request.redirect}`)
      return Promise.resolve(new Response('hello', { status: 201 }))
    },
  })
  const response = await ask('/a?b', { method: 'PUT', body: 'x' })
  t.equal(response.status, 201)
  t.equal(await response.text(), 'hello')
  t.strictSame(asked, ['orders: PUT https://orders.internal:8443/a?b manual'])
})

t.test('statuses that cannot be passed on, and methods that cannot be sent', async (t) => {
  const hidden = { type: 'opaqueredirect', status: 0, headers: new Headers(), body: null }
  const { ask } = scene({ routes: [toAll(['127.0.0.1:1'])] }, {
    fetch: () => Promise.resolve(hidden as unknown as Response),
  })
  t.equal(await codeOf(await ask('/', json)), '502 UPSTREAM_MALFORMED')
  const handle = createFetchHandler({ routes: [toAll(['127.0.0.1:1'])] })
  const request = { method: 'TRACE', url: 'https://api.test/', headers: new Headers(), body: null }
  const answer = await handle(request as Request, { address: '203.0.113.7' })
  t.equal(answer.status, 501)
})
