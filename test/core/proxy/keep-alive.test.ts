import t from 'tap'
import { head, plainClient } from '../../support/client.ts'
import { startGateway } from '../../support/gateway.ts'
import { okay, startUpstream } from '../../support/upstream.ts'
import { everythingTo } from './scene.ts'

t.test('requests that came at once are answered in order, over one upstream connection', async (t) => {
  const upstream = await startUpstream(t)
  const gateway = await startGateway(t, everythingTo(upstream.address))
  const client = await plainClient(t, gateway.port())
  const paths = Array.from({ length: 50 }, (_, i) => `/${i}`)
  client.send(paths.map((path) => head(`GET ${path}`)).join(''))
  for (const path of paths) t.equal((await client.message()).body, `got GET ${path} HTTP/1.1`)
  t.equal(upstream.connections.length, 1)
})

t.test('requests with bodies that came at once are told apart', async (t) => {
  const answer = ({ body }: { readonly body: string }): string => okay(body)
  const upstream = await startUpstream(t, { answer })
  const gateway = await startGateway(t, everythingTo(upstream.address))
  const client = await plainClient(t, gateway.port())
  client.send(
    head('POST /', ['Content-Length: 3']) + 'one' +
      head('POST /', ['Transfer-Encoding: chunked']) + '3\r\ntwo\r\n0\r\n\r\n' +
      head('POST /', ['Content-Length: 0']) +
      head('POST /', ['Content-Length: 4']) + 'four',
  )
  for (const body of ['one', 'two', '', 'four']) t.equal((await client.message()).body, body)
  t.equal(upstream.connections.length, 1)
})

t.test('a connection serves one request after the other, and so does the upstream’s', async (t) => {
  const upstream = await startUpstream(t)
  const gateway = await startGateway(t, everythingTo(upstream.address))
  const client = await plainClient(t, gateway.port())
  for (let i = 0; i < 20; i++) {
    client.send(head(`GET /${i}`))
    t.equal((await client.message()).body, `got GET /${i} HTTP/1.1`)
  }
  const other = await plainClient(t, gateway.port())
  other.send(head('GET /other'))
  await other.message()
  t.equal(upstream.connections.length, 1, 'another client’s requests use the connection too')
})

t.test('requests under way at the same time have upstream connections of their own', async (t) => {
  const upstream = await startUpstream(t, { answer: () => undefined })
  const gateway = await startGateway(t, everythingTo(upstream.address))
  const clients = await Promise.all([1, 2, 3].map(() => plainClient(t, gateway.port())))
  clients.forEach((client, i) => client.send(head(`GET /${i}`)))
  await upstream.request(2)
  t.equal(upstream.connections.length, 3)
  for (const { start, connection } of upstream.requests) connection.send(okay(start))
  for (const [i, client] of clients.entries()) {
    t.equal((await client.message()).body, `GET /${i} HTTP/1.1`)
  }
})

t.test('keepAlive.connections bounds what is kept', async (t) => {
  const upstream = await startUpstream(t, { answer: () => undefined })
  const config = everythingTo(upstream.address, { upstream: 'keepAlive: { connections: 1 }' })
  const gateway = await startGateway(t, config)
  const clients = await Promise.all([1, 2].map(() => plainClient(t, gateway.port())))
  for (const client of clients) client.send(head('GET /'))
  await upstream.request(1)
  for (const { connection } of upstream.requests) connection.send(okay('x'))
  for (const client of clients) await client.message()
  const [first, second] = upstream.connections
  await Promise.race([first?.finished(), second?.finished()])
  t.not(first?.ended, second?.ended, 'one of the two is kept')
})

t.test('an answer that says Connection: close is the last of its upstream connection', async (t) => {
  const answer = (): string => 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'
  const upstream = await startUpstream(t, { answer })
  const gateway = await startGateway(t, everythingTo(upstream.address))
  const client = await plainClient(t, gateway.port())
  for (let i = 0; i < 3; i++) {
    client.send(head('GET /'))
    const { body, header } = await client.message()
    t.equal(body, 'ok')
    t.equal(header('connection'), undefined, 'the client’s connection stays')
  }
  t.equal(upstream.connections.length, 3)
})

t.test('what an endpoint says behind its answer answers nothing', async (t) => {
  let number = 0
  const answer = (): string => okay(`answer ${++number}`) + (number === 1 ? okay('smuggled') : '')
  const upstream = await startUpstream(t, { answer })
  const gateway = await startGateway(t, everythingTo(upstream.address))
  const client = await plainClient(t, gateway.port())
  for (const expected of ['answer 1', 'answer 2']) {
    client.send(head('GET /'))
    t.equal((await client.message()).body, expected)
  }
  t.equal(upstream.connections.length, 2, 'the connection is not used again')
})

t.test('what an endpoint says unasked ends its connection', async (t) => {
  const upstream = await startUpstream(t)
  const gateway = await startGateway(t, everythingTo(upstream.address))
  const client = await plainClient(t, gateway.port())
  client.send(head('GET /1'))
  await client.message()
  const connection = await upstream.connection(0)
  connection.send(okay('for whoever comes next'))
  await connection.gone()
  client.send(head('GET /2'))
  t.equal((await client.message()).body, 'got GET /2 HTTP/1.1')
})

t.test('Connection: close of a client is heeded, and its requests behind it are not', async (t) => {
  const upstream = await startUpstream(t)
  const gateway = await startGateway(t, everythingTo(upstream.address))
  const client = await plainClient(t, gateway.port())
  client.send(head('GET /1', ['Connection: close']) + head('GET /2'))
  const answer = await client.message()
  t.equal(answer.header('connection'), 'close')
  await client.finished()
  t.equal(client.text, '')
  t.equal(upstream.requests.length, 1)
})

t.test('an HTTP/1.0 client gets its connection closed, unless it asks otherwise', async (t) => {
  const upstream = await startUpstream(t)
  const gateway = await startGateway(t, everythingTo(upstream.address))
  const closing = await plainClient(t, gateway.port())
  closing.send('GET /1 HTTP/1.0\r\nHost: example.com\r\n\r\n')
  t.equal((await closing.message()).header('connection'), 'close')
  await closing.finished()
  const staying = await plainClient(t, gateway.port())
  for (let i = 0; i < 2; i++) {
    staying.send('GET /2 HTTP/1.0\r\nHost: example.com\r\nConnection: keep-alive\r\n\r\n')
    t.equal((await staying.message()).header('connection'), 'keep-alive')
  }
})

t.test('an HTTP/1.0 client gets a body of unknown length up to the end of the connection', async (t) => {
  const answer = (): string =>
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'
  const upstream = await startUpstream(t, { answer })
  const gateway = await startGateway(t, everythingTo(upstream.address))
  const client = await plainClient(t, gateway.port())
  client.send('GET / HTTP/1.0\r\nHost: example.com\r\nConnection: keep-alive\r\n\r\n')
  const { body, header } = await client.message()
  t.equal(body, 'hello')
  t.equal(header('transfer-encoding'), undefined)
  t.equal(header('connection'), 'close')
})

t.test('after limits.requestsPerConnection requests a connection is closed', async (t) => {
  const upstream = await startUpstream(t)
  const config = everythingTo(upstream.address, { limits: 'requestsPerConnection: 2' })
  const gateway = await startGateway(t, config)
  const client = await plainClient(t, gateway.port())
  client.send(head('GET /1') + head('GET /2') + head('GET /3'))
  t.equal((await client.message()).header('connection'), undefined)
  t.equal((await client.message()).header('connection'), 'close')
  await client.finished()
  t.equal(upstream.requests.length, 2)
})
