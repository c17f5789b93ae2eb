import { Buffer } from 'node:buffer'
import t, { type Test } from 'tap'
import { plainScene } from '../core/proxy/scene.ts'
import { head, plainClient, tlsClient } from '../support/client.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { Pki } from '../support/pki.ts'
import { startUpstream } from '../support/upstream.ts'

/** What tries to forge lines, colour terminals or end strings. */
const NASTY = [
  '\x1b[31mred\x1b[0m',
  '"} {"forged":"',
  '\\"},\\u0022',
  '\x7f\x80\x85\x9b31m\x9f',
  "';--<script>",
  '%0d%0a%1b[2J',
  '\t\v\f\b\x07',
]

/** Every line is one line of JSON that shows nothing but printable characters. */
function clean(t: Test, gateway: TestGateway): void {
  t.ok(gateway.rawLines.length > 0)
  for (const line of gateway.rawLines) {
    t.match(line, /^\{[^\n]*\}\n$/)
    // Also as a terminal gets it, in UTF-8.
    const bytes = Buffer.from(line.slice(0, -1), 'utf8')
    const odd = [...new TextDecoder().decode(bytes)].filter((c) => /[\p{Cc}\u2028\u2029]/u.test(c))
    t.strictSame(odd, [], line)
    t.notOk('forged' in JSON.parse(line))
  }
}

t.test('nothing from outside reaches a log unescaped: target, method, Host, fields', async (t) => {
  const { gateway } = await plainScene(t, {}, { route: "match: { paths: ['/only'] }" })
  for (const nasty of NASTY) {
    const requests = [
      head(`GET /${nasty}`),
      head(`GET /a?${nasty}`),
      head(`${nasty} /`),
      head('GET /', [], nasty),
      head('GET /', [`X: ${nasty}`, `${nasty}: x`]),
      head('GET /', [`Content-Length: ${nasty}`]),
      head('GET /', [`Transfer-Encoding: ${nasty}`]),
      head('POST /only', ['Transfer-Encoding: chunked']) + `${nasty}\r\n`,
      `GET / HTTP/1.1${nasty}\r\n\r\n`,
    ]
    for (const request of requests) {
      const client = await plainClient(t, gateway.port())
      client.send(request)
      await client.message()
      client.close()
    }
  }
  t.ok(gateway.rawLines.length >= NASTY.length * 8)
  clean(t, gateway)
})

t.test('nothing from outside reaches a log unescaped: SNI', async (t) => {
  const { gateway, hello } = await tlsScene(t)
  const place = 'aaaaaaaaaaaaaaaa.test'
  const plain = Buffer.from(await hello(place))
  const at = plain.indexOf(place)
  t.ok(at > 0)
  for (const nasty of [...NASTY, 'a\nb\r\nc', '\0\x01\xff\xfe']) {
    const forged = Buffer.from(plain)
    forged.write(nasty.padEnd(place.length, 'x').slice(0, place.length), at, 'latin1')
    const client = await plainClient(t, gateway.port())
    client.send(forged)
    await client.gone()
  }
  t.equal(gateway.rawLines.length, NASTY.length + 2)
  clean(t, gateway)
})

