import t from 'tap'
import { head } from '../../support/client.ts'
import { okay } from '../../support/upstream.ts'
import { plainScene } from './scene.ts'

const CHUNKED = ['Transfer-Encoding: chunked']

t.test('a chunked request goes on chunked, with its trailers', async (t) => {
  const { upstream, client } = await plainScene(t)
  client.send(head('POST /', CHUNKED) + '5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nX-Sum: 11\r\n\r\n')
  t.equal((await client.message()).status, 200)
  const request = await upstream.request(0)
  t.equal(request.body, 'hello world')
  t.ok(request.chunked)
  t.equal(request.header('content-length'), undefined)
  t.strictSame(request.trailers, [['X-Sum', '11']])
})

t.test('trailers that could be taken for fields of the head do not go on', async (t) => {
  const forbidden = [
    'Content-Length: 3',
    'Host: evil',
    'Authorization: x',
    'Client-Cert: :x:',
    'X-Forwarded-For: 6.6.6.6',
    'X-Forwarded-Client-Cert: Hash=0',
    'X_Forwarded_Client_Cert: Hash=0',
    'X-Real-IP: 6.6.6.6',
    'Connection: close',
    'Transfer-Encoding: chunked',
  ]
  const { upstream, client } = await plainScene(t, {
    answer: () =>
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n' +
      'Set-Cookie: a=b\r\nContent-Type: x/y\r\nX-Fine: 1\r\nConnection: x-fine\r\n\r\n',
  })
  client.send(head('POST /', CHUNKED) + `0\r\n${forbidden.join('\r\n')}\r\nX-Fine: yes\r\n\r\n`)
  const answer = await client.message()
  t.strictSame((await upstream.request(0)).trailers, [['X-Fine', 'yes']])
  t.strictSame(answer.trailers, [['X-Fine', '1']])
})

t.test('a chunked answer goes on chunked, piece by piece', async (t) => {
  const { upstream, client } = await plainScene(t, { answer: () => undefined })
  client.send(head('GET /'))
  const { connection } = await upstream.request(0)
  connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
  await client.until('the head', () => client.text.includes('\r\n\r\n') || undefined)
  connection.send('3\r\none\r\n')
  await client.until('the first piece', () => client.text.endsWith('3\r\none\r\n') || undefined)
  connection.send('3\r\ntwo\r\n0\r\n\r\n')
  const { body, chunked } = await client.message()
  t.equal(body, 'onetwo')
  t.ok(chunked)
})

t.test('a body goes on piece by piece, before it is whole', async (t) => {
  const { upstream, client } = await plainScene(t)
  client.send(head('PUT /', ['Content-Length: 6']))
  const connection = await upstream.connection(0)
  await connection.until('the head', () => connection.text.endsWith('\r\n\r\n') || undefined)
  client.send('one')
  await connection.until(
    'the first piece',
    () => connection.text.endsWith('\r\n\r\none') || undefined,
  )
  client.send('two')
  t.equal((await upstream.request(0)).body, 'onetwo')
  t.equal((await client.message()).status, 200)
})

t.test('an answer up to the end of its connection becomes a chunked one', async (t) => {
  const { upstream, client } = await plainScene(t, {
    answer: ({ connection }) => {
      connection.send('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nup to the end')
      connection.socket.end()
      return undefined
    },
  })
  for (let i = 0; i < 2; i++) {
    client.send(head('GET /'))
    const { body, chunked, header } = await client.message()
    t.equal(body, 'up to the end')
    t.ok(chunked)
    t.equal(header('connection'), undefined)
  }
  t.equal(upstream.connections.length, 2)
})

