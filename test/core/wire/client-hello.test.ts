import { createServer } from 'node:net'
import { connect } from 'node:tls'
import t from 'tap'
import { parseClientHello } from '../../../core/wire/mod.ts'

const RANDOM = new Array<number>(32).fill(7)

function vector(size: number, bytes: readonly number[]): number[] {
  const length = Array.from(
    { length: size },
    (_, i) => (bytes.length >> (8 * (size - 1 - i))) & 255,
  )
  return [...length, ...bytes]
}

function codes(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0))
}

function extension(type: number, data: readonly number[]): number[] {
  return [type >> 8, type & 255, ...vector(2, data)]
}

function serverName(name: string): number[] {
  return extension(0, vector(2, [0, ...vector(2, codes(name))]))
}

/** A ClientHello message with its header. */
function message(...extensions: number[][]): number[] {
  const list = extensions.length === 0 ? [] : vector(2, extensions.flat())
  const body = [3, 3, ...RANDOM, 0, ...vector(2, [0x13, 1]), 1, 0, ...list]
  return [1, ...vector(3, body)]
}

/** Records that carry `bytes`, `size` of them each. */
function records(bytes: readonly number[], size = 16384): Uint8Array {
  const out: number[] = []
  for (let at = 0; at < bytes.length; at += size) {
    out.push(22, 3, 1, ...vector(2, bytes.slice(at, at + size)))
  }
  return Uint8Array.from(out)
}

function helloOf(bytes: Uint8Array): ReturnType<typeof parseClientHello> {
  return parseClientHello(bytes)
}

t.test('parseClientHello reads what a TLS client sends, in any portion', async (t) => {
  const first = await firstBytes({ servername: 'A.Example', ALPNProtocols: ['h2', 'http/1.1'] })
  const hello = helloOf(first)
  t.match(hello, { kind: 'hello', sni: 'a.example', alpn: ['h2', 'http/1.1'] })
  if (hello.kind !== 'hello') return
  t.ok(hello.versions.includes(0x0304) && hello.versions.includes(0x0303))
  t.ok(hello.signatureSchemes.includes(0x0403))
  const shorter = Array.from(first, (_, length) => helloOf(first.subarray(0, length)).kind)
  t.ok(shorter.every((kind) => kind === 'more'))
})

t.test('parseClientHello puts a hello together from records of any size', (t) => {
  const bytes = message(serverName('a.example'))
  for (const size of [1, 2, 3, 4, 5, 50]) {
    const cut = records(bytes, size)
    t.match(helloOf(cut), { kind: 'hello', sni: 'a.example' }, `${size} bytes each`)
    t.equal(helloOf(cut.subarray(0, cut.length - 1)).kind, 'more')
  }
  t.end()
})

t.test('parseClientHello takes a hello without extensions', (t) => {
  t.match(helloOf(records(message())), {
    kind: 'hello',
    sni: '',
    alpn: [],
    versions: [0x0303],
    signatureSchemes: [],
  })
  t.end()
})

t.test('parseClientHello ignores bytes after the hello', (t) => {
  const bytes = Uint8Array.from([...records(message()), 20, 3, 3, 0, 1, 1])
  t.equal(helloOf(bytes).kind, 'hello')
  t.end()
})

t.test('parseClientHello normalises and checks server names', (t) => {
  const named = (name: string): unknown => helloOf(records(message(serverName(name))))
  t.match(named('A.EXAMPLE.'), { sni: 'a.example' })
  t.match(named('192.0.2.1'), { sni: '' })
  t.match(named('localhost'), { sni: 'localhost' })
  for (
    const name of [
      '',
      '.',
      'a..b',
      'a\0.example',
      'a b',
      'caf\xe9',
      '[::1]',
      '*.example',
      '-a',
      `${'a'.repeat(64)}.b`,
      'a.'.repeat(127) + 'a',
      'a/b',
      'a:443',
    ]
  ) {
    t.match(named(name), { kind: 'invalid' }, JSON.stringify(name))
  }
  t.end()
})

t.test('parseClientHello refuses malformed hellos', (t) => {
  const name = vector(2, codes('a.b'))
  const hellos: Record<string, number[]> = {
    'two server name extensions': message(serverName('a.b'), serverName('a.c')),
    'two names in one': message(extension(0, vector(2, [0, ...name, 0, ...name]))),
    'a name of another type': message(extension(0, vector(2, [1, ...name]))),
    'an empty server name list': message(extension(0, [])),
    'bytes after the name list': message(extension(0, [...vector(2, [0, ...name]), 1])),
    'an empty protocol name': message(extension(16, vector(2, [0]))),
    'no protocol names': message(extension(16, vector(2, []))),
    'half a version': message(extension(43, vector(1, [3]))),
    'no versions': message(extension(43, vector(1, []))),
    'an extension that is too long': message([0, 21, 0, 9, 1]),
    'another handshake message': [2, ...message().slice(1)],
    'a hello of one byte': [1, 0, 0, 1, 3],
    'SSL 2': [1, ...vector(3, [0, 2, ...message().slice(6)])],
    'a hello beyond the bound': [1, 1, 0, 0],
  }
  for (const [name, bytes] of Object.entries(hellos)) {
    t.match(helloOf(records(bytes)), { kind: 'invalid', detail: /^Read ClientHello: / }, name)
  }
  t.match(parseClientHello(records(message()), 20), { kind: 'invalid' }, 'a bound of the caller')
  t.end()
})

t.test('parseClientHello refuses malformed records', (t) => {
  const bytes = message()
  const start = [...records(bytes.slice(0, 10))]
  const wrong: Record<string, number[]> = {
    'an empty record': [22, 3, 1, 0, 0],
    'a record that is too long': [22, 3, 1, 0x40, 1],
    'an alert in between': [...start, 21, 3, 3],
    'another version in between': [...start, 22, 2],
    'an empty record in between': [...start, 22, 3, 1, 0, 0],
  }
  for (const [name, sent] of Object.entries(wrong)) {
    t.equal(helloOf(Uint8Array.from(sent)).kind, 'invalid', name)
  }
  t.end()
})

t.test('parseClientHello knows what is not TLS from the first byte on', (t) => {
  for (
    const text of ['G', 'GET / HTTP/1.1', 'SSH-2.0', '\x80\x2e\x01', '\x16\x02', '\x15\x03\x01']
  ) {
    t.equal(helloOf(Uint8Array.from(codes(text))).kind, 'not-tls', JSON.stringify(text))
  }
  t.equal(helloOf(new Uint8Array(0)).kind, 'more')
  t.equal(helloOf(Uint8Array.of(22)).kind, 'more')
  t.end()
})

/** What a client of this host's TLS stack sends first. */
function firstBytes(options: { servername: string; ALPNProtocols: string[] }): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.once('data', (bytes: Uint8Array) => {
        socket.destroy()
        server.close()
        resolve(new Uint8Array(bytes))
      })
    })
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') return reject(new Error('no port'))
      const client = connect({ host: '127.0.0.1', port: address.port, ...options })
      client.on('error', () => client.destroy())
    })
  })
}
