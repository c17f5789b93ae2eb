/** Filters where either side speaks HTTP/2. */
import t from 'tap'
import { head, plainClient } from '../../support/client.ts'
import { startGateway } from '../../support/gateway.ts'
import { fieldOf, requestFields } from '../../support/h2.ts'
import { startH2Upstream } from '../../support/h2-upstream.ts'
import { startUpstream } from '../../support/upstream.ts'
import { h2Pki, h2Scene } from './h2-scene.ts'
import { everythingTo } from './scene.ts'

const files = await h2Pki(t)

t.test('a client of HTTP/2 meets filters', async (t) => {
  const upstream = await startUpstream(t)
  const only = (path: string): string =>
    `when: [{ variable: uri, operator: equals, value: ${path} }]`
  const route = `filters: [
    { type: rewrite, headers: { set: [{ name: X-Dn, value: "$ssl_client_verify $server_protocol" }] } },
    { type: body-size, max: 4 },
    { type: count-limit, count: 2, window: 1m, ${only('/count')} },
    { type: rate-limit, rate: 100, burst: 5, ${only('/rate')} },
    { type: redirect, uri: /new, ${only('/old')} },
    { type: response, body: changed, headers: { set: [{ name: X-Out, value: out }] },
      when: [{ variable: uri, operator: equals, value: /body }] }]`
  const { client } = await h2Scene(t, files, { to: upstream.address, route })
  await client.get('/a')
  t.equal(upstream.requests[0]?.header('x-dn'), 'NONE HTTP/2.0')
  const counts = [
    await client.get('/count'),
    await client.get('/count'),
    await client.get('/count'),
  ]
  t.strictSame(counts.map(({ status }) => status), [200, 200, 429])
  t.equal(counts[2]?.field('x-ratelimit-remaining'), '0')
  const held = [1, 2, 3].map(() => client.request(requestFields('GET', '/rate')).whole())
  t.strictSame((await Promise.all(held)).map(({ status }) => status), [200, 200, 200])
  const moved = await client.get('/old')
  t.match([moved.status, moved.field('location')], [302, '/new'])
  const changed = await client.get('/body')
  t.match([changed.body, changed.field('x-out')], ['changed', 'out'])
  t.equal(changed.field('content-length'), '7')
  const large = await client.request(requestFields('POST', '/up'), { body: 'fiver' }).whole()
  t.equal(large.status, 413)
  t.equal((await client.get('/after')).status, 200, 'the connection stands')
})

t.test('an endpoint of HTTP/2 gets what filters made of a request', async (t) => {
  const upstream = await startH2Upstream(t, {
    answer: (stream) => stream.answer(200, 'hello', ['x-own', '2']),
  })
  const route = `filters: [
    { type: rewrite, uri: "/new/$request_method", method: PUT, host: inner.test,
      headers: { set: [{ name: X-Real-IP, value: 192.0.2.1 }], remove: [X-Gone] } },
    { type: response, replace: [{ pattern: "l+", replacement: L }] }]`
  const gateway = await startGateway(
    t,
    everythingTo(upstream.address, { upstream: 'protocol: h2c', route }),
  )
  const client = await plainClient(t, gateway.port())
  client.send(head('GET /old?q=1', ['X-Gone: 1']))
  t.equal((await client.message()).body, 'heLo')
  const [stream] = upstream.requests
  const fields = stream?.fields ?? []
  t.equal(fieldOf(fields, ':method'), 'PUT')
  t.equal(fieldOf(fields, ':path'), '/new/GET?q=1')
  t.equal(fieldOf(fields, ':authority'), 'inner.test')
  t.equal(fieldOf(fields, 'x-real-ip'), '192.0.2.1')
  t.equal(fieldOf(fields, 'x-gone'), undefined)
})
