import t from 'tap'
import { latin1Bytes, parseProxyHeader, writeProxyHeader } from '../../../core/wire/mod.ts'

const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n'

function read(text: string): ReturnType<typeof parseProxyHeader> {
  return parseProxyHeader(latin1Bytes(text))
}

function version2(command: number, family: number, rest: readonly number[]): string {
  const length = [rest.length >> 8, rest.length & 255]
  return SIGNATURE + String.fromCharCode(command, family, ...length, ...rest)
}

const FOUR = [192, 0, 2, 1, 198, 51, 100, 1, 0x1f, 0x90, 0, 80]

t.test('parseProxyHeader reads version 1', (t) => {
  const line = 'PROXY TCP4 192.0.2.1 198.51.100.1 8080 80\r\n'
  t.same(read(`${line}GET /`), {
    kind: 'header',
    version: 1,
    source: { host: '192.0.2.1', port: 8080 },
    destination: { host: '198.51.100.1', port: 80 },
    length: line.length,
  })
  t.match(read('PROXY TCP6 2001:DB8::1 ::1 1 65535\r\n'), {
    source: { host: '2001:db8::1', port: 1 },
    destination: { host: '::1', port: 65535 },
  })
  for (const text of ['PROXY UNKNOWN\r\n', 'PROXY UNKNOWN whatever it says\r\n']) {
    t.match(read(text), { kind: 'header', source: undefined, length: text.length })
  }
  t.end()
})

t.test('parseProxyHeader refuses malformed headers of version 1', (t) => {
  const four = '192.0.2.1 198.51.100.1'
  const lines = [
    `PROXY TCP4 ${four} 1 2\n`,
    `PROXY TCP4  ${four} 1 2\r\n`,
    `PROXY TCP4 ${four} 1 2 \r\n`,
    `PROXY TCP4 ${four} 01 2\r\n`,
    `PROXY TCP4 ${four} -1 2\r\n`,
    `PROXY TCP4 ${four} 65536 2\r\n`,
    `PROXY TCP4 ${four} 1\r\n`,
    `PROXY TCP6 ${four} 1 2\r\n`,
    `PROXY TCP4 ::1 ::2 1 2\r\n`,
    `PROXY TCP4 192.0.2.256 198.51.100.1 1 2\r\n`,
    `PROXY UDP4 ${four} 1 2\r\n`,
    `PROXY UNKNOWNS\r\n`,
    `PROXY \r\n`,
    `PROXY UNKNOWN ${'x'.repeat(93)}`,
  ]
  for (const line of lines) t.equal(read(line).kind, 'invalid', JSON.stringify(line))
  t.end()
})

t.test('parseProxyHeader reads version 2 and steps over what follows the addresses', (t) => {
  const tlv = [4, 0, 3, 1, 2, 3]
  const text = version2(0x21, 0x11, [...FOUR, ...tlv])
  t.same(read(`${text}GET`), {
    kind: 'header',
    version: 2,
    source: { host: '192.0.2.1', port: 8080 },
    destination: { host: '198.51.100.1', port: 80 },
    length: text.length,
  })
  const unknown = [
    version2(0x20, 0x00, []),
    version2(0x20, 0x11, FOUR),
    version2(0x20, 0xff, [1]),
    version2(0x21, 0x00, [1, 2, 3]),
    version2(0x21, 0x31, new Array<number>(216).fill(0)),
  ]
  for (const header of unknown) {
    t.match(read(header), { kind: 'header', source: undefined, length: header.length })
  }
  t.end()
})

t.test('parseProxyHeader refuses malformed headers of version 2', (t) => {
  const headers = [
    version2(0x22, 0x11, FOUR),
    version2(0x11, 0x11, FOUR),
    version2(0x21, 0x12, FOUR),
    version2(0x21, 0x41, FOUR),
    version2(0x21, 0x21, FOUR),
    version2(0x21, 0x11, FOUR.slice(1)),
    `${SIGNATURE}\x21\x11\xff\xff`,
    `${SIGNATURE}\x31`,
  ]
  for (const header of headers) t.equal(read(header).kind, 'invalid', JSON.stringify(header))
  t.end()
})

t.test('parseProxyHeader asks for more while the bytes may still become a header', (t) => {
  const headers = ['PROXY TCP4 192.0.2.1 198.51.100.1 1 2\r\n', version2(0x21, 0x11, FOUR)]
  for (const header of headers) {
    const shorter = Array.from(header, (_, length) => read(header.slice(0, length)).kind)
    t.ok(shorter.every((kind) => kind === 'more'))
    t.equal(read(header).kind, 'header')
  }
  for (const text of ['GET / HTTP/1.1', 'PROXYTCP4', 'P ', '\r\n\r\nGET', '\x16\x03\x01']) {
    t.equal(read(text).kind, 'absent', JSON.stringify(text))
  }
  t.end()
})

t.test('writeProxyHeader writes what parseProxyHeader reads', (t) => {
  const pairs = [['192.0.2.1', '198.51.100.1'], ['2001:db8::1', '::1']] as const
  for (const version of [1, 2] as const) {
    for (const [from, to] of pairs) {
      const source = { host: from, port: 40000 }
      const destination = { host: to, port: 443 }
      const bytes = writeProxyHeader({ version, source, destination })
      const length = bytes.length
      t.same(parseProxyHeader(bytes), { kind: 'header', version, source, destination, length })
    }
    const mixed = { source: { host: '::1', port: 1 }, destination: { host: '192.0.2.1', port: 2 } }
    const bytes = writeProxyHeader({ version, ...mixed })
    t.match(parseProxyHeader(bytes), { kind: 'header', version, source: undefined })
  }
  t.end()
})
