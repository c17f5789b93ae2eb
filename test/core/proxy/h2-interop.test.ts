/** HTTP/2 as others speak it: curl, node:http2 and gRPC, at either end. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { startGateway } from '../../support/gateway.ts'
import { http2Peer } from '../../support/http2-peer.ts'
import { okay, startUpstream } from '../../support/upstream.ts'
import { h2Pki, secureTo } from './h2-scene.ts'

const run = promisify(execFile)
const files = await h2Pki(t)
const { ca, server, client } = files
const own = { ca: ca.certFile, cert: client.certFile, key: client.keyFile }

async function curl(port: number, path: string, ...args: string[]): Promise<string> {
  const where = [`https://test.com:${port}${path}`, '--resolve', `test.com:${port}:127.0.0.1`]
  const tls = ['--cacert', own.ca, '--cert', own.cert, '--key', own.key]
  const write = ['-w', '\n%{http_version} %{http_code}']
  const { stdout } = await run('curl', ['-sS', '--http2', ...tls, ...write, ...where, ...args])
  return stdout
}

t.test('curl', async (t) => {
  const upstream = await startUpstream(t, {
    answer: ({ start, body }) =>
      start.startsWith('HEAD') ? okay('') : okay(`${start} ${body.length}`),
  })
  const gateway = await startGateway(t, secureTo(files, upstream.address))
  const port = gateway.port()
  t.equal(await curl(port, '/a?b'), 'GET /a?b HTTP/1.1 0\n2 200')
  t.equal(await curl(port, '/', '--http1.1'), 'GET / HTTP/1.1 0\n1.1 200')
  const body = 'x'.repeat(100_000)
  t.equal(await curl(port, '/', '-d', body), 'POST / HTTP/1.1 100000\n2 200')
  t.equal(
    await curl(port, '/', '-T', '/dev/null', '-H', 'Expect: 100-continue'),
    'PUT /null HTTP/1.1 0\n2 200',
  )
  t.match(await curl(port, '/', '-I'), /^HTTP\/2 200/)
  t.equal(upstream.requests[0]?.header('host'), `test.com:${port}`)
})

t.test('a client of node:http2, and an endpoint of node:http2 that checks us', async (t) => {
  const { certFile: cert, keyFile: key } = server
  const { port: to } = await http2Peer(t, 'http2-server', { cert, key, ca: own.ca }).next()
  const pair = `certificate: { cert: ${own.cert}, key: ${own.key} }`
  const upstream = `protocol: auto, tls: { ca: ${own.ca}, name: test.com, ${pair} }`
  const gateway = await startGateway(t, secureTo(files, `127.0.0.1:${to}`, { upstream }))
  const found = await http2Peer(t, 'http2-client', { ...own, port: gateway.port() }).next()
  t.same(found, {
    many: 200,
    big: { status: 200, body: 5_000_000, trailers: {} },
    trailers: { status: 200, body: 13, trailers: { 'x-sum': '42' } },
  })
  t.ok((gateway.service.counters().upstreamConnections['main'] ?? 0) <= 3)
  const port = gateway.port()
  t.equal(await curl(port, '/old', '--http1.1', '-H', 'TE: trailers'), 'node /old\n1.1 200')
  const last = await Promise.all(Array.from({ length: 3 }, () => curl(port, '/goaway')))
  t.same(last, Array(3).fill('last\n2 200'), 'an endpoint that says GOAWAY loses no request')
})

t.test('gRPC: unary, streams both ways, errors and deadlines', async (t) => {
  const endpoint = http2Peer(t, 'grpc-server')
  const { port: to } = await endpoint.next()
  const text = secureTo(files, `127.0.0.1:${to}`, { upstream: 'protocol: h2c' })
  const gateway = await startGateway(t, text)
  const found = await http2Peer(t, 'grpc-client', { ...own, port: gateway.port() }).next()
  t.same(found, {
    unary: 'hello',
    unaryStatus: 0,
    trailer: 'there',
    fail: [9, 'not now'],
    down: 1_000_000,
    up: '1000000',
    both: ['word 0', 'word 1', 'word 2', 'word 3', 'word 4'],
    deadline: 4,
  })
  t.same(await endpoint.next(), { cancelled: true }, 'a deadline reaches the endpoint')
  await gateway.line({ path: '/t.T/Wait' })
})
