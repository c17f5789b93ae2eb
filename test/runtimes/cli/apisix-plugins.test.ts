/** What plugins and routers do in the details that APISIX's users count on. */
import t, { type Test } from 'tap'
import { startUpstream, type TestUpstream } from '../../support/upstream.ts'
import { ask, type Asked, homeWith, type Reply, start } from './apisix-scene.ts'

interface Means {
  readonly put: (path: string, document: unknown) => Promise<void>
  readonly get: (path: string, asked?: Asked) => Promise<Reply>
  readonly to: Readonly<Record<string, unknown>>
  readonly upstream: TestUpstream
}

async function gateway(t: Test, apisix = ''): Promise<Means> {
  const upstream = await startUpstream(t)
  const home = homeWith(
    t,
    `apisix:
  node_listen: [{ ip: 127.0.0.1, port: 0 }]
  ssl: { listen: [{ ip: 127.0.0.1, port: 0 }] }
${apisix}deployment:
  admin: { admin_key_required: false, admin_listen: { ip: 127.0.0.1, port: 0 } }
`,
  )
  const running = await start(t, home)
  const put = async (path: string, document: unknown): Promise<void> => {
    const body = JSON.stringify(document)
    const { status, text } = await ask(running.admin, `/apisix/admin${path}`, {
      method: 'PUT',
      body,
    })
    if (status >= 300) throw new Error(`PUT ${path}: ${status} ${text}`)
  }
  const to = { nodes: { [upstream.address]: 1 }, type: 'roundrobin' }
  return { put, get: (path, asked) => ask(running.http, path, asked), to, upstream }
}

t.test('plugins', async (t) => {
  const means = await gateway(t)
  await t.test('a plugin says what _meta.error_response says', (t) => errorResponse(t, means))
  await t.test('limits by rules', (t) => rules(t, means))
  await t.test('consumers and their credentials', (t) => consumers(t, means))
  await t.test('stars within a uri', (t) => stars(t, means))
  await t.test('the status of an endpoint that failed is told', (t) => failed(t, means))
})

async function errorResponse(t: Test, { put, get, to }: Means): Promise<void> {
  const denied = (error_response: unknown) => ({
    'ip-restriction': { blacklist: ['127.0.0.0/8'], _meta: { error_response } },
  })
  await put('/routes/table', { uri: '/table', upstream: to, plugins: denied({ code: 7 }) })
  await put('/routes/text', { uri: '/text', upstream: to, plugins: denied('no entry') })
  const table = await get('/table')
  t.strictSame([table.status, table.text], [403, '{"code":7}\n'])
  const text = await get('/text')
  t.strictSame([text.status, text.text], [403, 'no entry'])
}

async function rules(t: Test, { put, get, to }: Means): Promise<void> {
  const limit = {
    rules: [
      { count: '${http_count ?? 2}', time_window: 60, key: '$http_user' },
      { count: 3, time_window: 60, key: '$http_team', header_prefix: 'Team' },
    ],
    rejected_code: 429,
  }
  await put('/routes/ruled', { uri: '/ruled', upstream: to, plugins: { 'limit-count': limit } })
  const asked = async (headers: Record<string, string>): Promise<unknown> => {
    const reply = await get('/ruled', { headers })
    const tell = (name: string): unknown => reply.headers[`x-${name}-ratelimit-remaining`]
    return [reply.status, tell('1'), tell('team')]
  }
  t.strictSame(await asked({ User: 'a' }), [200, '1', undefined], 'the second rule has no key')
  t.strictSame(await asked({ User: 'a', Team: 't' }), [200, '0', '2'])
  t.strictSame(await asked({ User: 'a' }), [429, '0', undefined])
  t.strictSame(await asked({ Team: 't' }), [200, undefined, '1'])
  t.strictSame(await asked({ User: 'a', Count: '5' }), [200, '2', undefined])
  t.strictSame(await asked({ User: 'a', Count: 'x' }), [500, undefined, undefined])
  t.strictSame(await asked({}), [500, undefined, undefined], 'no rule applies')
}

