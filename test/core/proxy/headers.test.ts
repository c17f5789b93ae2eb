import t from 'tap'
import { head, plainClient } from '../../support/client.ts'
import { startGateway } from '../../support/gateway.ts'
import { startUpstream } from '../../support/upstream.ts'
import { everythingTo, plainScene } from './scene.ts'

const TRUSTED = 'trustedProxies: { cidrs: [127.0.0.0/8] }'

t.test('fields of one connection alone do not reach the upstream', async (t) => {
  const { client, upstream } = await plainScene(t)
  client.send(head('GET /', [
    'Connection: keep-alive, X-Private, TE',
    'X-Private: 1',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'Proxy-Authorization: Basic eA==',
    'TE: trailers',
    'Trailer: X-Sum',
    'Upgrade: none',
    'X-Kept: 2',
    'x-KEPT: 3',
  ]))
  await client.message()
  const { header, headers } = await upstream.request(0)
  const gone = ['connection', 'x-private', 'keep-alive', 'proxy-connection', 'proxy-authorization']
  for (const name of [...gone, 'te', 'trailer', 'upgrade']) t.equal(header(name), undefined, name)
  const kept = headers.filter(([name]) => name.toLowerCase() === 'x-kept')
  t.strictSame(kept, [['X-Kept', '2'], ['x-KEPT', '3']], 'others go as they came')
})

t.test('fields of one connection alone do not reach the client', async (t) => {
  const { client } = await plainScene(t, {
    answer: () =>
      'HTTP/1.1 200 Fine\r\nConnection: x-private, keep-alive\r\nX-Private: 1\r\n' +
      'Keep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\nUpgrade: h2c\r\nTrailer: x\r\n' +
      'Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok',
  })
  client.send(head('GET /'))
  const { start, header, headers } = await client.message()
  t.equal(start, 'HTTP/1.1 200 Fine')
  const gone = ['connection', 'x-private', 'keep-alive', 'proxy-authenticate', 'upgrade', 'trailer']
  for (const name of gone) t.equal(header(name), undefined, name)
  const cookies = headers.filter(([name]) => name === 'Set-Cookie').map(([, value]) => value)
  t.strictSame(cookies, ['a=1', 'b=2'])
})

t.test('Connection cannot name away Host or Content-Length', async (t) => {
  const { client, upstream } = await plainScene(t)
  client.send(head('POST /', ['Connection: host, content-length', 'Content-Length: 4']) + 'body')
  await client.message()
  const { header, body } = await upstream.request(0)
  t.equal(header('host'), 'example.com')
  t.equal(body, 'body')
})

t.test('strangers’ word on where they come from is replaced', async (t) => {
  const { client, upstream, gateway } = await plainScene(t)
  client.send(head('GET /', [
    'X-Forwarded-For: 6.6.6.6',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: evil.com',
    'X-Forwarded-Port: 1',
    'X-Real-IP: 6.6.6.6',
    'X_Real_IP: 6.6.6.6',
    'X_Forwarded_For: 6.6.6.6',
    'Forwarded: for=6.6.6.6',
  ], 'example.com:8080'))
  await client.message()
  const { header } = await upstream.request(0)
  t.equal(header('x-forwarded-for'), '127.0.0.1')
  t.equal(header('x-real-ip'), '127.0.0.1')
  t.equal(header('x-forwarded-proto'), 'http')
  t.equal(header('x-forwarded-host'), 'example.com:8080')
  t.equal(header('x-forwarded-port'), String(gateway.port()))
  for (const name of ['forwarded', 'x_real_ip', 'x_forwarded_for']) t.equal(header(name), undefined)
})

t.test('a trusted proxy’s word on where requests come from is passed on, with its own address', async (t) => {
  const { client, upstream } = await plainScene(t, {}, { listener: TRUSTED })
  client.send(head('GET /', [
    'X-Forwarded-For: 10.1.1.1',
    'X-Forwarded-For: 10.2.2.2',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: outside.com',
    'X-Forwarded-Port: 443',
    'X-Real-IP: 10.1.1.1',
    'Forwarded: for=10.1.1.1',
  ]))
  await client.message()
  const { header } = await upstream.request(0)
  t.equal(header('x-forwarded-for'), '10.1.1.1, 10.2.2.2, 127.0.0.1')
  t.equal(header('x-real-ip'), '10.1.1.1')
  t.equal(header('x-forwarded-proto'), 'https')
  t.equal(header('x-forwarded-host'), 'outside.com')
  t.equal(header('x-forwarded-port'), '443')
  t.equal(header('forwarded'), 'for=10.1.1.1')
})

