import { connect, createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import t from 'tap'
import { SocketDuplex } from '../../../adapters/sockets/duplex.ts'

/** Both ends of one connection over loopback. */
async function pair(t: { after: (done: () => void) => void }): Promise<[SocketDuplex, Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => void server.close())
  const client = connect((server.address() as { port: number }).port, '127.0.0.1')
  const [socket] = await once(server, 'connection') as [Socket]
  client.on('error', () => {})
  t.after(() => void client.destroy())
  return [new SocketDuplex(socket), client]
}

const closed = (duplex: SocketDuplex): Promise<void> =>
  new Promise((resolve) =>
    duplex.handle({ onData() {}, onEnd() {}, onDrain() {}, onClose: () => resolve() })
  )

t.test('a reset reaches the peer as one', async (t) => {
  const [duplex, client] = await pair(t)
  const told = closed(duplex)
  const failed = once(client, 'error').catch((error) => [error])
  duplex.destroy(true)
  await told
  t.match(await failed, [{ code: 'ECONNRESET' }])
})

t.test('a connection that was ended, then reset, is closed and leaves no handle', async (t) => {
  const [duplex, client] = await pair(t)
  const told = closed(duplex)
  client.resume()
  const gone = once(client, 'close')
  duplex.write('the last words')
  duplex.end()
  duplex.destroy(true)
  await told
  await gone
  t.equal(duplex.native.destroyed, true)
})
