import t from 'tap'
import {
  type HeaderList,
  latin1Bytes,
  type RequestHead,
  RequestParser,
  type WireError,
} from '../../../core/wire/mod.ts'
import { LIMITS, readMessage } from './reading.ts'

const GET = 'GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n'

/** A parser that writes down what it tells. */
function recorder(): { parser: RequestParser; told: string[]; heads: RequestHead[] } {
  const told: string[] = []
  const heads: RequestHead[] = []
  const parser = new RequestParser({
    onHead(head: RequestHead): void {
      heads.push(head)
      told.push(`head ${head.path}`)
    },
    onBody: (bytes: Uint8Array) => void told.push(`body ${bytes.length}`),
    onEnd: (trailers: HeaderList) => void told.push(`end ${trailers.length}`),
    onError: (error: WireError, head: RequestHead | undefined) =>
      void told.push(`error ${error.code} ${head?.path ?? '-'}`),
  }, { limits: LIMITS })
  return { parser, told, heads }
}

t.test('RequestParser takes one message a push and leaves the rest to the caller', (t) => {
  const { parser, told } = recorder()
  const chunk = latin1Bytes(GET + GET + 'GET /b')
  t.equal(parser.push(chunk), GET.length)
  t.equal(parser.push(chunk, GET.length), GET.length, 'nothing before next()')
  parser.next()
  t.equal(parser.push(chunk, GET.length), GET.length * 2)
  parser.next()
  t.ok(parser.idle)
  t.equal(parser.push(chunk, GET.length * 2), chunk.length)
  t.notOk(parser.idle)
  t.equal(parser.eof()?.code, 'MALFORMED_REQUEST')
  t.same(told, ['head /a', 'end 0', 'head /a', 'end 0'])
  t.end()
})

t.test('RequestParser finds each of many requests in one piece', (t) => {
  const { parser, told } = recorder()
  const chunk = latin1Bytes(GET.repeat(50))
  let at = 0
  for (let i = 0; i < 50; i++) {
    at = parser.push(chunk, at)
    parser.next()
  }
  t.equal(at, chunk.length)
  t.equal(told.filter((line) => line === 'head /a').length, 50)
  t.end()
})

t.test('RequestParser hands on views of the chunk, not copies', (t) => {
  const bodies: Uint8Array[] = []
  const parser = new RequestParser({
    onHead: () => {},
    onBody: (bytes) => void bodies.push(bytes),
    onEnd: () => {},
    onError: () => {},
  }, { limits: LIMITS })
  const first = latin1Bytes('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello')
  const second = latin1Bytes('world')
  parser.push(first)
  parser.push(second)
  t.equal(bodies[0]?.buffer, first.buffer)
  t.equal(bodies[1], second)
  t.end()
})

t.test('RequestParser swallows everything after an error, and tells it once', (t) => {
  const { parser, told } = recorder()
  const bad = latin1Bytes('GET / HTTP/1.1\r\nHost : a\r\n\r\n')
  t.equal(parser.push(bad), bad.length)
  t.equal(parser.push(latin1Bytes(GET)), GET.length)
  t.equal(parser.eof(), undefined)
  t.same(told, ['error MALFORMED_REQUEST -'])
  t.end()
})

t.test('RequestParser tells the head with an error that comes after it', (t) => {
  const { parser, told } = recorder()
  parser.push(latin1Bytes('POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n'))
  t.same(told, ['error BODY_TOO_LARGE /x'])
  t.end()
})

for (
  const framing of [
    'Content-Length: 5\r\n\r\nhello',
    'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  ]
) {
  t.test(`RequestParser is silent once abandoned: ${framing.slice(0, 17)}`, (t) => {
    const told: string[] = []
    const parser: RequestParser = new RequestParser({
      onHead(): void {
        told.push('head')
        parser.abandon()
      },
      onBody: () => void told.push('body'),
      onEnd: () => void told.push('end'),
      onError: () => void told.push('error'),
    }, { limits: LIMITS })
    const chunk = latin1Bytes(`POST / HTTP/1.1\r\nHost: a\r\n${framing}`)
    t.equal(parser.push(chunk), chunk.length)
    t.same(told, ['head'])
    t.end()
  })

  t.test(`RequestParser may be abandoned within a body: ${framing.slice(0, 17)}`, (t) => {
    const told: string[] = []
    const parser: RequestParser = new RequestParser({
      onHead: () => {},
      onBody(): void {
        told.push('body')
        parser.abandon()
      },
      onEnd: () => void told.push('end'),
      onError: () => void told.push('error'),
    }, { limits: LIMITS })
    const chunk = latin1Bytes(`POST / HTTP/1.1\r\nHost: a\r\n${framing}`)
    t.equal(parser.push(chunk), chunk.length)
    t.same(told, ['body'])
    t.end()
  })
}

t.test('RequestParser may be readied for the next request within onEnd', (t) => {
  let count = 0
  const parser: RequestParser = new RequestParser({
    onHead: () => {},
    onBody: () => {},
    onEnd(): void {
      count++
      parser.next()
    },
    onError: () => {},
  }, { limits: LIMITS })
  const chunk = latin1Bytes(GET + GET)
  t.equal(parser.push(chunk), GET.length)
  t.equal(parser.push(chunk, GET.length), chunk.length)
  t.equal(count, 2)
  t.end()
})

t.test('RequestParser keeps nothing of one request in the next', (t) => {
  const { parser, heads } = recorder()
  const first =
    'GET /a HTTP/1.0\r\nHost: b.example\r\nConnection: keep-alive\r\nExpect: 100-continue\r\n\r\n'
  parser.push(latin1Bytes(first))
  parser.next()
  parser.push(latin1Bytes('GET /b HTTP/1.0\r\n\r\n'))
  const head = heads[1]
  t.match(head, { path: '/b', authority: '', host: '', keepAlive: false, framing: 'none' })
  t.same(head?.headers, [])
  t.end()
})

t.test('RequestParser counts the head to the byte', (t) => {
  const pad = LIMITS.headSize - GET.length - 'X: \r\n'.length
  const withPad = (size: number): string =>
    GET.replace('\r\n\r\n', `\r\nX: ${'a'.repeat(size)}\r\n\r\n`)
  t.equal(readMessage(withPad(pad), []).error, undefined)
  t.equal(readMessage(withPad(pad + 1), []).error?.code, 'HEAD_TOO_LARGE')
  const target = '/'.padEnd(LIMITS.targetSize, 'a')
  t.equal(readMessage(GET.replace('/a', target), []).error, undefined)
  t.equal(readMessage(GET.replace('/a', `${target}a`), []).error?.code, 'TARGET_TOO_LONG')
  t.end()
})

t.test('RequestParser escapes what it quotes', (t) => {
  const { error } = readMessage('GET / HTTP/1.1\r\nHost: a\x1b[31m"\r\n\r\n', [])
  t.equal(error?.detail, 'Read field "Host: a\\x1b[31m\\"": byte 0x1b in the value')
  const long = readMessage(`GET / HTTP/1.1\r\nHost: ${'a/'.repeat(500)}\r\n\r\n`, []).error
  t.ok((long?.detail.length ?? 0) < 100)
  t.end()
})

t.test('RequestParser reads a chunk that is a part of a larger buffer', (t) => {
  const { parser, told } = recorder()
  const large = latin1Bytes(`\0\0\0${GET}\0\0\0`)
  t.equal(parser.push(large.subarray(3, 3 + GET.length)), GET.length)
  t.same(told, ['head /a', 'end 0'])
  t.end()
})
