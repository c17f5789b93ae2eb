import t from 'tap'
import { head, plainClient } from '../../support/client.ts'
import { okay } from '../../support/upstream.ts'
import { plainScene } from './scene.ts'

const NEVER = { answer: (): undefined => undefined }

t.test('idle connections close at once, and new ones are not taken', async (t) => {
  const { client, gateway } = await plainScene(t)
  client.send(head('GET /'))
  await client.message()
  const fresh = await plainClient(t, gateway.port())
  await gateway.connections(2)
  const port = gateway.port()
  const drained = gateway.service.drain()
  await client.gone()
  await fresh.gone()
  await drained
  const late = await plainClient(t, port)
  t.equal(late.error?.code, 'ECONNREFUSED')
})

t.test('exchanges under way finish, and are the last of their connections', async (t) => {
  const { client, gateway, upstream } = await plainScene(t, NEVER)
  client.send(head('GET /'))
  const { connection } = await upstream.request(0)
  let drained = false
  const draining = gateway.service.drain().then(() => drained = true)
  await new Promise((resolve) => setImmediate(resolve))
  t.notOk(drained)
  connection.send(okay('at last'))
  const { body, header } = await client.message()
  t.equal(body, 'at last')
  t.equal(header('connection'), 'close')
  await draining
  await client.gone()
  await connection.gone()
})

t.test('a body under way is taken to its end', async (t) => {
  const { client, gateway, upstream } = await plainScene(t)
  client.send(head('POST /', ['Content-Length: 8']) + 'half')
  const connection = await upstream.connection(0)
  await connection.until('the piece', () => connection.text.endsWith('half') || undefined)
  const draining = gateway.service.drain()
  client.send('half')
  t.equal((await client.message()).status, 200)
  await draining
})

t.test('drainTimeout cuts what does not end', async (t) => {
  const { client, gateway, upstream } = await plainScene(t, NEVER, { more: 'drainTimeout: 200ms' })
  client.send(head('GET /'))
  const { connection } = await upstream.request(0)
  await gateway.service.drain()
  await client.gone()
  await connection.gone()
  t.match(await gateway.line({ code: 'DRAINING' }), { method: 'GET', detail: /drainTimeout/ })
})

t.test('drainTimeout cuts tunnels', async (t) => {
  const { client, gateway, upstream } = await plainScene(t, {
    answer: () => 'HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n',
  }, { more: 'drainTimeout: 200ms' })
  client.send(head('GET /', ['Connection: Upgrade', 'Upgrade: echo']))
  t.equal((await client.message()).status, 101)
  await gateway.service.drain()
  await client.gone()
  await upstream.connections[0]?.gone()
})

t.test('connections that have not come as far as a request close at once', async (t) => {
  const { client, gateway } = await plainScene(t, {}, {
    listener: 'proxyProtocol: true',
  })
  client.send('PROXY TCP4 ')
  await gateway.connections(1)
  await gateway.service.drain()
  await client.gone()
})
