import t from 'tap'
import { head, plainClient, tlsClient } from '../../support/client.ts'
import { freePort } from '../../support/free-port.ts'
import { startGateway } from '../../support/gateway.ts'
import { okay, startUpstream } from '../../support/upstream.ts'
import { plainScene } from './scene.ts'
import { entry, makeCertificates } from './tls-scene.ts'

t.test('a line says who asked what of whom, and how it ended', async (t) => {
  const { server, ca, client: own } = await makeCertificates(t)
  const upstream = await startUpstream(t, { answer: ({ body }) => okay(body) })
  const policy = `mode: request, ca: ${ca.certFile}`
  const gateway = await startGateway(
    t,
    `
listeners:
  - { name: front, address: 127.0.0.1:0, tls: [${entry(['log.test'], server, policy)}] }
apis:
  - name: orders
    match: { paths: ['/orders/*'] }
    upstream: { endpoints: [{ address: '${upstream.address}' }] }
    plans: [{ name: partners, type: mtls }]
applications:
  - name: acme
    certificates: [{ cert: ${own.certFile} }]
    subscriptions: [{ api: orders, plan: partners }]
`,
  )
  const client = await tlsClient(t, gateway.port(), { sni: 'log.test', certificate: own })
  const before = Date.now()
  client.send(head('PUT /orders/7?token=secret', ['Content-Length: 5'], 'Log.Test:443') + 'hello')
  await client.message()
  const { time, durationMs, upstreamMs, ...line } = await gateway.line({ status: 200 })
  t.strictSame(line, {
    listener: 'front',
    address: '127.0.0.1',
    sni: 'log.test',
    version: '1.1',
    method: 'PUT',
    host: 'log.test',
    path: '/orders/7',
    status: 200,
    requestBytes: 5,
    responseBytes: 5,
    route: 'orders',
    plan: 'partners',
    application: 'acme',
    certificate: own.fingerprint,
    endpoint: upstream.address,
  })
  t.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  t.ok(Math.abs(Date.parse(String(time)) - before) < 60_000)
  t.ok(Number(durationMs) >= Number(upstreamMs) && Number(upstreamMs) >= 0)
  const { requests, handshakes, requestBytes } = gateway.service.counters()
  t.match(requests, { orders: { 200: 1 } })
  t.match(handshakes, { front: { ok: 1 } })
  t.match(requestBytes, { orders: 5 })
})

t.test('each refusal has its line and its count, and no two', async (t) => {
  const dead = await freePort()
  const gateway = await startGateway(
    t,
    `
listeners: [{ name: main, address: 127.0.0.1:0 }]
routes:
  - { match: { paths: [/dead] }, upstream: { endpoints: [{ address: '127.0.0.1:${dead}' }] } }
  - { match: { paths: [/proof] }, upstream: { endpoints: [{ address: '127.0.0.1:${dead}' }] }, requireCertificate: true }
  - { match: { paths: [/none] }, upstream: { endpoints: [{ address: '127.0.0.1:${dead}', weight: 0 }] } }
apis:
  - name: keyed
    match: { paths: [/keyed] }
    upstream: { endpoints: [{ address: '127.0.0.1:${dead}' }] }
    plans: [{ name: key, type: api-key }]
`,
  )
  const cases: readonly (readonly [string, number, string])[] = [
    [head('GET /nowhere'), 404, 'ROUTE_NOT_FOUND'],
    [head('GET /dead'), 502, 'UPSTREAM_UNREACHABLE'],
    [head('GET /proof'), 400, 'CERTIFICATE_MISSING'],
    [head('GET /none'), 503, 'NO_ENDPOINT'],
    [head('GET /keyed'), 401, 'API_KEY_MISSING'],
    [head('GET /keyed', ['X-API-Key: guess']), 401, 'API_KEY_UNKNOWN'],
    ['GET / HTTP/1.1\r\n\r\n', 400, 'MALFORMED_REQUEST'],
    ['GET / HTTP/3.0\r\nHost: x\r\n\r\n', 505, 'VERSION_UNSUPPORTED'],
    [head('POST /dead', ['Transfer-Encoding: gzip, chunked']), 501, 'TRANSFER_CODING_UNSUPPORTED'],
  ]
  for (const [request, status, code] of cases) {
    const client = await plainClient(t, gateway.port())
    client.send(request)
    const answer = await client.message()
    t.equal(answer.status, status, code)
    t.equal(gateway.refusals(code), 1)
    const lines = gateway.lines.filter((line) => line.code === code)
    t.match(lines, [{ status }])
    t.equal(lines.length, 1)
  }
  t.equal(gateway.lines.length, cases.length)
})

t.test('a refusal’s body is JSON where the client takes it, else text; details stay inside', async (t) => {
  const { client } = await plainScene(t, {}, { route: "match: { paths: ['/only'] }" })
  client.send(head('GET /', ['Accept: text/html, application/json;q=0.9']))
  const json = await client.message()
  t.equal(json.header('content-type'), 'application/json')
  t.match(JSON.parse(json.body), {
    http_status_code: 404,
    code: 'ROUTE_NOT_FOUND',
    message: String,
  })
  client.send(head('GET /', ['Accept: text/html']))
  const text = await client.message()
  t.match(text.header('content-type'), /^text\/plain/)
  t.notMatch(text.body, /\{/)
})

t.test('counters of connections go back to nothing', async (t) => {
  const { client, gateway, upstream } = await plainScene(t)
  client.send(head('GET /'))
  await client.message()
  t.match(gateway.service.counters(), {
    connections: { main: 1 },
    upstreamConnections: { main: 1 },
  })
  client.close()
  await gateway.connections(0)
  const { connection } = await upstream.request(0)
  connection.close()
  await gateway.upstreamConnections(0)
  t.match(gateway.service.counters(), {
    connections: { main: 0 },
    upstreamConnections: { main: 0 },
  })
})