async function consumers(t: Test, { put, get, to, upstream }: Means): Promise<void> {
  await put('/consumers', {
    username: 'jack',
    labels: { custom_id: 'c-1' },
    plugins: { 'key-auth': { key: 'own' } },
  })
  await put('/consumers/jack/credentials/spare', { plugins: { 'key-auth': { key: 'other' } } })
  await put('/routes/key', { uri: '/key', upstream: to, plugins: { 'key-auth': {} } })
  const bearer = { 'key-auth': { bearer_token: true, realm: 'r' } }
  await put('/routes/bearer', { uri: '/bearer', upstream: to, plugins: bearer })
  const sent = async (path: string, headers: Record<string, string>): Promise<unknown> => {
    const before = upstream.requests.length
    const { status } = await get(path, { headers })
    const request = upstream.requests[before]
    return [
      status,
      request?.header('x-credential-identifier'),
      request?.header('x-consumer-custom-id'),
    ]
  }
  t.strictSame(await sent('/key', { apikey: 'own' }), [200, undefined, 'c-1'])
  t.strictSame(await sent('/key', { apikey: 'other' }), [200, 'spare', 'c-1'])
  t.equal((await get('/key')).headers['www-authenticate'], 'apikey realm="key"')
  t.strictSame(await sent('/bearer', { Authorization: 'Bearer own' }), [200, undefined, 'c-1'])
  const wrong = await get('/bearer', { headers: { Authorization: 'own' } })
  t.strictSame([wrong.status, JSON.parse(wrong.text)], [401, {
    message: 'Invalid Bearer token format',
  }])
  t.equal(wrong.headers['www-authenticate'], 'Bearer realm="r"')
}

async function stars(t: Test, { put, get, to }: Means): Promise<void> {
  await put('/routes/within', { uri: '/w/*/end', upstream: to })
  await put('/routes/name', { uri: '/p/:name', upstream: to })
  const status = async (path: string): Promise<number> => (await get(path)).status
  t.equal(await status('/w/a/end'), 200)
  t.equal(await status('/w/a/b/end?x=/no'), 200)
  t.equal(await status('/w/a/other'), 404)
  t.equal(await status('/p/x'), 404, 'there are no parameters unless the router has them')
}

async function failed(t: Test, { put, get, to }: Means): Promise<void> {
  const told = async (path: string): Promise<unknown> => {
    const { status, headers } = await get(path)
    return [status, headers['x-apisix-upstream-status']]
  }
  await put('/routes/up', { uri: '/up', upstream: to })
  t.strictSame(await told('/up'), [200, undefined])
  await put('/routes/down', { uri: '/down', upstream: { nodes: { '127.0.0.1:1': 1 } } })
  t.strictSame(await told('/down'), [502, '502'])
  const nodes = { '127.0.0.1:1': 1, '127.0.0.1:2': 1 }
  await put('/routes/all-down', { uri: '/all-down', upstream: { nodes } })
  t.strictSame(await told('/all-down'), [502, '502, 502'])
  t.strictSame(await told('/none'), [404, undefined])
}

t.test('the router with parameters looks at paths first', async (t) => {
  const { put, get, to, upstream } = await gateway(
    t,
    '  router: { http: radixtree_uri_with_parameter }\n',
  )
  const marked = (mark: string) => ({
    'response-rewrite': { headers: { set: { 'X-Route': mark } } },
  })
  const routes = {
    name: { uri: '/user/:name', upstream: to },
    posts: { uri: '/user/:name/posts/*', upstream: to },
    exact: { uri: '/user/me', host: 'a.com', upstream: to },
    host: { uri: '/*', host: '*.com', upstream: to },
  }
  for (const [name, route] of Object.entries(routes)) {
    await put(`/routes/${name}`, { ...route, plugins: marked(name) })
  }
  const taker = async (path: string, host: string): Promise<unknown> => {
    const { status, headers } = await get(path, { host })
    return headers['x-route'] ?? status
  }
  t.equal(await taker('/user/jack', 'b.com'), 'name', 'a longer path counts before a host')
  t.equal(await taker('/user/jack/posts/1/2', 'b.org'), 'posts')
  t.equal(await taker('/user/me', 'A.com:80'), 'exact')
  t.equal(await taker('/user/me', 'b.org'), 'name')
  t.equal(await taker('/user/jack/likes', 'b.com'), 'host')
  t.equal(await taker('/user/jack/likes', 'b.org'), 404)
  const rewrite = { 'proxy-rewrite': { uri: '/$uri_param_rest/of/$uri_param_name' } }
  await put('/routes/rewrite', { uri: '/r/:name/x/*rest', upstream: to, plugins: rewrite })
  const before = upstream.requests.length
  t.equal((await get('/r/jack/x/a/b')).status, 200)
  t.match(upstream.requests[before]?.start, /^GET \/a\/b\/of\/jack HTTP/)
})
