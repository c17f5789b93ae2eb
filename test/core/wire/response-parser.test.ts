import t from 'tap'
import {
  latin1Bytes,
  type ResponseHead,
  ResponseParser,
  type WireError,
} from '../../../core/wire/mod.ts'
import { LIMITS } from './reading.ts'

function recorder(): { parser: ResponseParser; told: string[] } {
  const told: string[] = []
  const parser = new ResponseParser({
    onHead: (head: ResponseHead) => void told.push(`head ${head.status} ${head.framing}`),
    onBody: (bytes: Uint8Array) => void told.push(`body ${bytes.length}`),
    onEnd: () => void told.push('end'),
    onError: (error: WireError) => void told.push(`error ${error.code}`),
  }, { limits: LIMITS })
  return { parser, told }
}

t.test('ResponseParser reads the answers of one connection, one a request', (t) => {
  const { parser, told } = recorder()
  parser.next('HEAD')
  const head = latin1Bytes('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n')
  t.equal(parser.push(head), head.length)
  parser.next('GET')
  parser.push(head)
  parser.push(latin1Bytes('hello'))
  t.same(told, ['head 200 none', 'end', 'head 200 length', 'body 5', 'end'])
  t.equal(parser.eof(), undefined)
  t.end()
})

t.test('ResponseParser tells a body that ends with the connection from one cut short', (t) => {
  const closing = recorder()
  closing.parser.next('GET')
  closing.parser.push(latin1Bytes('HTTP/1.1 200 OK\r\n\r\nhello'))
  t.equal(closing.parser.eof(), undefined)
  t.same(closing.told, ['head 200 until-close', 'body 5', 'end'])
  const short = recorder()
  short.parser.next('GET')
  short.parser.push(latin1Bytes('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello'))
  t.equal(short.parser.eof()?.code, 'MALFORMED_RESPONSE')
  t.same(short.told, ['head 200 length', 'body 5'])
  t.end()
})

t.test('ResponseParser is idle until the first byte of an answer', (t) => {
  const { parser } = recorder()
  parser.next('GET')
  t.ok(parser.idle)
  t.equal(parser.eof(), undefined)
  parser.next('GET')
  parser.push(latin1Bytes('H'))
  t.notOk(parser.idle)
  t.end()
})

t.test('ResponseParser may be abandoned at an interim head', (t) => {
  const told: number[] = []
  const parser: ResponseParser = new ResponseParser({
    onHead(head): void {
      told.push(head.status)
      parser.abandon()
    },
    onBody: () => {},
    onEnd: () => void told.push(0),
    onError: () => void told.push(-1),
  }, { limits: LIMITS })
  parser.next('GET')
  const chunk = latin1Bytes('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n')
  t.equal(parser.push(chunk), chunk.length)
  t.same(told, [100])
  t.end()
})
