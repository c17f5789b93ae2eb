import t from 'tap'
import { head, plainClient } from '../support/client.ts'
import { plainScene } from '../core/proxy/scene.ts'

const HOST = 'Host: example.com\r\n'
const post = (fields: string, body = ''): string => `POST / HTTP/1.1\r\n${HOST}${fields}\r\n${body}`
const chunked = (body: string): string => post('Transfer-Encoding: chunked\r\n', body)
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: example.com\r\n\r\n'

/** What RFC 9112 calls an error, by the clause that says so. */
const ERRORS: Readonly<Record<string, readonly string[]>> = {
  'section 2.2: bare CR and bare LF': [
    `GET / HTTP/1.1\n${HOST}\r\n`,
    `GET / HTTP/1.1\r\nHost: example.com\n\n`,
    `GET /\r HTTP/1.1\r\n${HOST}\r\n`,
    `GET / HTTP/1.1\r\n${HOST}X: a\rb\r\n\r\n`,
    `GET / HTTP/1.1\r\n${HOST}X: a\nTransfer-Encoding: chunked\r\n\r\n`,
  ],
  'section 2.2: white space before the first field': [`GET / HTTP/1.1\r\n ${HOST}\r\n`],
  'section 3: the request line': [
    `GET  / HTTP/1.1\r\n${HOST}\r\n`,
    `GET / HTTP/1.1 \r\n${HOST}\r\n`,
    ` GET / HTTP/1.1\r\n${HOST}\r\n`,
    `GET\t/ HTTP/1.1\r\n${HOST}\r\n`,
    `GET /a b HTTP/1.1\r\n${HOST}\r\n`,
    `G(T / HTTP/1.1\r\n${HOST}\r\n`,
    `GET / http/1.1\r\n${HOST}\r\n`,
    `GET /\r\n`,
    `GET / HTTP/1.1x\r\n${HOST}\r\n`,
  ],
  'section 3.2: Host': [
    'GET / HTTP/1.1\r\n\r\n',
    `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`,
    'GET / HTTP/1.1\r\nHost: a.com, b.com\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: user@a.com\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a.com/x\r\n\r\n',
  ],
  'section 5.1: white space before the colon': [
    post('Content-Length : 3\r\n', 'abc'),
    post('Transfer-Encoding : chunked\r\n', `0\r\n\r\n${SMUGGLED}`),
    `GET / HTTP/1.1\r\n${HOST}X\r\n\r\n`,
    `GET / HTTP/1.1\r\n${HOST}: x\r\n\r\n`,
    `GET / HTTP/1.1\r\n${HOST}X\0: y\r\n\r\n`,
  ],
  'section 5.2: line folding': [post('Content-Length:\r\n 3\r\n', 'abc')],
  'section 6.1: Transfer-Encoding together with Content-Length': [
    post('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${SMUGGLED}`),
    post('Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', `0\r\n\r\n${SMUGGLED}`),
  ],
  'section 6.1: Transfer-Encoding in HTTP/1.0': [
    `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  'section 6.3: where chunked is not the last coding': [
    post('Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n'),
    post('Transfer-Encoding: chunked, chunked\r\n', '0\r\n\r\n'),
    post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'),
    post('Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n', '0\r\n\r\n'),
    post('Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\n'),
    post('Transfer-Encoding:\r\n', 'abc'),
  ],
  'section 6.3: an invalid Content-Length': [
    ...['3, 4', '+3', '-3', '3 3', '0x3', '3;', '3.0', '99999999999999999999', '', ' , 3'].map(
      (value) => post(`Content-Length: ${value}\r\n`, 'abc'),
    ),
    post('Content-Length: 3\r\nContent-Length: 4\r\n', 'abcd'),
  ],
  'section 7.1: chunks': [
    ...[
      'zz\r\n',
      '3\nabc\r\n0\r\n\r\n',
      '3\r\nabcd\r\n0\r\n\r\n',
      '-3\r\nabc\r\n',
      '0x3\r\nabc\r\n',
    ],
    ...['3 \nabc\r\n', '\r\n0\r\n\r\n', 'ffffffffffffffffff\r\n', '3\r\nabcX\r\n0\r\n\r\n'],
    ...['3;a\nb\r\nabc\r\n0\r\n\r\n', '0\r\nX\r\n\r\n', '0\r\n X: y\r\n\r\n'],
  ].map(chunked),
}

for (const [clause, requests] of Object.entries(ERRORS)) {
  t.test(`whatever RFC 9112 calls an error is refused and the connection closed: ${clause}`, async (t) => {
    const { upstream, gateway } = await plainScene(t)
    for (const request of requests) {
      const client = await plainClient(t, gateway.port())
      client.send(request + SMUGGLED)
      const { status, header } = await client.message()
      t.ok([400, 413, 501, 505].includes(status), `${status}: ${JSON.stringify(request)}`)
      t.equal(header('connection'), 'close')
      await client.gone()
      t.equal(client.text, '', 'no second answer')
    }
    t.strictSame(upstream.requests.map(({ start }) => start), [], 'nothing whole reached it')
    for (const each of upstream.connections) t.notMatch(each.text, /smuggled/)
    const honest = await plainClient(t, gateway.port())
    honest.send(head('GET /honest'))
    t.equal((await honest.message()).body, 'got GET /honest HTTP/1.1')
  })
}

t.test('framing is written anew, never copied', async (t) => {
  const { gateway, upstream } = await plainScene(t)
  const cases = [
    [post('content-length: 003\r\n', 'abc'), 'content-length', '3'],
    [post('Content-Length: 3\r\nContent-Length: 3\r\n', 'abc'), 'content-length', '3'],
    [chunked('03;x="y"\r\nabc\r\n0\r\n\r\n'), 'transfer-encoding', 'chunked'],
    [
      post('Transfer-Encoding: CHUNKED\r\n', '3\r\nabc\r\n0\r\n\r\n'),
      'transfer-encoding',
      'chunked',
    ],
  ]
  for (const [request = '', name = '', value] of cases) {
    const client = await plainClient(t, gateway.port())
    client.send(request)
    const { status, header } = await client.message()
    if (status === 400) {
      t.equal(header('connection'), 'close', 'refusing is as good')
      continue
    }
    const got = upstream.requests.at(-1)
    t.equal(got?.header(name), value)
    t.equal(got?.body, 'abc')
    t.equal(
      got?.headers.filter(([each]) => /content-length|transfer-encoding/i.test(each)).length,
      1,
    )
  }
})
