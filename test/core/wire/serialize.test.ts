import t from 'tap'
import {
  CHUNK_END,
  chunkHead,
  lastChunk,
  serializeRequestHead,
  serializeResponseHead,
} from '../../../core/wire/mod.ts'
import { readMessage } from './reading.ts'

t.test('serializeRequestHead writes what RequestParser reads', (t) => {
  const headers = ['Host', 'a.example', 'X-A', 'h\xe9', 'X-B', '']
  const text = serializeRequestHead({ method: 'GET', target: '/a?b', headers })
  t.equal(text, 'GET /a?b HTTP/1.1\r\nHost: a.example\r\nX-A: h\xe9\r\nX-B: \r\n\r\n')
  t.same(readMessage(text, []).head?.headers, headers)
  t.end()
})

t.test('serializeResponseHead writes what ResponseParser reads', (t) => {
  const head = { status: 404, reason: 'Not Found', headers: ['Content-Length', '0'] }
  const text = serializeResponseHead(head)
  t.equal(text, 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
  t.match(readMessage(text, [], { method: 'GET' }).head, head)
  t.match(serializeResponseHead({ ...head, reason: '' }), /^HTTP\/1\.1 404 \r\n/)
  t.end()
})

t.test('chunkHead, CHUNK_END and lastChunk frame what is read back', (t) => {
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
  const chunk = chunkHead(26) + 'abcdefghijklmnopqrstuvwxyz' + CHUNK_END
  t.match(readMessage(head + chunk + lastChunk(['X-A', 'b']), []), {
    body: 'abcdefghijklmnopqrstuvwxyz',
    trailers: ['X-A', 'b'],
    rest: '',
  })
  t.equal(lastChunk([]), '0\r\n\r\n')
  t.end()
})
