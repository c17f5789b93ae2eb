/** Requests to a gateway that APISIX's Admin API configures: who matches, what plugins do, what is answered. */
import t, { type Test } from 'tap'
import { startUpstream, type TestUpstream } from '../../support/upstream.ts'
import { ask, type Asked, homeWith, type Reply, start } from './apisix-scene.ts'

t.test('traffic', async (t) => {
  const upstream = await startUpstream(t)
  const home = homeWith(
    t,
    `apisix:
  node_listen: [{ ip: 127.0.0.1, port: 0 }]
  ssl: { listen: [{ ip: 127.0.0.1, port: 0 }] }
deployment:
  admin: { admin_key_required: false, admin_listen: { ip: 127.0.0.1, port: 0 } }
`,
  )
  const running = await start(t, home)
  const to = { nodes: { [upstream.address]: 1 }, type: 'roundrobin' }
  const put = async (path: string, document: unknown): Promise<void> => {
    const method = document === undefined ? 'DELETE' : 'PUT'
    const body = document === undefined ? '' : JSON.stringify(document)
    const { status, text } = await ask(running.admin, `/apisix/admin${path}`, { method, body })
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`)
  }
  const get = (path: string, asked?: Asked): Promise<Reply> => ask(running.http, path, asked)
  await matching(t, { put, get, to })
  await targets(t, { put, get, to })
  await plugins(t, { put, get, to, upstream })
  await consumers(t, { put, get, to })
})

interface Means {
  readonly put: (path: string, document: unknown) => Promise<void>
  readonly get: (path: string, asked?: Asked) => Promise<Reply>
  readonly to: Readonly<Record<string, unknown>>
}

/** Which route took a request is told by a header. */
const marked = (mark: string) => ({ 'response-rewrite': { headers: { set: { 'X-Route': mark } } } })

async function matching(t: Test, { put, get, to }: Means): Promise<void> {
  await t.test('which route takes a request', async (t) => {
    const none = await get('/none')
    t.equal(none.status, 404)
    t.equal(none.text.trim(), '{"error_msg":"404 Route Not Found"}')
    const routes = {
      exact: { uri: '/m/a', upstream: to },
      prefix: { uri: '/m/*', upstream: to },
      longer: { uri: '/m/b/*', upstream: to },
      host: { uri: '/m/*', host: 'foo.com', upstream: to },
      wild: { uri: '/m/*', host: '*.foo.com', upstream: to },
      method: { uri: '/only-post', methods: ['POST'], upstream: to },
      high: { uri: '/p', priority: 2, vars: [['arg_v', '==', '1']], upstream: to },
      low: { uri: '/p', priority: 1, upstream: to },
      off: { uri: '/off', status: 0, upstream: to },
      number: {
        uri: '/n',
        vars: [['arg_age', '>', 18], ['http_x_no', '!', '~~', '^x']],
        upstream: to,
      },
    }
    for (const [name, route] of Object.entries(routes)) {
      await put(`/routes/${name}`, { ...route, plugins: marked(name) })
    }
    const taker = async (path: string, asked?: Asked): Promise<unknown> => {
      const { status, headers } = await get(path, asked)
      return headers['x-route'] ?? status
    }
    t.equal(await taker('/m/a'), 'exact')
    t.equal(await taker('/m/x?y=/m/a'), 'prefix')
    t.equal(await taker('/m/b/c'), 'longer')
    t.equal(await taker('/m/b/c', { host: 'foo.com' }), 'host', 'hosts come first')
    t.equal(
      await taker('/m/a', { host: 'a.b.foo.com:80' }),
      'wild',
      'a star of a route spans labels',
    )
    t.equal(await taker('/m/a', { host: 'bar.com' }), 'exact')
    t.equal(await taker('/only-post'), 404)
    t.equal(await taker('/only-post', { method: 'POST' }), 'method')
    t.equal(await taker('/p?v=1'), 'high')
    t.equal(await taker('/p?v=2'), 'low')
    t.equal(await taker('/off'), 404)
    t.equal(await taker('/n?age=20'), 'number')
    t.equal(await taker('/n?age=9'), 404)
    t.equal(await taker('/n?age=20', { headers: { 'X-No': 'xx' } }), 404)
  })
}

async function targets(t: Test, { put, get, to }: Means): Promise<void> {
  await t.test('what becomes of upstreams that are not there', async (t) => {
    await put('/upstreams/u', to)
    await put('/routes/gone', { uri: '/gone', upstream_id: 'u' })
    t.equal((await get('/gone')).status, 200)
    await put('/upstreams/u?force=true', undefined)
    t.equal((await get('/gone')).status, 502)
    await put('/routes/empty', { uri: '/empty', upstream: { nodes: {} } })
    const empty = await get('/empty')
    t.equal(empty.status, 503)
    t.match(empty.text, /<h1>503 Service Temporarily Unavailable<\/h1>/)
    await put('/routes/refused', { uri: '/refused', upstream: { nodes: { '127.0.0.1:1': 1 } } })
    t.equal((await get('/refused')).status, 502)
    await put('/services/s', { upstream: to, hosts: ['s.com'] })
    await put('/routes/s', { uri: '/s', service_id: 's' })
    t.equal((await get('/s')).status, 404, "the service's hosts are the route's")
    t.equal((await get('/s', { host: 's.com' })).status, 200)
  })
}

async function plugins(
  t: Test,
  { put, get, to, upstream }: Means & { readonly upstream: TestUpstream },
): Promise<void> {
  const route = async (name: string, plugins: unknown): Promise<void> => {
    await put(`/routes/${name}`, { uri: `/${name}`, plugins, upstream: to })
  }
  await t.test('plugins', async (t) => {
    await route('redirect', { redirect: { uri: '/to?$args' } })
    const moved = await get('/redirect?a=b')
    t.strictSame([moved.status, moved.headers['location']], [302, '/to?a=b'])
    await route('https', { redirect: { http_to_https: true } })
    t.equal((await get('/https')).status, 301)
    await route('rewrite', {
      'proxy-rewrite': {
        uri: '/new/$arg_x',
        host: 'inner.com',
        headers: { set: { 'X-Peer': '$remote_addr' }, remove: ['X-Gone'] },
      },
    })
    const before = upstream.requests.length
    t.equal((await get('/rewrite?x=1', { headers: { 'X-Gone': 'y' } })).status, 200)
    const sent = upstream.requests[before]
    t.match(sent?.start, /^GET \/new\/1\?x=1 HTTP\/1\.1/)
    t.equal(sent?.header('x-peer'), '127.0.0.1')
    t.equal(sent?.header('host'), 'inner.com')
    t.equal(sent?.header('x-gone'), undefined)
    await route('blocked', { 'ip-restriction': { blacklist: ['127.0.0.0/8'] } })
    const blocked = await get('/blocked')
    t.equal(blocked.status, 403)
    t.match(JSON.parse(blocked.text), { message: 'Your IP address is not allowed' })
    await route('limited', { 'limit-count': { count: 1, time_window: 60, rejected_code: 503 } })
    const first = await get('/limited')
    t.strictSame(
      [first.status, first.headers['x-ratelimit-limit'], first.headers['x-ratelimit-remaining']],
      [200, '1', '0'],
    )
    t.equal((await get('/limited')).status, 503)
    await route('sized', { 'client-control': { max_body_size: 3 } })
    t.equal((await get('/sized', { method: 'POST', body: 'abc' })).status, 200)
    t.equal((await get('/sized', { method: 'POST', body: 'abcd' })).status, 413)
    await route('cors', { cors: {} })
    const cors = await get('/cors', { headers: { Origin: 'http://a.com' } })
    t.equal(cors.headers['access-control-allow-origin'], '*')
    await route('id', { 'request-id': {} })
    t.match((await get('/id')).headers['x-request-id'], /^[0-9a-f-]{36}$/)
    await put('/global_rules/1', {
      plugins: { 'response-rewrite': { headers: { set: { 'X-G': '1' } } } },
    })
    t.equal((await get('/id')).headers['x-g'], '1')
    await put('/global_rules/1', undefined)
    t.equal((await get('/id')).headers['x-g'], undefined)
  })
}

async function consumers(t: Test, { put, get, to }: Means): Promise<void> {
  await t.test('consumers', async (t) => {
    await put('/consumers', { username: 'jack', plugins: { 'key-auth': { key: 'k-jack' } } })
    await put('/consumers', { username: 'rose', plugins: { 'key-auth': { key: 'k-rose' } } })
    const plugins = { 'key-auth': {}, 'consumer-restriction': { whitelist: ['jack'] } }
    await put('/routes/keyed', { uri: '/keyed', plugins, upstream: to })
    const missing = await get('/keyed')
    t.equal(missing.status, 401)
    t.match(JSON.parse(missing.text), { message: 'Missing API key in request' })
    t.equal((await get('/keyed', { headers: { apikey: 'nope' } })).status, 401)
    t.equal((await get('/keyed', { headers: { apikey: 'k-jack' } })).status, 200)
    t.equal((await get('/keyed?apikey=k-jack')).status, 200)
    const rose = await get('/keyed', { headers: { apikey: 'k-rose' } })
    t.equal(rose.status, 403)
    t.match(JSON.parse(rose.text), { message: 'The consumer_name is forbidden.' })
    await put('/consumers/jack/credentials/a', { plugins: { 'key-auth': { key: 'second' } } })
    t.equal((await get('/keyed', { headers: { apikey: 'second' } })).status, 200)
    await put('/consumers/jack', undefined)
    t.equal((await get('/keyed', { headers: { apikey: 'second' } })).status, 401)
  })
}