t.test('answers to HEAD, 204 and 304 have no body, whatever they say', async (t) => {
  const answers = [
    'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    'HTTP/1.1 204 No Content\r\n\r\n',
    'HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nETag: "x"\r\n\r\n',
    okay('end'),
  ]
  let number = 0
  const { upstream, client } = await plainScene(t, { answer: () => answers[number++] })
  client.send(['HEAD', 'HEAD', 'GET', 'GET', 'GET', 'GET'].map((m) => head(`${m} /`)).join(''))
  const length = await client.message({ head: true })
  t.equal(length.header('content-length'), '1000', 'the length of what GET would give')
  const chunked = await client.message({ head: true })
  t.equal(chunked.header('content-length'), undefined)
  for (const status of [204, 204]) {
    const { header, ...answer } = await client.message()
    t.equal(answer.status, status)
    t.equal(header('content-length'), undefined, 'RFC 9110 section 8.6')
  }
  t.equal((await client.message()).header('content-length'), '1000')
  t.equal((await client.message()).body, 'end')
  t.equal(upstream.connections.length, 1)
})

t.test('refusals of HEAD have no body either', async (t) => {
  const { client } = await plainScene(t, {}, { route: "match: { paths: ['/only'] }" })
  client.send(head('HEAD /') + head('GET /only'))
  t.equal((await client.message({ head: true })).status, 404)
  t.equal((await client.message()).status, 200)
})

t.test('Expect: 100-continue and its answer are passed on', async (t) => {
  const { upstream, client } = await plainScene(t, { answer: ({ body }) => okay(body) })
  client.send(head('PUT /', ['Content-Length: 4', 'Expect: 100-continue']))
  const connection = await upstream.connection(0)
  await connection.until('the head', () => connection.text.endsWith('\r\n\r\n') || undefined)
  t.match(connection.text, /\r\nExpect: 100-continue\r\n/)
  connection.send('HTTP/1.1 100 Continue\r\n\r\n')
  t.equal((await client.message()).status, 100)
  client.send('body')
  t.equal((await client.message()).body, 'body')
})

t.test('a final answer in place of 100 ends the exchange', async (t) => {
  const { upstream, client } = await plainScene(t, {
    raw: (connection) => {
      void connection.until('a head', () => connection.text.includes('\r\n\r\n') || undefined)
        .then(() => connection.send('HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n'))
    },
  })
  client.send(head('PUT /', ['Content-Length: 4', 'Expect: 100-continue']))
  const answer = await client.message()
  t.equal(answer.status, 417)
  t.equal(answer.header('connection'), 'close', 'whether the body comes is not known')
  await client.finished()
  await (await upstream.connection(0)).gone()
})

t.test('other 1xx are passed on, but not to HTTP/1.0', async (t) => {
  const early = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n'
  const { client } = await plainScene(t, { answer: () => `${early}${early}${okay('done')}` })
  client.send(head('GET /'))
  for (let i = 0; i < 2; i++) {
    const { status, header } = await client.message()
    t.equal(status, 103)
    t.equal(header('link'), '</a.css>; rel=preload')
  }
  t.equal((await client.message()).body, 'done')
  client.send('GET / HTTP/1.0\r\nHost: example.com\r\n\r\n')
  t.equal((await client.message()).status, 200)
})

t.test('an answer before the request is whole reaches the client, and ends both connections', async (t) => {
  const { upstream, client, gateway } = await plainScene(t, {
    raw: (connection) => {
      void connection.until('some body', () => connection.total > 100_000 || undefined)
        .then(() => connection.send(okay('enough')))
    },
  })
  client.send(head('PUT /', ['Content-Length: 100000000']))
  void client.flood(100_000_000)
  const answer = await client.message()
  t.equal(answer.body, 'enough')
  t.equal(answer.header('connection'), 'close')
  await (await upstream.connection(0)).gone()
  await client.gone()
  t.match(await gateway.line({ method: 'PUT' }), { status: 200 })
})

t.test('a refusal before a small body is whole leaves the connection usable', async (t) => {
  const { client } = await plainScene(t, {}, { route: "match: { paths: ['/only'] }" })
  client.send(head('POST /', ['Content-Length: 10']) + 'half ')
  t.equal((await client.message()).status, 404)
  client.send('whole' + head('GET /only'))
  t.equal((await client.message()).status, 200)
})

