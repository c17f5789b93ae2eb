import { Buffer } from 'node:buffer'
import { writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { everythingTo, plainScene } from '../core/proxy/scene.ts'
import { head, plainClient, tlsClient } from '../support/client.ts'
import { startGateway, TestClock } from '../support/gateway.ts'
import { Pki } from '../support/pki.ts'
import type { Wire } from '../support/wire.ts'

const SECOND = 1000
const NEVER = { answer: (): undefined => undefined }

t.test('limits have safe defaults and names', async (t) => {
  const gateway = await startGateway(t, everythingTo('127.0.0.1:1'))
  const { limits, upstreams } = gateway.service.snapshot
  const bounds = {
    clientHelloTimeout: [1, 10],
    handshakeTimeout: [1, 30],
    headTimeout: [1, 60],
    idleTimeout: [1, 300],
    bodyTimeout: [1, 120],
    sendTimeout: [1, 120],
  }
  for (const [name, [least = 0, most = 0]] of Object.entries(bounds)) {
    const value = limits[name as keyof typeof bounds]
    t.ok(value >= least * SECOND && value <= most * SECOND, `${name}: ${value}`)
  }
  const sizes = {
    clientHelloSize: 64 * 1024,
    headSize: 64 * 1024,
    targetSize: 16 * 1024,
    headerCount: 200,
    connections: 100_000,
    connectionsPerAddress: 10_000,
    pkcs12Iterations: 10_000_000,
    pkcs12Size: 16 * 1024 * 1024,
    crlSize: 256 * 1024 * 1024,
  }
  for (const [name, most] of Object.entries(sizes)) {
    const value = limits[name as keyof typeof sizes]
    t.ok(value > 0 && value <= most, `${name}: ${value}`)
  }
  const upstream = upstreams.get('main')
  for (const name of ['connectTimeout', 'readTimeout', 'sendTimeout'] as const) {
    const value = upstream?.config[name] ?? 0
    t.ok(value >= SECOND && value <= 120 * SECOND, `${name}: ${value}`)
  }
})

t.test('what exceeds one gets a clear refusal: time', async (t) => {
  const clock = new TestClock()
  const { gateway, upstream } = await plainScene(t, NEVER, { clock })
  const open = async (sent: string): Promise<Wire> => {
    const client = await plainClient(t, gateway.port())
    client.send(sent)
    return client
  }
  const idle = await open('')
  const slowBody = await open(head('POST /', ['Content-Length: 9']) + 'x')
  await (await upstream.connection(0)).until('it', () => upstream.connections.length || undefined)
  const noAnswer = await open(head('GET /'))
  await upstream.request(0)
  clock.skip(61 * SECOND)
  t.equal((await slowBody.message()).status, 408, 'body')
  t.equal((await noAnswer.message()).status, 504, 'upstream')
  clock.skip(15 * SECOND)
  await idle.gone()
  t.equal(idle.total, 0)
  const quick = await plainScene(t, {}, { limits: 'headTimeout: 300ms' })
  quick.client.send('GET / HTTP/1.1\r\n')
  t.equal((await quick.client.message()).status, 408, 'head')
  for (const code of ['REQUEST_TIMEOUT', 'UPSTREAM_TIMEOUT']) t.equal(gateway.refusals(code), 1)
})

t.test('what exceeds one gets a clear refusal: size', async (t) => {
  const { gateway } = await plainScene(t)
  const fields = (count: number): string[] => Array.from({ length: count }, (_, i) => `X-${i}: y`)
  const cases: readonly (readonly [string, number])[] = [
    [head('GET /', [`X: ${'x'.repeat(40_000)}`]), 431],
    [head('GET /', fields(150)), 431],
    [head(`GET /${'x'.repeat(10_000)}`), 414],
    [head('GET /', fields(90)), 200],
    [head(`GET /${'x'.repeat(8_000)}`), 200],
  ]
  for (const [request, status] of cases) {
    const client = await plainClient(t, gateway.port())
    client.send(request)
    t.equal((await client.message()).status, status)
  }
})

t.test('nothing grows without bound: heads that never end', async (t) => {
  for (const endless of ['GET /', `${head('GET /').slice(0, -2)}X: `, 'G']) {
    const { client } = await plainScene(t)
    client.send(endless)
    await client.flood(Infinity, new Uint8Array(65_536).fill(120))
    t.ok(client.closed)
    t.ok(client.socket.bytesWritten < 64 * 1024 * 1024, `took ${client.socket.bytesWritten}`)
  }
})

t.test('nothing grows without bound: ClientHellos that never end', async (t) => {
  const pki = new Pki(t)
  const server = await pki.issue('server', { names: ['DNS:x.test'] })
  const gateway = await startGateway(
    t,
    `
listeners:
  - name: main
    address: 127.0.0.1:0
    tls: [{ certificate: { cert: ${server.certFile}, key: ${server.keyFile} } }]
routes: [{ upstream: { endpoints: [{ address: '127.0.0.1:1' }] } }]
`,
  )
  const client = await plainClient(t, gateway.port())
  for (const record of longHello(60_000)) client.send(record)
  await client.gone()
  const { detail } = await gateway.line({ code: 'CLIENT_HELLO_INVALID' })
  t.match(detail, /longer than 16384 bytes/)
  const fine = await tlsClient(t, gateway.port(), { sni: 'x.test' })
  t.notOk(fine.closed)
})

/** A ClientHello that is right in all but its size, in records as long as may be (RFC 8446 section 4.1.2). */
function longHello(padding: number): Buffer[] {
  const extension = Buffer.alloc(4 + padding)
  extension.writeUInt16BE(21)
  extension.writeUInt16BE(padding, 2)
  const start = Buffer.from([3, 3, ...new Uint8Array(32), 0, 0, 2, 0x13, 1, 1, 0, 0, 0])
  start.writeUInt16BE(extension.length, start.length - 2)
  const message = Buffer.concat([Buffer.from([1, 0, 0, 0]), start, extension])
  message.writeUIntBE(message.length - 4, 1, 3)
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += 16_384) {
    const part = message.subarray(at, at + 16_384)
    const header = Buffer.from([0x16, 3, 1, 0, 0])
    header.writeUInt16BE(part.length, 3)
    records.push(header, part)
  }
  return records
}

