import t from 'tap'
import { HpackDecoder, type HpackResult } from '../../../../core/wire/h2/hpack-decoder.ts'
import { HpackEncoder } from '../../../../core/wire/h2/hpack-encoder.ts'
import { huffmanDecode, huffmanEncode, huffmanLength } from '../../../../core/wire/h2/huffman.ts'
import { type HeaderList, latin1Bytes, plainLatin1 } from '../../../../core/wire/mod.ts'
import { numbers } from './numbers.ts'

const LIMITS = { listSize: 65_536, fieldCount: 100, tableSize: 4096 }

function hex(text: string): Uint8Array {
  return Uint8Array.from(text.replaceAll(' ', '').match(/../g) ?? [], (each) => parseInt(each, 16))
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function decoder(limits: Partial<typeof LIMITS> = {}): HpackDecoder {
  return new HpackDecoder({ ...LIMITS, ...limits }, plainLatin1)
}

function kinds(blocks: readonly string[], limits: Partial<typeof LIMITS> = {}): string[] {
  const reader = decoder(limits)
  return blocks.map((block) => reader.decode(hex(block)).kind)
}

const fields = (list: HeaderList): HpackResult => ({ kind: 'fields', fields: list })

t.test('HpackDecoder reads the examples of RFC 7541 appendix C', (t) => {
  const first = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com']
  const second = [...first, 'cache-control', 'no-cache']
  const third = [
    ...[':method', 'GET', ':scheme', 'https', ':path', '/index.html'],
    ...[':authority', 'www.example.com', 'custom-key', 'custom-value'],
  ]
  const plain = decoder()
  t.same(plain.decode(hex('828684410f7777772e6578616d706c652e636f6d')), fields(first), 'C.3.1')
  t.same(plain.decode(hex('828684be58086e6f2d6361636865')), fields(second), 'C.3.2')
  const custom = '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565'
  t.same(plain.decode(hex(custom)), fields(third), 'C.3.3')
  const coded = decoder()
  t.same(coded.decode(hex('828684418cf1e3c2e5f23a6ba0ab90f4ff')), fields(first), 'C.4.1')
  t.same(coded.decode(hex('828684be5886a8eb10649cbf')), fields(second), 'C.4.2')
  const shorter = '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf'
  t.same(coded.decode(hex(shorter)), fields(third), 'C.4.3')
  t.end()
})

t.test('HpackDecoder evicts as in RFC 7541 appendix C.6', (t) => {
  const reader = decoder({ tableSize: 256 })
  const blocks = [
    '3fe101 488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad17186' +
    '3c78f0b97c8e9ae82ae43d3',
    '4883640effc1c0bf',
    '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdf' +
    'cd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
  ]
  const date = 'Mon, 21 Oct 2013 20:13:21 GMT'
  const site = 'https://www.example.com'
  t.same(
    reader.decode(hex(blocks[0]!)),
    fields([':status', '302', 'cache-control', 'private', 'date', date, 'location', site]),
  )
  t.same(
    reader.decode(hex(blocks[1]!)),
    fields([':status', '307', 'cache-control', 'private', 'date', date, 'location', site]),
  )
  t.match(reader.decode(hex(blocks[2]!)), {
    fields: [
      ...[':status', '200', 'cache-control', 'private', 'date', date.replace('21 GMT', '22 GMT')],
      ...['location', site, 'content-encoding', 'gzip', 'set-cookie', /^foo=.*version=1$/],
    ],
  })
  t.end()
})

t.test('HpackDecoder reads integers up to 2^28 and says so beyond', (t) => {
  const index = 127 + 2 ** 28 - 1
  t.same(decoder().decode(hex('ffffffff7f')), {
    kind: 'broken',
    detail: `There is no entry ${index}`,
  })
  t.match(decoder().decode(hex('ff8080808001')), { detail: /too large/ })
  t.match(decoder().decode(hex('ff80808080')), { detail: /too large/ })
  t.match(decoder().decode(hex('00ffffffff7f')), { detail: 'A string is cut off' })
  t.match(decoder().decode(hex('3fe11f')), fields([]), 'a size of 4096')
  t.match(decoder().decode(hex('3fe21f')), { detail: 'A table of 4097 bytes was not allowed' })
  t.match(decoder().decode(hex('3f808000')), fields([]), 'zeros in front say nothing')
  t.end()
})

t.test('HpackDecoder bounds what a block may become', (t) => {
  const value = `7f8107${'61'.repeat(1024)}`
  const entry = `400178${value}`
  t.same(kinds([`${entry}${'be'.repeat(3)}`], { listSize: 5000 }), ['fields'])
  t.same(kinds([`${entry}${'be'.repeat(5)}`], { listSize: 5000 }), ['too-large'])
  t.same(kinds([`${entry}${'be'.repeat(4000)}`], { listSize: 5000 }), ['bomb'])
  t.same(kinds(['82'.repeat(100)]), ['fields'])
  t.same(kinds(['82'.repeat(101)]), ['too-large'])
  t.same(
    kinds([`${entry}${'be'.repeat(6)}400179017a`, 'be', 'bf', 'c0'], { listSize: 5000 }),
    ['too-large', 'fields', 'fields', 'broken'],
    'what is too large still goes into the table',
  )
  t.end()
})

t.test('HpackDecoder takes entries as RFC 7541 section 4 says', (t) => {
  const small = { tableSize: 40 }
  t.same(kinds(['20', '3f09', '3f0a'], small), ['fields', 'fields', 'broken'])
  t.same(kinds(['4001780179', 'be'], small), ['fields', 'fields'], '34 bytes')
  t.same(
    kinds(['400178087979797979797979', 'be'], small),
    ['fields', 'broken'],
    '41 bytes empty it',
  )
  t.same(kinds(['4001780179', '7e0179', 'be', 'bf'], small), [
    'fields',
    'fields',
    'fields',
    'broken',
  ], 'a name may be that of an entry which leaves for it')
  t.end()
})

t.test('Huffman codes every byte, and nothing else', (t) => {
  const all = plainLatin1(Uint8Array.from({ length: 256 }, (_, byte) => byte), 0, 256)
  for (const text of ['', 'a', 'www.example.com', all, ...all]) {
    const target = new Uint8Array(text.length * 4 + 4)
    const end = huffmanEncode(text, target, 0)
    t.equal(end, huffmanLength(text), 'as long as was said')
    t.equal(huffmanDecode(target, 0, end, plainLatin1), text)
  }
  const decoded = (code: string): string | undefined => {
    const bytes = hex(code)
    return huffmanDecode(bytes, 0, bytes.length, plainLatin1)
  }
  t.equal(decoded('1f'), 'a', 'padded with three ones')
  t.equal(decoded('18'), undefined, 'padded with zeros')
  t.equal(decoded('1fff'), undefined, 'padded with more than seven bits')
  t.equal(decoded('ffffffff'), undefined, 'EOS')
  t.equal(decoded('ffffff'), undefined, 'a code cut off')
  const long = 'a'.repeat(5000)
  const target = new Uint8Array(5000)
  t.equal(huffmanDecode(target, 0, huffmanEncode(long, target, 0), plainLatin1), long)
  t.end()
})

t.test('HpackEncoder tells the smallest and the last size of its table', (t) => {
  const encoder = new HpackEncoder()
  const next = (): string => toHex(encoder.encode([':method', 'GET']))
  t.equal(next(), '82')
  encoder.allow(65_536)
  t.equal(next(), '82', 'it uses no more than the standard’s')
  encoder.allow(100)
  encoder.allow(4096)
  t.equal(next(), '3f453fe11f82')
  encoder.allow(0)
  t.equal(next(), '2082')
  encoder.allow(100)
  encoder.allow(0)
  t.equal(next(), '82')
  encoder.allow(4096)
  t.equal(next(), '3fe11f82')
  t.equal(next(), '82')
  t.end()
})

t.test('HpackEncoder keeps secrets out of tables', (t) => {
  const encoder = new HpackEncoder()
  for (const name of ['authorization', 'cookie', 'x-api-key', 'set-cookie']) {
    const first = toHex(encoder.encode([name, 'secret']))
    t.equal(first.slice(0, 1), '1', `${name} is never indexed`)
    t.equal(toHex(encoder.encode([name, 'secret'])), first)
  }
  const before = encoder.encode(['x-tenant', 'acme']).length
  t.ok(encoder.encode(['x-tenant', 'acme']).length < before, 'others are')
  t.end()
})

t.test('HpackDecoder reads what HpackEncoder wrote, whatever the table may hold', (t) => {
  const below = numbers(11)
  const names = ['a', 'server', 'x-long-name', 'date', ':path', 'cookie', 'accept', 'etag']
  const text = (): string =>
    plainLatin1(Uint8Array.from({ length: below(300) }, () => below(256)), 0, 300)
  for (let round = 0; round < 60; round++) {
    const encoder = new HpackEncoder()
    const reader = decoder()
    for (let message = 0; message < 40; message++) {
      for (let i = below(4); i > 1; i--) encoder.allow([0, 50, 100, 2000, 4096, 9999][below(6)]!)
      const list: HeaderList = []
      for (let i = below(12); i >= 0; i--) {
        list.push(names[below(names.length)]!, below(3) > 0 ? `v${below(9)}` : text())
      }
      const result = reader.decode(encoder.encode(list))
      if (result.kind !== 'fields' || result.fields.join('\0') !== list.join('\0')) {
        t.same(result, fields(list))
        return t.end()
      }
    }
  }
  t.pass('all were read')
  t.end()
})

t.test('HpackDecoder throws at nothing', (t) => {
  const below = numbers(5)
  const seen = new Set<string>()
  for (let round = 0; round < 300; round++) {
    const reader = decoder({ listSize: 40 })
    for (let i = 0; i < 20; i++) {
      const block = Uint8Array.from({ length: below(40) }, () => below(4) > 0 ? below(256) : 130)
      seen.add(reader.decode(block).kind)
    }
  }
  t.same([...seen].sort(), ['bomb', 'broken', 'fields', 'too-large'])
  t.same(decoder().decode(latin1Bytes('')), fields([]))
  t.end()
})

t.test('what is never to be indexed stays so (RFC 7541 section 6.2.3)', (t) => {
  const decoder = new HpackDecoder({ listSize: 1000, fieldCount: 10, tableSize: 4096 }, plainLatin1)
  // x: 1 without indexing, y: 2 and accept: 3 never indexed.
  const block = [0x00, 1, 0x78, 1, 0x31, 0x10, 1, 0x79, 1, 0x32, 0x1f, 4, 1, 0x33]
  const read = decoder.decode(Uint8Array.from(block))
  const fields = ['x', '1', 'y', '2', 'accept', '3']
  t.match(read, { kind: 'fields', fields, sensitive: new Set(['y', 'accept']) })
  const encoder = new HpackEncoder()
  encoder.encode(['y', '2'])
  const written = [...encoder.encode(fields, new Set(['y', 'accept']))]
  t.same(written.slice(0, 1), [0x40], 'x enters the table')
  t.same(written.slice(-9), [0x10, 1, 0x79, 1, 0x32, 0x1f, 4, 1, 0x33], 'not even by an index')
  t.end()
})
