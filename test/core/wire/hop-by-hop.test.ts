import t from 'tap'
import { endToEnd, HeaderNames, isForbiddenTrailer } from '../../../core/wire/mod.ts'

t.test('endToEnd drops what belongs to one connection', (t) => {
  const hop = [
    ['Connection', 'keep-alive'],
    ['Keep-Alive', 'timeout=5'],
    ['Proxy-Connection', 'close'],
    ['Proxy-Authorization', 'Basic x'],
    ['Proxy-Authenticate', 'Basic'],
    ['TE', 'trailers'],
    ['Trailer', 'X-T'],
    ['Transfer-Encoding', 'chunked'],
    ['Upgrade', 'websocket'],
  ].flat()
  t.same(endToEnd(['Host', 'a', ...hop, 'X-A', 'b']), ['Host', 'a', 'X-A', 'b'])
  t.end()
})

t.test('endToEnd drops what Connection names, however it is written', (t) => {
  const list = ['Connection', 'close, X-A ,, x-B', 'connection', 'X-C', 'x-a', '1', 'X-B', '2']
  t.same(endToEnd([...list, 'X-C', '3', 'X-D', '4']), ['X-D', '4'])
  t.end()
})

t.test('endToEnd lets Connection name away neither Host, Content-Length nor firm fields', (t) => {
  const list = ['Host', 'a', 'Connection', 'host, content-length, client-cert, x-a']
  const rest = ['Content-Length', '5', 'Client-Cert', ':x:', 'X-A', 'b']
  const firm = new HeaderNames(['client-cert'])
  t.same(endToEnd([...list, ...rest], { firm }), [
    'Host',
    'a',
    'Content-Length',
    '5',
    'Client-Cert',
    ':x:',
  ])
  t.end()
})

t.test('endToEnd drops further fields, firm or not', (t) => {
  const drop = new HeaderNames(['x-a'])
  t.same(endToEnd(['X-A', '1', 'X-B', '2'], { drop, firm: drop }), ['X-B', '2'])
  t.end()
})

t.test('isForbiddenTrailer knows fields that only a head may carry', (t) => {
  const forbidden = 'Content-Length Transfer-Encoding HOST Authorization Cookie Content-Type ' +
    'Connection TE Trailer X-Forwarded-For Forwarded Client-Cert Set-Cookie'
  for (const name of forbidden.split(' ')) t.ok(isForbiddenTrailer(name), name)
  for (const name of ['X-Checksum', 'Server-Timing', 'grpc-status', 'Digest']) {
    t.notOk(isForbiddenTrailer(name), name)
  }
  t.end()
})