t.test('nothing from outside reaches a log or a header unescaped: certificates', async (t) => {
  const subjects = [
    '/CN=evil\r\nX-Admin: yes\r\nX: ',
    '/CN=\x1b[31mred\x07/O=a"b,c;d=e\\\\f',
    '/CN=Zoë Ωmega\u202e/O=%0d%0a',
    '/CN=a\x7f\x85\u2028b',
  ]
  const { pki, ca, gateway, upstream } = await tlsScene(t)
  for (const [i, subject] of subjects.entries()) {
    const names = [`URI:urn:x?a="b;c=d%0d%0a`, 'DNS:a.test', 'email:x@y.test']
    const issued = { subject, names, use: 'clientAuth' } as const
    const known = await pki.issue(`known-${i}`, { ca, ...issued })
    const stranger = await pki.issue(`stranger-${i}`, issued)
    for (const certificate of [known, stranger]) {
      const client = await tlsClient(t, gateway.port(), { sni: 'x.test', certificate })
      for (const path of ['/headers', '/xfcc', '/client-cert']) {
        client.send(head(`GET ${path}`, [], 'x.test'))
        t.equal((await client.message()).status, 200)
        const { headers, header } = upstream.requests.at(-1) ?? t.fail('no request') as never
        t.equal(header('x-admin'), undefined)
        t.equal(headers.length, certificate === known ? path === '/headers' ? 9 : 7 : 6, path)
        for (const [name, value] of headers) t.match(`${name}: ${value}`, /^[\x20-\x7e]*$/)
      }
    }
    const needs = await tlsClient(t, gateway.port(), { sni: 'needs.test', certificate: stranger })
    await needs.gone()
  }
  t.equal(gateway.refusals('CERTIFICATE_UNTRUSTED'), subjects.length)
  clean(t, gateway)
})

t.test('nothing from outside reaches a log or a header unescaped: endpoints', async (t) => {
  let number = 0
  const answers = NASTY.flatMap((nasty) => [
    `HTTP/1.1 ${nasty}\r\n\r\n`,
    `HTTP/1.1 200 OK\r\n${nasty}: x\r\nContent-Length: 0\r\n\r\n`,
    `HTTP/1.1 200 OK\r\nContent-Length: ${nasty}\r\n\r\n`,
  ])
  const { client, gateway } = await plainScene(t, { answer: () => answers[number++] })
  for (const answer of answers) {
    client.send(head('GET /'))
    t.equal((await client.message()).status, 502, JSON.stringify(answer))
  }
  clean(t, gateway)
})

t.test('what a client sends in fields cannot become another field', async (t) => {
  const { client, upstream, gateway } = await plainScene(t)
  for (const nasty of ['a\rX-Admin: yes', 'a\nX-Admin: yes', 'a\0b', 'a\x1bb', 'a\x7fb']) {
    const each = await plainClient(t, gateway.port())
    each.send(head('GET /', [`X: ${nasty}`]))
    t.equal((await each.message()).status, 400, JSON.stringify(nasty))
  }
  client.send(head('GET /', ['X: a\tb "c" \xe9']))
  t.equal((await client.message()).status, 200, 'what RFC 9110 section 5.5 allows')
  t.equal((await upstream.request(0)).header('x'), 'a\tb "c" \xe9')
  t.equal(upstream.requests.length, 1)
})

/** A listener that tells certificates in all ways, and one name that requires them. */
async function tlsScene(t: Test) {
  const pki = new Pki(t)
  const ca = await pki.authority('ca')
  const server = await pki.issue('server', { ca, names: ['DNS:*.test'], use: 'serverAuth' })
  const upstream = await startUpstream(t)
  const certificate = `certificate: { cert: ${server.certFile}, key: ${server.keyFile} }`
  const to = `upstream: { endpoints: [{ address: '${upstream.address}' }] }`
  const gateway = await startGateway(
    t,
    `
listeners:
  - name: main
    address: 127.0.0.1:0
    tls:
      - { names: [x.test], ${certificate}, clients: { mode: request, ca: ${ca.certFile} } }
      - { names: [needs.test], ${certificate}, clients: { mode: require, ca: ${ca.certFile} } }
routes:
  - { match: { paths: [/headers] }, forwardCertificate: { subject: X-Subject, sans: X-Sans, fingerprint: X-Sha256 }, ${to} }
  - { match: { paths: [/xfcc] }, forwardCertificate: xfcc, ${to} }
  - { match: { paths: [/client-cert] }, forwardCertificate: client-cert, ${to} }
`,
  )
  const hello = async (sni: string): Promise<Uint8Array> => {
    const trap = await startUpstream(t, { raw: () => {} })
    void tlsClient(t, trap.port, { sni })
    const connection = await trap.connection(0)
    await connection.until('a ClientHello', () => {
      const { bytes } = connection
      return bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt16BE(3) || undefined
    })
    return connection.bytes
  }
  return { pki, ca, gateway, upstream, hello }
}