t.test('what a trusted proxy does not say is said for it', async (t) => {
  const { client, upstream } = await plainScene(t, {}, { listener: TRUSTED })
  client.send(head('GET /'))
  await client.message()
  const { header } = await upstream.request(0)
  t.equal(header('x-forwarded-for'), '127.0.0.1')
  t.equal(header('x-forwarded-proto'), 'http')
  t.equal(header('x-forwarded-host'), 'example.com')
})

t.test('a proxy outside the trusted ranges is a stranger', async (t) => {
  const listener = 'trustedProxies: { cidrs: [127.0.0.9/32] }'
  const upstream = await startUpstream(t)
  const gateway = await startGateway(t, everythingTo(upstream.address, { listener }))
  for (const [from, seen] of [['127.0.0.9', '10.1.1.1, 127.0.0.9'], ['127.0.0.8', '127.0.0.8']]) {
    const client = await plainClient(t, gateway.port(), from === undefined ? {} : { from })
    client.send(head('GET /', ['X-Forwarded-For: 10.1.1.1']))
    await client.message()
    t.equal(upstream.requests.at(-1)?.header('x-forwarded-for'), seen)
  }
})

t.test('upstream.host says which Host is sent', async (t) => {
  const upstream = await startUpstream(t)
  const cases = [
    ['host: client', 'example.com:81'],
    ['host: endpoint', upstream.address],
    ['host: { name: inner.test }', 'inner.test'],
  ]
  for (const [keys = '', expected] of cases) {
    const gateway = await startGateway(t, everythingTo(upstream.address, { upstream: keys }))
    const client = await plainClient(t, gateway.port())
    client.send(head('GET /', [], 'example.com:81'))
    await client.message()
    const { header, headers } = upstream.requests.at(-1) ?? t.fail('no request') as never
    t.equal(header('host'), expected)
    t.equal(headers[0]?.[0], 'Host', 'Host comes first')
  }
})

t.test('a request to an absolute target goes on in origin form, with its Host', async (t) => {
  const { client, upstream } = await plainScene(t)
  client.send(head('GET http://Example.com:81/a?b'))
  await client.message()
  const { start, header } = await upstream.request(0)
  t.equal(start, 'GET /a?b HTTP/1.1')
  t.equal(header('host'), 'Example.com:81')
})

t.test('PROXY protocol: the address it tells is the client’s', async (t) => {
  const { client, upstream, gateway } = await plainScene(t, {}, { listener: 'proxyProtocol: true' })
  client.send(`PROXY TCP4 192.0.2.7 198.51.100.1 5555 443\r\n${head('GET /')}`)
  await client.message()
  const { header } = await upstream.request(0)
  t.equal(header('x-forwarded-for'), '192.0.2.7')
  t.equal(header('x-forwarded-port'), '443')
  t.match(await gateway.line({ method: 'GET' }), { address: '192.0.2.7' })
  const without = await plainClient(t, gateway.port())
  without.send(head('GET /'))
  await without.gone()
  await gateway.line({ code: 'PROXY_HEADER_INVALID' })
})

t.test('PROXY protocol: is not taken from others than the trusted proxies', async (t) => {
  const listener = 'proxyProtocol: true, trustedProxies: { cidrs: [127.0.0.9/32] }'
  const { client, upstream, gateway } = await plainScene(t, {}, { listener })
  client.send(`PROXY TCP4 192.0.2.7 198.51.100.1 5555 443\r\n${head('GET /')}`)
  await client.gone()
  t.equal(upstream.requests.length, 0)
  await gateway.line({ code: 'PROXY_HEADER_INVALID' })
})

t.test('forwardedHeaders: what tells of the client is set, passed on or removed', async (t) => {
  const sent = ['X-Forwarded-For: 6.6.6.6', 'X-Forwarded-Proto: gopher', 'X-Real-IP: 6.6.6.6']
  const told = async (listener: string): Promise<(string | undefined)[]> => {
    const { client, upstream } = await plainScene(t, {}, { listener })
    client.send(head('GET /', sent))
    await client.message()
    const { header } = await upstream.request(0)
    return ['x-forwarded-for', 'x-forwarded-proto', 'x-real-ip', 'x-forwarded-host'].map(header)
  }
  t.strictSame(await told('forwardedHeaders: set'), [
    '127.0.0.1',
    'http',
    '127.0.0.1',
    'example.com',
  ])
  t.strictSame(await told('forwardedHeaders: pass'), ['6.6.6.6', 'gopher', '6.6.6.6', undefined])
  t.strictSame(await told('forwardedHeaders: remove'), [undefined, undefined, undefined, undefined])
  const relayed = await told(`forwardedHeaders: remove, ${TRUSTED}`)
  t.equal(relayed[0], '6.6.6.6, 127.0.0.1', 'a trusted proxy is believed')
})
