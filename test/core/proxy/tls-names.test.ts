import { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { head, plainClient, tlsClient, type TlsOptions } from '../../support/client.ts'
import { startGateway } from '../../support/gateway.ts'
import { startUpstream } from '../../support/upstream.ts'
import type { Wire } from '../../support/wire.ts'
import { entry, makeCertificates, tlsListener, tlsScene } from './tls-scene.ts'

const certificates = makeCertificates(t)

/** The subject of the certificate that the server showed. */
function shown(client: Wire): string {
  const { raw } = (client.socket as TLSSocket).getPeerCertificate()
  return new X509Certificate(raw).subject
}

t.test('each SNI name gets its certificate; exact names before wildcards before the default', async (t) => {
  const { pki, ca } = await certificates
  const make = (name: string, dns: string) =>
    pki.issue(name, { ca, names: [`DNS:${dns}`], use: 'serverAuth' })
  const [exact, wild, standard] = await Promise.all([
    make('exact', 'a.test.com'),
    make('wild', '*.test.com'),
    make('standard', 'standard.test'),
  ])
  const upstream = await startUpstream(t)
  const entries = [entry(['*.test.com'], wild), entry(['a.test.com'], exact), entry([], standard)]
  const gateway = await startGateway(t, tlsListener(entries, upstream.address))
  const cases = [
    ['a.test.com', 'CN=exact'],
    ['A.Test.COM', 'CN=exact'],
    ['b.test.com', 'CN=wild'],
    ['test.com', 'CN=standard'],
    ['elsewhere.org', 'CN=standard'],
    ['', 'CN=standard'],
  ]
  for (const [sni = '', subject] of cases) {
    const client = await tlsClient(t, gateway.port(), { sni })
    t.equal(shown(client), subject, `SNI "${sni}"`)
    client.send(head('GET /', [], sni === '' ? 'x.org' : sni))
    t.equal((await client.message()).status, 200)
  }
})

t.test('an unknown SNI gets the alert unrecognized_name, and no certificate', async (t) => {
  const { gateway, upstream } = await tlsScene(t, await certificates)
  for (const sni of ['unknown.test', '']) {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const client = await plainClient(t, gateway.port())
      client.send(await helloOf(t, { sni, more: { maxVersion } }))
      await client.gone()
      t.equal(client.bytes.toString('hex'), '15030300020270', 'a fatal alert 112, and nothing else')
    }
  }
  t.equal(gateway.refusals('SNI_UNKNOWN'), 4)
  t.match(await gateway.line({ code: 'SNI_UNKNOWN' }), { sni: 'unknown.test', status: 0 })
  t.equal(upstream.connections.length, 0)
})

t.test('a PKCS#12 file serves as well, modern or old', async (t) => {
  const { pki, server } = await certificates
  const upstream = await startUpstream(t)
  for (const age of ['new', 'old']) {
    const sni = `${age}.test.com`
    const legacy = age === 'old'
    const file = await pki.pkcs12(`${age}.p12`, server, { passphrase: 'sésame', legacy })
    const bundle = `{ names: [${sni}], certificate: { pkcs12: ${file}, passphrase: sésame } }`
    const gateway = await startGateway(t, tlsListener([bundle], upstream.address))
    const client = await tlsClient(t, gateway.port(), { sni })
    t.equal(shown(client), 'CN=server')
    client.send(head('GET /', [], sni))
    t.equal((await client.message()).status, 200)
  }
})

t.test('plain HTTP on a TLS port is told so', async (t) => {
  const { gateway, upstream } = await tlsScene(t, await certificates)
  const client = await plainClient(t, gateway.port())
  client.send(head('GET /secret?token=1'))
  const { status, body } = await client.message()
  t.equal(status, 400)
  t.match(body, /HTTPS/)
  await client.gone()
  t.match(await gateway.line({ code: 'CLIENT_HELLO_INVALID' }), { status: 0 })
  t.equal(upstream.connections.length, 0)
})

t.test('what is neither TLS nor HTTP is closed without a word', async (t) => {
  const { gateway } = await tlsScene(t, await certificates)
  const garbage = ['\x00\x01\x02\x03\x04\x05', 'SSH-2.0-x\r\n', '\x80\x2e\x01\x00\x02', 'get / ']
  for (const each of garbage) {
    const client = await plainClient(t, gateway.port())
    client.send(each)
    await client.gone()
    t.ok(client.text === '' || client.text.startsWith('HTTP/1.1 400'), client.text)
  }
  t.equal(gateway.refusals('CLIENT_HELLO_INVALID'), garbage.length)
})

t.test('a ClientHello that does not become whole is closed in time', async (t) => {
  const rest = 'limits: { clientHelloTimeout: 300ms, clientHelloSize: 2k }'
  const { gateway } = await tlsScene(t, await certificates, { rest })
  const silent = await plainClient(t, gateway.port())
  const slow = await plainClient(t, gateway.port())
  slow.send('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')
  await silent.gone()
  await slow.gone()
  t.equal(gateway.refusals('CLIENT_HELLO_INVALID'), 2)
  const long = await plainClient(t, gateway.port())
  long.send('\x16\x03\x01\x3f\xff\x01\x00\x3f\xfb\x03\x03' + 'x'.repeat(3000))
  await long.gone()
  t.equal(gateway.refusals('CLIENT_HELLO_INVALID'), 3)
})

t.test('a handshake that does not go on is closed in time', async (t) => {
  const rest = 'limits: { handshakeTimeout: 300ms }'
  const { gateway } = await tlsScene(t, await certificates, { rest })
  // A ClientHello as a real client sends it, and nothing behind it.
  const hello = await helloOf(t, { sni: 'open.test' })
  const client = await plainClient(t, gateway.port())
  client.send(hello)
  await client.gone()
  await gateway.line({ code: 'HANDSHAKE_TIMEOUT', sni: 'open.test' })
})

t.test('a ClientHello may come byte by byte', async (t) => {
  const { gateway } = await tlsScene(t, await certificates)
  const through = await startUpstream(t, {
    raw: (connection) => void dripInto(t, connection, gateway.port()),
  })
  const client = await tlsClient(t, through.port, { sni: 'open.test' })
  client.send(head('GET /', [], 'open.test'))
  t.equal((await client.message()).status, 200)
})

/** Hands a connection on to the gateway, its first bytes one by one. */
async function dripInto(t: Test, from: Wire, port: number): Promise<void> {
  const to = await plainClient(t, port)
  await wholeRecord(from)
  for (const byte of from.bytes) {
    to.send(new Uint8Array([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  from.socket.on('data', (chunk) => void to.send(chunk))
  to.socket.on('data', (chunk) => void from.send(chunk))
  from.send(to.bytes)
}

/** The ClientHello of a client. */
async function helloOf(t: Test, options: TlsOptions): Promise<Uint8Array> {
  const trap = await startUpstream(t, { raw: () => {} })
  void tlsClient(t, trap.port, options)
  const connection = await trap.connection(0)
  await wholeRecord(connection)
  return connection.bytes
}

/** A TLS record is there as a whole (RFC 8446 section 5.1). */
async function wholeRecord(wire: Wire): Promise<void> {
  await wire.until('a record', () => {
    const { bytes } = wire
    return bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt16BE(3) || undefined
  })
}
