import t from 'tap'
import { head, plainClient } from '../../support/client.ts'
import { freePort } from '../../support/free-port.ts'
import { startGateway } from '../../support/gateway.ts'
import { okay, startUpstream } from '../../support/upstream.ts'
import { everythingTo } from './scene.ts'

t.test('requests go to endpoints in turn, by their weights', async (t) => {
  const upstreams = await Promise.all([1, 2, 3].map(() => startUpstream(t)))
  const weights = [3, 1, 0]
  const endpoints = upstreams.map((each, i) =>
    `{ address: '${each.address}', weight: ${weights[i]} }`
  )
  const gateway = await startGateway(t, everythingTo(endpoints))
  const client = await plainClient(t, gateway.port())
  for (let i = 0; i < 12; i++) {
    client.send(head('GET /'))
    await client.message()
  }
  t.strictSame(upstreams.map((each) => each.requests.length), [9, 3, 0])
})

t.test('a connection that cannot be made is tried at the next endpoint, with the body', async (t) => {
  const answer = ({ body }: { readonly body: string }): string => okay(body)
  const upstream = await startUpstream(t, { answer })
  const dead = `127.0.0.1:${await freePort()}`
  const gateway = await startGateway(t, everythingTo([dead, upstream.address]))
  const client = await plainClient(t, gateway.port())
  for (let i = 0; i < 4; i++) {
    client.send(head('POST /', ['Content-Length: 10']) + `body no. ${i}`)
    const { status, body } = await client.message()
    t.equal(status, 200)
    t.equal(body, `body no. ${i}`)
  }
})

t.test('a big body waits while endpoints are tried, and arrives whole', async (t) => {
  const answer = ({ body }: { readonly body: string }): string => okay(String(body.length))
  const upstream = await startUpstream(t, { answer })
  const dead = `127.0.0.1:${await freePort()}`
  const gateway = await startGateway(t, everythingTo([dead, upstream.address]))
  const client = await plainClient(t, gateway.port())
  client.send(head('PUT /', ['Content-Length: 3000000']))
  await client.flood(3_000_000)
  t.equal((await client.message()).body, '3000000')
})

t.test('with no endpoint left the answer is 502 and says which ones failed in the log', async (t) => {
  const dead = `127.0.0.1:${await freePort()}`
  const gateway = await startGateway(t, everythingTo([dead], { upstream: 'retries: 3' }))
  const client = await plainClient(t, gateway.port())
  client.send(head('GET /'))
  const { status, body } = await client.message()
  t.equal(status, 502)
  t.notMatch(body, dead, 'the client is not told')
  const line = await gateway.line({ code: 'UPSTREAM_UNREACHABLE' })
  t.match(line, { status: 502, endpoint: dead, detail: `Connect to ${dead}: ECONNREFUSED` })
  t.equal(gateway.refusals('UPSTREAM_UNREACHABLE'), 1)
})

t.test('retries bounds how many endpoints are tried', async (t) => {
  const upstream = await startUpstream(t)
  const dead = await Promise.all([1, 2, 3].map(async () => `127.0.0.1:${await freePort()}`))
  const config = everythingTo([...dead, upstream.address], { upstream: 'retries: 1' })
  const gateway = await startGateway(t, config)
  const client = await plainClient(t, gateway.port())
  client.send(head('GET /'))
  t.equal((await client.message()).status, 502)
})

t.test('endpoints without weight take nothing: 503', async (t) => {
  const upstream = await startUpstream(t)
  const config = everythingTo(`{ address: '${upstream.address}', weight: 0 }`)
  const gateway = await startGateway(t, config)
  const client = await plainClient(t, gateway.port())
  client.send(head('GET /'))
  t.equal((await client.message()).status, 503)
  await gateway.line({ code: 'NO_ENDPOINT' })
})

t.test('a kept connection that closes before an answer: GET is sent again, POST is not', async (t) => {
  const upstream = await startUpstream(t, {
    answer: ({ start, index, connection }) => {
      // The first request of a connection is answered; at the second the connection goes.
      if (index === 0) return okay(start)
      connection.close()
      return undefined
    },
  })
  const gateway = await startGateway(t, everythingTo(upstream.address))
  const client = await plainClient(t, gateway.port())
  client.send(head('GET /1'))
  await client.message()
  client.send(head('GET /2'))
  const again = await client.message()
  t.equal(again.status, 200)
  t.equal(again.body, 'GET /2 HTTP/1.1')
  t.equal(upstream.requests.length, 3, 'the second was asked twice')
  const sent: readonly (readonly [string, number])[] = [['POST', 502], ['PATCH', 502], ['PUT', 200]]
  for (const [method, code] of sent) {
    client.send(head(`GET /before`))
    await client.message()
    client.send(head(`${method} /`))
    t.equal((await client.message()).status, code, method)
    const times = upstream.requests.filter(({ start }) => start.startsWith(method)).length
    t.equal(times, code === 502 ? 1 : 2, `${method} was sent ${times} times`)
  }
})

t.test('a body that was sent is not sent again', async (t) => {
  const upstream = await startUpstream(t, {
    answer: ({ start, index, connection }) => {
      if (index === 0) return okay(start)
      connection.close()
      return undefined
    },
  })
  const gateway = await startGateway(t, everythingTo(upstream.address))
  const client = await plainClient(t, gateway.port())
  client.send(head('GET /'))
  await client.message()
  client.send(head('PUT /', ['Content-Length: 4']) + 'body')
  t.equal((await client.message()).status, 502)
  const line = await gateway.line({ code: 'UPSTREAM_CLOSED' })
  t.match(line, { method: 'PUT', status: 502 })
  t.equal(upstream.requests.length, 2)
})

t.test('a kept connection that the endpoint has closed is not used for POST', async (t) => {
  const upstream = await startUpstream(t)
  const gateway = await startGateway(t, everythingTo(upstream.address))
  const client = await plainClient(t, gateway.port())
  for (let i = 0; i < 10; i++) {
    client.send(head('POST /', ['Content-Length: 1']) + 'x')
    t.equal((await client.message()).status, 200)
    const connection = await upstream.connection(i)
    connection.socket.end()
    await connection.gone()
  }
  t.equal(upstream.connections.length, 10)
})

t.test('a first connection that closes before an answer is an answer of 502, and not retried', async (t) => {
  const upstream = await startUpstream(t, { raw: (connection) => connection.close() })
  const gateway = await startGateway(t, everythingTo(upstream.address))
  const client = await plainClient(t, gateway.port())
  client.send(head('GET /'))
  t.equal((await client.message()).status, 502)
  await gateway.line({ code: 'UPSTREAM_CLOSED' })
  t.equal(upstream.connections.length, 1)
})

t.test('an answer that breaks the rules of HTTP is 502', async (t) => {
  const broken = [
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'SSH-2.0-OpenSSH_9.2\r\n',
    'HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n',
    'HTTP/1.1 200 OK\r\n folded: x\r\n\r\n',
  ]
  let number = 0
  const upstream = await startUpstream(t, { answer: () => broken[number++] })
  const gateway = await startGateway(t, everythingTo(upstream.address))
  const client = await plainClient(t, gateway.port())
  for (const each of broken) {
    client.send(head('GET /'))
    t.equal((await client.message()).status, 502, JSON.stringify(each))
  }
  t.equal(gateway.refusals('UPSTREAM_MALFORMED'), broken.length)
})
