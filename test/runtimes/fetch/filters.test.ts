import t from 'tap'
import { ConfigurationError, createFetchHandler } from '../../../runtimes/fetch/mod.ts'
import type { FetchHost } from '../../../runtimes/fetch/mod.ts'
import { statusOf } from './scene.ts'

const upstream = { endpoints: [{ address: '10.0.0.7:8080' }] }

/** A handler for one route with filters, and the requests that its upstream got. */
function handlerFor(filters: unknown[], more: Record<string, unknown> = {}) {
  const asked: Request[] = []
  const host: FetchHost = {
    fetch: async (request) => {
      asked.push(new Request(request.url, { method: request.method, headers: request.headers }))
      await request.arrayBuffer()
      return new Response('old body', { headers: { 'X-Up': '1', 'ETag': '"a"' } })
    },
  }
  const routes = [{ match: { paths: ['/a/*'] }, upstream, filters }]
  const handle = createFetchHandler({ routes, ...more }, host)
  const ask = (path: string, init: RequestInit = {}) =>
    handle(new Request(`https://api.test${path}`, init), { address: '192.0.2.7' })
  return { ask, asked, handle }
}

t.test('filters change requests and answers of embedded gateways', async (t) => {
  const { ask, asked } = handlerFor([
    {
      type: 'rewrite',
      stripPrefix: '/a',
      headers: { set: [{ name: 'X-From', value: '$remote_addr' }] },
    },
    { type: 'response', headers: { set: [{ name: 'X-Host', value: '$host' }], remove: ['X-Up'] } },
    { type: 'response', replace: [{ pattern: 'old', replacement: 'new' }] },
  ])
  const answer = await ask('/a/b?q=1')
  t.equal(await answer.text(), 'new body')
  t.equal(answer.headers.get('x-host'), 'api.test')
  t.equal(answer.headers.get('x-up'), null)
  t.equal(answer.headers.get('etag'), null)
  t.equal(asked[0]?.url, 'http://10.0.0.7:8080/b?q=1')
  t.equal(asked[0]?.headers.get('x-from'), '192.0.2.7')
})

t.test('filters answer in embedded gateways', async (t) => {
  const { ask, asked } = handlerFor([
    { type: 'count-limit', count: 1, window: '1m' },
    { type: 'redirect', uri: '/b', when: [{ variable: 'arg_go', operator: 'equals', value: '1' }] },
    { type: 'cors' },
  ])
  const to = await ask('/a/x?go=1')
  t.match([to.status, to.headers.get('location')], [302, '/b'])
  const first = await ask('/a/x')
  await first.text()
  t.equal(first.headers.get('x-ratelimit-remaining'), '0')
  t.equal(first.headers.get('access-control-allow-origin'), '*')
  const second = await ask('/a/x')
  t.equal(second.status, 429)
  t.equal(second.headers.get('access-control-allow-origin'), '*', 'refusals go the same way back')
  t.equal(asked.length, 1)
})

t.test('body-size bounds what is uploaded', async (t) => {
  const { ask } = handlerFor([{ type: 'body-size', max: 3 }])
  t.equal(await statusOf(await ask('/a/x', { method: 'POST', body: 'abc' })), 200)
  t.equal(await statusOf(await ask('/a/x', { method: 'POST', body: 'abcd' })), 413)
})

t.test('what fetch cannot do is refused', async (t) => {
  const refused = async (filter: Record<string, unknown>): Promise<unknown> => {
    const { handle } = handlerFor([filter])
    return await handle.ready().catch((error: unknown) => error)
  }
  t.match(await refused({ type: 'rate-limit', rate: 1 }), ConfigurationError)
  t.match(await refused({ type: 'rewrite', host: 'inner.test' }), { message: /inner\.test/ })
  t.strictSame(await refused({ type: 'rate-limit', rate: 1, noDelay: true }), [])
})
