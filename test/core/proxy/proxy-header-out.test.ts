/** PROXY protocol headers towards endpoints, before HTTP and before TLS. */
import { createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { head, plainClient } from '../../support/client.ts'
import { freePort } from '../../support/free-port.ts'
import { startGateway } from '../../support/gateway.ts'
import { Pki } from '../../support/pki.ts'
import { startUpstream } from '../../support/upstream.ts'
import { everythingTo } from './scene.ts'

t.test('each client has connections of its own, which begin with its address', async (t) => {
  const upstream = await startUpstream(t, {
    raw: (wire) => {
      const again = (): void => {
        if (!wire.text.endsWith('\r\n\r\n') || wire.text.startsWith('HTTP')) return
        wire.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      }
      wire.socket.on('data', again)
    },
  })
  const yaml = everythingTo(upstream.address, { upstream: 'proxyProtocol: v1' })
  const gateway = await startGateway(t, yaml)
  for (const from of ['127.0.0.2', '127.0.0.3']) {
    const client = await plainClient(t, gateway.port(), { from })
    for (let turn = 0; turn < 2; turn++) {
      client.send(head('GET /'))
      t.equal((await client.message()).status, 200)
    }
    client.close()
  }
  const starts = upstream.connections.map((wire) =>
    wire.text.split('\r\n')[0]?.split(' ').slice(0, 4)
  )
  const told = (from: string): string[] => ['PROXY', 'TCP4', from, '127.0.0.1']
  t.strictSame(starts, [
    told('127.0.0.2'),
    told('127.0.0.2'),
    told('127.0.0.3'),
    told('127.0.0.3'),
  ])
  t.match(upstream.connections[0]?.text, /\r\nGET \/ HTTP\/1\.1\r\n/)
})

/** An endpoint that takes a PROXY header, then TLS. Answers with the header. */
async function secureBehindHeader(t: Test, pki: Pki): Promise<{ port: number; ca: string }> {
  const ca = await pki.authority('ca')
  const pair = await pki.issue('server', { ca, names: ['IP:127.0.0.1'], use: 'serverAuth' })
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.once('readable', () => {
      const bytes = socket.read() as Uint8Array | null
      const text = new TextDecoder('latin1').decode(bytes ?? new Uint8Array(0))
      const end = text.indexOf('\n') + 1
      if (bytes !== null && end < bytes.length) socket.unshift(bytes.subarray(end))
      const secure = new TLSSocket(socket, { isServer: true, cert: pair.chain, key: pair.key })
      sockets.push(secure)
      secure.on('error', () => {})
      secure.on('data', () => {
        const body = text.slice(0, end).trim()
        secure.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as { port: number }).port, ca: ca.certFile }
}

t.test('the header comes before TLS', async (t) => {
  const { port, ca } = await secureBehindHeader(t, new Pki(t))
  const yaml = everythingTo(`127.0.0.1:${port}`, {
    upstream: `proxyProtocol: v1, tls: { ca: ${ca} }`,
  })
  const gateway = await startGateway(t, yaml)
  const client = await plainClient(t, gateway.port())
  for (let turn = 0; turn < 2; turn++) {
    client.send(head('GET /'))
    const { status, body } = await client.message()
    t.equal(status, 200)
    t.match(body, /^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+$/)
  }
})

t.test('an endpoint that cannot be connected to is told of, with a header as without', async (t) => {
  const yaml = everythingTo(`127.0.0.1:${await freePort()}`, {
    upstream: 'proxyProtocol: v2, tls: { verify: false }',
  })
  const gateway = await startGateway(t, yaml)
  const client = await plainClient(t, gateway.port())
  client.send(head('GET /'))
  t.equal((await client.message()).status, 502)
  t.match(await gateway.line({ code: 'UPSTREAM_UNREACHABLE' }), { detail: /ECONNREFUSED/ })
})
