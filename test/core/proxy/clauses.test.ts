/** Rules of RFC 9110 and RFC 9113 for whoever stands between client and server, over real connections. */
import { Buffer } from 'node:buffer'
import { spawn } from 'node:child_process'
import t from 'tap'
import { head, plainClient } from '../../support/client.ts'
import { startGateway } from '../../support/gateway.ts'
import { requestFields } from '../../support/h2.ts'
import { startH2Upstream } from '../../support/h2-upstream.ts'
import { okay, startUpstream } from '../../support/upstream.ts'
import { h2Pki, h2Scene, secureTo } from './h2-scene.ts'
import { everythingTo, plainScene } from './scene.ts'

const files = await h2Pki(t)
const IMF_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/

t.test('answers without a Date get one (RFC 9110 section 6.6.1)', async (t) => {
  const { client } = await plainScene(t)
  client.send(head('GET /'))
  const answer = await client.message()
  t.match(answer.header('date'), IMF_DATE)
  const now = Date.parse(answer.header('date') ?? '')
  t.ok(Math.abs(Date.now() - now) < 60_000, 'the present time')
  client.send('GET / HTTP/1.1\r\nHost: a b\r\n\r\n')
  t.match((await client.message()).header('date'), IMF_DATE, 'refusals as well')
})

t.test('a Date stays as it came', async (t) => {
  const came = 'Tue, 01 Jan 2030 00:00:00 GMT'
  const { client } = await plainScene(t, {
    answer: () => `HTTP/1.1 200 OK\r\ndate: ${came}\r\nContent-Length: 0\r\n\r\n`,
  })
  client.send(head('GET /'))
  const { headers } = await client.message()
  t.same(headers.filter(([name]) => name.toLowerCase() === 'date'), [['date', came]])
})

t.test('Max-Forwards counts for OPTIONS and TRACE (RFC 9110 section 7.6.2)', async (t) => {
  const { client, upstream } = await plainScene(t, { answer: ({ start }) => okay(start) })
  const ask = async (method: string, hops: string): Promise<string> => {
    client.send(head(`${method} /`, [`Max-Forwards: ${hops}`]))
    return (await client.message()).start
  }
  t.equal(await ask('OPTIONS', '0'), 'HTTP/1.1 200 OK')
  t.match(await ask('TRACE', '0'), /^HTTP\/1.1 501 /)
  t.equal(upstream.requests.length, 0, 'neither went on')
  for (const method of ['OPTIONS', 'TRACE', 'GET']) await ask(method, '3')
  await ask('OPTIONS', 'many')
  t.same(upstream.requests.map(({ header }) => header('max-forwards')), ['2', '2', '3', 'many'])
})

t.test('trailers that Connection names do not go on (RFC 9110 section 7.6.1)', async (t) => {
  const { client, upstream } = await plainScene(t, {
    answer: () =>
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: x-hop\r\n\r\n' +
      '0\r\nX-Hop: 1\r\nX-Kept: 2\r\n\r\n',
  })
  client.send(
    head('POST /', ['Transfer-Encoding: chunked', 'Connection: x-near']) +
      '0\r\nX-Near: 1\r\nX-Far: 2\r\n\r\n',
  )
  const answer = await client.message()
  t.same(answer.trailers, [['X-Kept', '2']])
  t.same((await upstream.request(0)).trailers, [['X-Far', '2']])
})

t.test('DATA behind an answer without content never reaches a client of HTTP/1.1', async (t) => {
  const smuggled = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'
  for (const [method, status] of [['HEAD', '200'], ['GET', '204'], ['GET', '304']] as const) {
    const upstream = await startH2Upstream(t, {
      answer: (stream) => {
        stream.head([':status', status])
        stream.send(smuggled)
        stream.finish()
      },
    })
    const text = everythingTo(upstream.address, { upstream: 'protocol: h2c' })
    const gateway = await startGateway(t, text)
    const client = await plainClient(t, gateway.port())
    client.send(head(`${method} /`))
    await client.finished()
    t.notMatch(client.text, 'evil', `${method} ${status}`)
  }
})

t.test('a client that said GOAWAY may still open streams (RFC 9113 section 6.8)', async (t) => {
  const upstream = await startUpstream(t, { answer: ({ start }) => okay(start) })
  const { client } = await h2Scene(t, files, { to: upstream.address })
  await client.until('a greeting', () => client.h2.greeted || undefined)
  const first = client.request(requestFields('POST', '/1'), { open: true })
  client.socket.write(goaway())
  const second = client.request(requestFields('GET', '/2'))
  t.equal((await second.whole()).status, 200)
  first.finish()
  t.equal((await first.whole()).status, 200)
  await client.gone()
})

/** GOAWAY without an error. */
function goaway(): Buffer {
  return Buffer.from('0000080700000000000000000000000000', 'hex')
}

t.test('OPTIONS * goes where / goes (RFC 9110 section 9.3.7), and stays as it is', async (t) => {
  const { client, upstream } = await plainScene(t, {}, { route: 'match: { paths: [/*] }' })
  client.send(head('OPTIONS *'))
  t.equal((await client.message()).status, 200)
  t.equal((await upstream.request(0)).start, 'OPTIONS * HTTP/1.1')
})

t.test('a request of HTTP/1.0 without Host goes on with the endpoint’s (RFC 9112 section 3.2)', async (t) => {
  const { client, upstream } = await plainScene(t)
  client.send('GET / HTTP/1.0\r\n\r\n')
  t.equal((await client.message()).status, 200)
  t.equal((await upstream.request(0)).header('host'), upstream.address)
})

t.test('what is never to be indexed is so at the other door (RFC 7541 section 6.2.3)', async (t) => {
  const upstream = await startH2Upstream(t, {
    answer: ({ peer, stream }) => {
      const fields = [':status', '200', 'x-open', '1', 'x-token', '2']
      peer.h2.head(stream, fields, { ends: true, sensitive: new Set(['x-token']) })
      peer.h2.flush()
    },
  })
  const { client } = await h2Scene(t, files, { to: upstream.address, upstream: 'protocol: h2c' })
  await client.until('a greeting', () => client.h2.greeted || undefined)
  const fields = [...requestFields('GET', '/'), 'x-open', '1', 'x-secret', '2']
  const asked = client.h2.open(fields, true, new Set(['x-secret']))
  client.h2.flush()
  const { stream } = await upstream.request(0)
  t.same([...stream.sensitive ?? []], ['x-secret'])
  await client.until('an answer', () => asked?.user)
  t.same([...asked?.sensitive ?? []], ['x-token'])
})

t.test('TLS 1.2 is not negotiated anew (RFC 9113 section 9.2.1)', async (t) => {
  const upstream = await startUpstream(t)
  const gateway = await startGateway(t, secureTo(files, upstream.address))
  const to = ['-connect', `127.0.0.1:${gateway.port()}`, '-servername', 'other.com']
  const child = spawn('openssl', ['s_client', '-tls1_2', ...to])
  t.teardown(() => child.kill())
  let said = ''
  const refused = new Promise<void>((resolve, reject) => {
    const hear = (text: string): void => {
      const before = said
      said += text
      const connected = 'Extended master secret'
      // To s_client, R on a line of its own says that it should.
      if (said.includes(connected) && !before.includes(connected)) child.stdin.write('R\n')
      if (/no.renegotiation/.test(said)) resolve()
    }
    child.stdout.setEncoding('utf8').on('data', hear)
    child.stderr.setEncoding('utf8').on('data', hear)
    child.on('close', () => reject(new Error(`Negotiate anew: ${said}`)))
  })
  await refused
  t.match(said, 'RENEGOTIATING')
})