t.test('nothing grows without bound: connections', async (t) => {
  const { client, gateway } = await plainScene(t, {}, { limits: 'connections: 20' })
  client.send(head('GET /'))
  t.equal((await client.message()).status, 200)
  await Promise.all(Array.from({ length: 40 }, () => plainClient(t, gateway.port())))
  await gateway.lineWhere('the last', () => gateway.refusals('CONNECTION_LIMIT') === 21)
  t.equal(gateway.service.counters().connections['main'], 20)
  client.send(head('GET /'))
  t.equal((await client.message()).status, 200, 'who is in is served')
})

t.test('files that exceed one are refused when they are read', async (t) => {
  const pki = new Pki(t)
  const ca = await pki.authority('ca')
  const server = await pki.issue('server', { ca, names: ['DNS:x.test'] })
  const iterated = pki.path('iterated.p12')
  await pki.openssl(
    ...['pkcs12', '-export', '-in', server.certFile, '-inkey', server.keyFile, '-iter', '20000'],
    ...['-passout', 'pass:x', '-out', iterated],
  )
  const endless = pki.path('endless.crl')
  writeFileSync(endless, new Uint8Array(100_000))
  const bundle = `certificate: { pkcs12: ${iterated}, passphrase: x }`
  const pair = `certificate: { cert: ${server.certFile}, key: ${server.keyFile} }`
  const policy = `clients: { mode: require, ca: ${ca.certFile}, crl: ${endless} }`
  await refused(t, { entry: bundle, limits: 'pkcs12Iterations: 10000', says: /the limit is 10000/ })
  await refused(t, { entry: bundle, limits: 'pkcs12Size: 100', says: /the limit is 100/ })
  await refused(t, { entry: `${pair}, ${policy}`, limits: 'crlSize: 10k', says: /crlSize/ })
  await startGateway(t, tls(bundle, ''))
})

function tls(entry: string, limits: string): string {
  return `
listeners: [{ name: main, address: 127.0.0.1:0, tls: [{ ${entry} }] }]
routes: [{ upstream: { endpoints: [{ address: '127.0.0.1:1' }] } }]
limits: { ${limits} }
`
}

async function refused(
  t: Test,
  { entry, limits, says }: {
    readonly entry: string
    readonly limits: string
    readonly says: RegExp
  },
): Promise<void> {
  await t.rejects(startGateway(t, tls(entry, limits)), { message: says }, limits)
}
