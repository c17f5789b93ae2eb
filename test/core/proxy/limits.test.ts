import t from 'tap'
import { head, plainClient } from '../../support/client.ts'
import { okay } from '../../support/upstream.ts'
import { plainScene } from './scene.ts'

/** What exceeds a limit, and what is answered. */
const CASES = [
  {
    limits: 'headSize: 1k',
    request: head('GET /', [`X: ${'x'.repeat(2000)}`]),
    status: 431,
    code: 'HEAD_TOO_LARGE',
  },
  {
    limits: 'headSize: 1k',
    request: `GET / HTTP/1.1\r\nHost: example.com\r\nX: ${'x'.repeat(1500)}`,
    status: 431,
    code: 'HEAD_TOO_LARGE',
  },
  {
    limits: 'targetSize: 100',
    request: head(`GET /${'x'.repeat(200)}`),
    status: 414,
    code: 'TARGET_TOO_LONG',
  },
  {
    limits: 'headSize: 1k, targetSize: 1k',
    request: `GET /${'x'.repeat(1500)}`,
    status: 414,
    code: 'TARGET_TOO_LONG',
  },
  {
    limits: 'headerCount: 10',
    request: head('GET /', Array.from({ length: 20 }, (_, i) => `X-${i}: y`)),
    status: 431,
    code: 'HEAD_TOO_LARGE',
  },
  {
    limits: 'bodySize: 10',
    request: head('POST /', ['Content-Length: 11']),
    status: 413,
    code: 'BODY_TOO_LARGE',
  },
  {
    limits: 'bodySize: 10',
    request: head('POST /', ['Transfer-Encoding: chunked']) + 'b\r\nhello world\r\n',
    status: 413,
    code: 'BODY_TOO_LARGE',
  },
]

t.test('what exceeds a limit is refused by status and code, and the connection closed', async (t) => {
  for (const { limits, request, status, code } of CASES) {
    const { client, gateway, upstream } = await plainScene(t, {}, { limits })
    client.send(request)
    const answer = await client.message()
    t.equal(answer.status, status, `${limits}: ${JSON.stringify(request.slice(0, 40))}`)
    t.equal(answer.header('connection'), 'close')
    await client.finished()
    t.match(await gateway.line({ code }), { status })
    t.equal(gateway.refusals(code), 1)
    t.equal(upstream.requests.length, 0)
  }
})

t.test('what just keeps within limits goes on', async (t) => {
  const limits = 'headSize: 1k, targetSize: 100, headerCount: 3, bodySize: 10'
  const { client } = await plainScene(t, {}, { limits })
  client.send(head(`POST /${'x'.repeat(99)}`, ['A: b', 'Content-Length: 10']) + '0123456789')
  t.equal((await client.message()).status, 200)
})

t.test('a body that exceeds its limit within does not become a whole request', async (t) => {
  const { client, upstream } = await plainScene(t, {}, { limits: 'bodySize: 1000' })
  client.send(head('POST /', ['Transfer-Encoding: chunked']) + '5\r\nhello\r\n')
  const connection = await upstream.connection(0)
  await connection.until('the piece', () => connection.text.includes('hello') || undefined)
  client.send(`3e8\r\n${'x'.repeat(1000)}\r\n0\r\n\r\n`)
  t.equal((await client.message()).status, 413)
  await connection.gone()
  t.equal(upstream.requests.length, 0)
})

t.test('limits.connections bounds open connections, and makes room when one closes', async (t) => {
  const { client, gateway } = await plainScene(t, {}, { limits: 'connections: 2' })
  const second = await plainClient(t, gateway.port())
  second.send(head('GET /'))
  await second.message()
  const third = await plainClient(t, gateway.port())
  await third.gone()
  t.match(await gateway.line({ code: 'CONNECTION_LIMIT' }), { status: 0, address: '127.0.0.1' })
  client.close()
  second.close()
  await gateway.connections(0)
  const fourth = await plainClient(t, gateway.port())
  fourth.send(head('GET /'))
  t.equal((await fourth.message()).status, 200)
})

t.test('limits.connectionsPerAddress bounds those of one address alone', async (t) => {
  const { client, gateway } = await plainScene(t, {}, { limits: 'connectionsPerAddress: 1' })
  const same = await plainClient(t, gateway.port())
  await same.gone()
  const other = await plainClient(t, gateway.port(), { from: '127.0.0.2' })
  for (const each of [client, other]) {
    each.send(head('GET /'))
    t.equal((await each.message()).status, 200)
  }
  t.equal(gateway.refusals('CONNECTION_LIMIT'), 1)
})

t.test('an endless head of an answer is 502', async (t) => {
  const { client, gateway } = await plainScene(t, {
    answer: () => `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
  })
  client.send(head('GET /'))
  t.equal((await client.message()).status, 502)
  await gateway.line({ code: 'UPSTREAM_MALFORMED' })
})

t.test('endless 1xx are 502', async (t) => {
  const { client } = await plainScene(t, {
    answer: () => 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100) + okay('x'),
  })
  client.send(head('GET /'))
  for (;;) {
    const { status } = await client.message()
    if (status === 102) continue
    t.equal(status, 502)
    break
  }
})