t.test('a refusal before a big body is whole ends the connection', async (t) => {
  const { client } = await plainScene(t, {}, { route: "match: { paths: ['/only'] }" })
  client.send(head('POST /', ['Content-Length: 10000000']) + 'half')
  const answer = await client.message()
  t.equal(answer.status, 404)
  t.equal(answer.header('connection'), 'close')
  await client.finished()
})

t.test('an upstream that goes within a body cuts the client off', async (t) => {
  const { upstream, client, gateway } = await plainScene(t, { answer: () => undefined })
  client.send(head('GET /length'))
  const first = await upstream.request(0)
  first.connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort')
  await client.until('the piece', () => client.text.endsWith('short') || undefined)
  first.connection.close()
  await client.gone()
  t.match(await gateway.line({ code: 'UPSTREAM_CLOSED' }), { path: '/length', responseBytes: 5 })
})

t.test('an upstream that goes within a chunked body leaves it without a last chunk', async (t) => {
  const { upstream, client, gateway } = await plainScene(t, { answer: () => undefined })
  client.send(head('GET /chunked'))
  const { connection } = await upstream.request(0)
  connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n')
  await client.until('the piece', () => client.text.endsWith('short\r\n') || undefined)
  connection.socket.end()
  await client.gone()
  t.notMatch(client.text, /\r\n0\r\n/)
  await gateway.line({ code: 'UPSTREAM_CLOSED' })
})

t.test('a client that goes stops the upstream’s work at once', async (t) => {
  const { upstream, client, gateway } = await plainScene(t, { answer: () => undefined })
  client.send(head('GET /'))
  const { connection } = await upstream.request(0)
  client.close()
  await connection.gone()
  t.match(await gateway.line({ code: 'CLIENT_GONE' }), { method: 'GET', status: 0 })
})

t.test('a client that goes within its body does not make the request whole', async (t) => {
  for (const framing of ['Content-Length: 20', 'Transfer-Encoding: chunked']) {
    const { upstream, client } = await plainScene(t)
    client.send(head('POST /', [framing]) + '5\r\nhello\r\n')
    const connection = await upstream.connection(0)
    await connection.until('the body', () => connection.text.includes('hello') || undefined)
    client.socket.end()
    await connection.gone()
    t.equal(upstream.requests.length, 0)
    t.notMatch(connection.text, /\r\n0\r\n/)
  }
})

t.test('a body that breaks the rules of chunks is 400, and the request not made whole', async (t) => {
  const { upstream, client, gateway } = await plainScene(t)
  client.send(head('POST /', CHUNKED) + '5\r\nhello\r\n')
  const connection = await upstream.connection(0)
  await connection.until('the body', () => connection.text.includes('hello') || undefined)
  client.send('zz\r\n')
  const answer = await client.message()
  t.equal(answer.status, 400)
  await client.finished()
  await connection.gone()
  t.equal(upstream.requests.length, 0)
  await gateway.line({ code: 'MALFORMED_REQUEST', status: 400 })
})

t.test('a request that was refused is not refused once more for its body', async (t) => {
  const { client, gateway } = await plainScene(t, {}, { route: "match: { paths: ['/only'] }" })
  client.send(head('POST /', CHUNKED) + 'zz\r\nnot a chunk')
  t.equal((await client.message()).status, 404)
  await client.finished()
  t.equal(client.text, '')
  t.equal(gateway.lines.length, 1)
})

t.test('bytes reach the other side whatever they are', async (t) => {
  const every = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i))
  const { client } = await plainScene(t, { answer: ({ body }) => okay(body) })
  client.send(head('POST /', ['Content-Length: 256']) + every)
  t.equal((await client.message()).body, every)
})
