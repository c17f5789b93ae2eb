/** What a client of HTTP/2 may not ask of the gateway: each bound of `limits.http2`, over real connections. */
import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { head, tlsClient } from '../../support/client.ts'
import { startGateway, type TestGateway } from '../../support/gateway.ts'
import { h2Client, requestFields } from '../../support/h2.ts'
import { okay, startUpstream } from '../../support/upstream.ts'
import { h2Pki, secureTo } from './h2-scene.ts'

const files = await h2Pki(t)
const upstream = await startUpstream(t, { answer: ({ start }) => okay(start) })
const CALM = 11

/** One frame. */
function frame(type: number, flags: number, id: number, payload: readonly number[] = []): Buffer {
  const first = Buffer.alloc(9)
  first.writeUIntBE(payload.length, 0, 3)
  first[3] = type
  first[4] = flags
  first.writeUInt32BE(id, 5)
  return Buffer.concat([first, Buffer.from(payload)])
}

async function gatewayWith(t: Test, limits: string): Promise<TestGateway> {
  const text = secureTo(files, upstream.address, { limits: `http2: { ${limits} }` })
  return await startGateway(t, text)
}

const floods: Readonly<Record<string, readonly [string, (socket: Socket) => void]>> = {
  controls: ['controls: 20', (socket) => {
    for (let i = 0; i < 30; i++) socket.write(frame(6, 0, 0, [0, 0, 0, 0, 0, 0, 0, i]))
  }],
  emptyData: ['emptyData: 10', (socket) => {
    // :method POST, :scheme https, :path /, and :authority test.com, without indexing.
    const block = [0x83, 0x87, 0x84, 0x01, 8, ...Buffer.from('test.com')]
    socket.write(frame(1, 4, 1, block))
    for (let i = 0; i < 20; i++) socket.write(frame(0, 0, 1))
  }],
  windowUpdates: ['windowUpdates: 30', (socket) => {
    for (let i = 0; i < 3000; i++) socket.write(frame(8, 0, 0, [0, 0, 0, 1]))
  }],
  continuations: ['continuations: 4', (socket) => {
    socket.write(frame(1, 0, 1, [0x82]))
    for (let i = 0; i < 10; i++) socket.write(frame(9, 0, 1, [0x87]))
  }],
  resets: ['resets: 10', (socket) => {
    const block = [0x82, 0x87, 0x84, 0x01, 8, ...Buffer.from('test.com')]
    for (let id = 1; id < 60; id += 2) {
      socket.write(Buffer.concat([frame(1, 5, id, block), frame(3, 0, id, [0, 0, 0, 8])]))
    }
  }],
}

for (const [name, [limits, flood]] of Object.entries(floods)) {
  t.test(`${name}: the connection ends, and the log names the limit`, async (t) => {
    const gateway = await gatewayWith(t, limits)
    const client = await h2Client(t, gateway.port(), { sni: 'test.com' })
    await client.until('a greeting', () => client.h2.greeted || undefined)
    flood(client.socket)
    const { code } = await client.until('GOAWAY', () => client.goaways[0])
    t.equal(code, CALM)
    await client.gone()
    const line = await gateway.line({ code: 'CONNECTION_ABUSED' })
    t.match(line.detail, `limits.http2.${name}`)
    t.match(line, { listener: 'main', sni: 'test.com', address: '127.0.0.1', status: 0 })
    t.equal(gateway.refusals('CONNECTION_ABUSED'), 1)
    const other = await h2Client(t, gateway.port(), { sni: 'test.com' })
    t.equal((await other.get('/fine')).status, 200)
  })
}

t.test('concurrentStreams: what is beyond is refused, and the rest served', async (t) => {
  const silent = await startUpstream(t, { answer: () => undefined })
  const text = secureTo(files, silent.address, { limits: 'http2: { concurrentStreams: 3 }' })
  const gateway = await startGateway(t, text)
  const client = await h2Client(t, gateway.port(), { sni: 'test.com' })
  await client.until('a greeting', () => client.h2.greeted || undefined)
  for (let i = 0; i < 3; i++) client.request(requestFields('GET', `/${i}`))
  t.equal(client.h2.canOpen, false)
  await silent.request(2)
  for (const { start, connection } of silent.requests) connection.send(okay(start))
  for (const stream of client.streams) t.equal((await stream.whole()).status, 200)
})

t.test('windows are as wide as they are said to be', async (t) => {
  const silent = await startUpstream(t, { raw: (connection) => void connection.socket.pause() })
  const limits = 'http2: { streamWindow: 32KiB }'
  const gateway = await startGateway(t, secureTo(files, silent.address, { limits }))
  const client = await h2Client(t, gateway.port(), { sni: 'test.com' })
  await client.until('a greeting', () => client.h2.greeted || undefined)
  const stream = client.request(requestFields('POST', '/'), { open: true })
  t.equal(stream.send(new Uint8Array(32 * 1024)), true)
  t.equal(stream.send(new Uint8Array(1)), false)
})

t.test('an entry can do without HTTP/2', async (t) => {
  const text = secureTo(files, upstream.address, { listener: 'http2: false' })
  const gateway = await startGateway(t, text)
  const more = { ALPNProtocols: ['h2', 'http/1.1'] }
  const chosen = async (sni: string): Promise<unknown> => {
    const client = await tlsClient(t, gateway.port(), { sni, more })
    const { alpnProtocol } = client.socket as unknown as { readonly alpnProtocol: unknown }
    if (alpnProtocol !== 'h2') {
      client.send(head('GET /', [], sni))
      t.equal((await client.message()).status, 200)
    }
    return alpnProtocol
  }
  t.equal(await chosen('test.com'), 'h2')
  t.equal(await chosen('other.com'), 'http/1.1')
})
