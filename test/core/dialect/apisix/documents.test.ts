/** How the Admin API keeps, tells, changes and removes documents, in the shapes of APISIX 3 and 2. */
import t from 'tap'
import { scene } from './scene.ts'

const UPSTREAM = { nodes: { '127.0.0.1:8080': 1 }, type: 'roundrobin' }
const ROUTE = { uri: '/index.html', upstream: UPSTREAM }

t.test('a document is put, told, replaced and removed', async (t) => {
  const { ask } = scene()
  const made = await ask('PUT', '/routes/1', ROUTE)
  t.equal(made.status, 201)
  t.ok(made.text.endsWith('\n'))
  const { create_time, update_time, ...rest } = made.json.value
  t.strictSame(rest, { ...ROUTE, id: '1' }, 'without defaults')
  t.equal(create_time, update_time)
  t.strictSame(Object.keys(made.json), ['key', 'value'])
  t.equal(made.json.key, '/apisix/routes/1')
  const again = await ask('PUT', '/routes/1', { ...ROUTE, desc: 'x' })
  t.equal(again.status, 200)
  t.equal(again.json.value.create_time, create_time)
  const told = await ask('GET', '/routes/1')
  t.strictSame(Object.keys(told.json), ['key', 'value', 'createdIndex', 'modifiedIndex'])
  t.ok(told.json.createdIndex < told.json.modifiedIndex)
  const gone = await ask('DELETE', '/routes/1')
  t.strictSame([gone.status, gone.json], [200, { deleted: '1', key: '/apisix/routes/1' }])
})

t.test('an id in the document stays as it is, one in the path is text', async (t) => {
  const { ask } = scene()
  t.equal((await ask('PUT', '/routes', { ...ROUTE, id: 1 })).json.value.id, 1)
  t.equal((await ask('PUT', '/routes/1', { ...ROUTE, id: 1 })).json.value.id, '1')
  const patched = await ask('PATCH', '/routes/1/', { desc: 'new' })
  t.strictSame([patched.status, patched.json.value.id], [200, '1'])
})

t.test('POST gives ids of twenty digits', async (t) => {
  const { ask } = scene()
  const made = await Promise.all([1, 2, 3].map(() => ask('POST', '/routes', ROUTE)))
  t.strictSame(made.map(({ status }) => status), [201, 201, 201])
  const keys = made.map(({ json }) => json.key)
  t.equal(new Set(keys).size, 3)
  for (const key of keys) t.match(key, /^\/apisix\/routes\/\d{20}$/)
})

t.test('lists are filtered and paged', async (t) => {
  const { ask } = scene()
  t.strictSame((await ask('GET', '/routes')).json, { list: [], total: 0 })
  for (const id of [0, 1]) await ask('PUT', `/services/${id}`, {})
  for (let at = 1; at <= 11; at++) {
    const labels = { [`l${at}`]: 'x' }
    const service_id = String(at % 2)
    await ask('PUT', `/routes/${at}`, {
      ...ROUTE,
      uri: `/r${at}`,
      name: `n${at}`,
      labels,
      service_id,
    })
  }
  const ids = async (query: string): Promise<string[]> => {
    const { json } = await ask('GET', `/routes?${query}`)
    return json.list.map(({ value }: { value: { id: string } }) => value.id)
  }
  t.strictSame(await ids(''), ['1', '10', '11', '2', '3', '4', '5', '6', '7', '8', '9'])
  t.strictSame(await ids('name=n1'), ['1', '10', '11'])
  t.strictSame(await ids('name=n1$'), ['1'])
  t.strictSame(await ids('label=l3'), ['3'])
  t.strictSame(await ids('uri=r1'), ['1', '10', '11'])
  t.strictSame(await ids('filter=service_id%3D0'), ['10', '2', '4', '6', '8'])
  t.strictSame(await ids('page=2&page_size=10'), ['11'])
  t.strictSame((await ids('page=-1&page_size=10')).length, 10)
  t.equal((await ask('GET', '/routes?page=1&page_size=10')).json.total, 11)
  const bad = await ask('GET', '/routes/?page=1&page_size=2')
  t.strictSame([bad.status, bad.text], [400, 'page_size must be between 10 and 500'])
})

t.test('PATCH merges, takes away with null, and replaces at a place', async (t) => {
  const { ask } = scene()
  await ask('PUT', '/routes/1', { ...ROUTE, methods: ['GET', 'PUT'], desc: 'x' })
  const value = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
    const reply = await ask('PATCH', path, body)
    t.equal(reply.status, 200, `${path} ${reply.text}`)
    return reply.json.value
  }
  const nodes = { upstream: { nodes: { '127.0.0.1:8080': null, '127.0.0.2:8080': 1 } } }
  t.strictSame((await value('/routes/1', nodes))['upstream'], {
    ...UPSTREAM,
    nodes: { '127.0.0.2:8080': 1 },
  })
  t.notOk('desc' in await value('/routes/1', { desc: null }))
  t.strictSame((await value('/routes/1', { methods: ['POST'] }))['methods'], ['POST'])
  t.strictSame((await value('/routes/1/methods', ['GET']))['methods'], ['GET'])
  t.equal((await value('/routes/1/uri', '"/new"'))['uri'], '/new')
  t.equal((await value('/routes/1/enable_websocket', 'false'))['enable_websocket'], false)
  t.strictSame(
    (await value('/routes/1/upstream/nodes', { '10.0.0.1:80': 2 }))['upstream'],
    { ...UPSTREAM, nodes: { '10.0.0.1:80': 2 } },
  )
  t.equal((await value('/routes/1', { create_time: 1_705_252_779 }))['create_time'], 1_705_252_779)
  const wrong = await ask('PATCH', '/routes/1/uri/x', '1')
  t.strictSame([wrong.status, wrong.json], [400, { error_msg: 'invalid sub-path: /uri/x' }])
})

t.test('many writers lose nothing', async (t) => {
  const { ask } = scene()
  await ask('PUT', '/upstreams/1', { ...UPSTREAM, nodes: {} })
  const all = await Promise.all(
    Array.from(
      { length: 20 },
      (_, at) => ask('PATCH', '/upstreams/1', { nodes: { [`10.0.0.${at}:80`]: 1 } }),
    ),
  )
  t.ok(all.every(({ status }) => status === 200))
  const { json } = await ask('GET', '/upstreams/1')
  t.equal(Object.keys(json.value.nodes).length, 20)
})

t.test('what is in use is not removed, unless forced', async (t) => {
  const { ask } = scene()
  await ask('PUT', '/upstreams/1', UPSTREAM)
  await ask('PUT', '/services/1', { upstream_id: 1 })
  await ask('PUT', '/plugin_configs/1', { plugins: {} })
  await ask('PUT', '/routes/1', { uri: '/a', service_id: '1', plugin_config_id: 1 })
  const told = async (path: string): Promise<string> => (await ask('DELETE', path)).json.error_msg
  t.equal(
    await told('/upstreams/1'),
    'can not delete this upstream, service [1] is still using it now',
  )
  t.equal(
    await told('/services/1'),
    'can not delete this service directly, route [1] is still using it now',
  )
  t.equal(
    await told('/plugin_configs/1'),
    'can not delete this plugin config, route [1] is still using it now',
  )
  t.equal((await ask('DELETE', '/upstreams/1?force=anyvalue')).status, 400)
  t.equal((await ask('DELETE', '/upstreams/1?force=true')).status, 200)
})

t.test('consumers have credentials, which go with them', async (t) => {
  const { ask } = scene()
  const plugins = { 'key-auth': { key: 'auth-one' } }
  t.equal(
    (await ask('PUT', '/consumers', { username: 'jack', plugins })).json.key,
    '/apisix/consumers/jack',
  )
  const missing = await ask('PUT', '/consumers/jack/credentials', { plugins })
  t.strictSame(missing.json, { error_msg: 'missing credential id' })
  const made = await ask('PUT', '/consumers/jack/credentials/a', {
    plugins: { 'key-auth': { key: 'b' } },
  })
  t.strictSame([made.status, made.json.key], [201, '/apisix/consumers/jack/credentials/a'])
  t.equal(made.json.value.id, 'a')
  t.equal((await ask('GET', '/consumers')).json.total, 1, 'credentials are no consumers')
  t.equal((await ask('GET', '/consumers/jack/credentials')).json.total, 1)
  t.equal((await ask('DELETE', '/consumers/jack')).status, 200)
  t.equal((await ask('GET', '/consumers/jack/credentials/a')).status, 404)
})

t.test('no two consumers are told by the same key', async (t) => {
  const { ask } = scene()
  const keyed = (key: string) => ({ plugins: { 'key-auth': { key } } })
  t.equal((await ask('PUT', '/consumers', { username: 'jack', ...keyed('a') })).status, 201)
  t.equal((await ask('PUT', '/consumers', { username: 'jack', ...keyed('a') })).status, 200)
  const twice = { error_msg: 'duplicate key found with consumer: jack' }
  t.strictSame((await ask('PUT', '/consumers', { username: 'jill', ...keyed('a') })).json, twice)
  t.equal((await ask('PUT', '/consumers/jack/credentials/c', keyed('b'))).status, 201)
  t.equal((await ask('PUT', '/consumers/jack/credentials/c', keyed('b'))).status, 200)
  t.strictSame((await ask('PUT', '/consumers/jack/credentials/d', keyed('b'))).json, twice)
  t.equal((await ask('DELETE', '/consumers/jack')).status, 200)
  t.equal((await ask('PUT', '/consumers', { username: 'jill', ...keyed('b') })).status, 201)
  t.equal((await ask('PUT', '/consumers', { username: 'jack', ...keyed('a') })).status, 201)
  t.equal((await ask('PUT', '/consumers', { username: 'jack', ...keyed('c') })).status, 200)
  t.equal((await ask('PUT', '/consumers', { username: 'jim', ...keyed('a') })).status, 201)
  const login = { plugins: { 'basic-auth': { username: 'a', password: 'p' } } }
  t.equal((await ask('PUT', '/consumers', { username: 'jill', ...login })).status, 200)
})

t.test('a plugin stands in one global rule alone', async (t) => {
  const { ask } = scene()
  const plugins = { 'limit-count': { count: 2, time_window: 60 } }
  t.equal((await ask('PUT', '/global_rules/1', { plugins })).status, 201)
  t.equal((await ask('PUT', '/global_rules/1', { plugins })).status, 200)
  const other = await ask('PUT', '/global_rules/2', { plugins })
  t.strictSame(other.json, {
    error_msg: "plugin 'limit-count' already exists in global rule with id '1'",
  })
})

t.test('documents with a lifetime vanish', async (t) => {
  const { ask, store } = scene()
  const gone = new Promise<void>((resolve) => {
    store.watch('/routes/', 0, (event) => {
      if (event.kind === 'changes' && event.by === 'expiry') resolve()
    })
  })
  t.equal((await ask('PUT', '/routes/1?ttl=1', ROUTE)).status, 201)
  await gone
  t.equal((await ask('GET', '/routes/1')).status, 404)
})

t.test('the shapes of version 2, by option or by the old path', async (t) => {
  const { ask } = scene({ shape: 'v2' })
  t.strictSame((await ask('GET', '/routes')).json, {
    action: 'get',
    count: 0,
    node: { dir: true, key: '/apisix/routes', nodes: [] },
  })
  const made = await ask('PUT', '/routes/1', ROUTE)
  t.strictSame([made.json.action, made.json.node.key], ['set', '/apisix/routes/1'])
  t.equal((await ask('POST', '/routes', ROUTE)).json.action, 'create')
  t.equal((await ask('PATCH', '/routes/1', { uri: '/x' })).json.action, 'compareAndSwap')
  t.equal((await ask('GET', '/routes/1')).json.action, 'get')
  t.strictSame((await ask('DELETE', '/routes/1')).json, {
    action: 'delete',
    deleted: '1',
    key: '/apisix/routes/1',
    node: {},
  })
})

t.test('schemas and plugins are told', async (t) => {
  const { ask } = scene()
  const names = (await ask('GET', '/plugins/list')).json
  t.strictSame(names.slice(0, 3), ['real-ip', 'client-control', 'request-id'])
  t.ok((await ask('GET', '/plugins/limit-req')).json.properties.rate)
  t.ok((await ask('GET', '/plugins/basic-auth?schema_type=consumer')).json.properties.password)
  t.equal((await ask('GET', '/plugins?all=true')).json['key-auth'].type, 'auth')
  t.equal((await ask('PUT', '/plugins/reload')).status, 200)
  t.strictSame((await ask('GET', '/plugins/list?subsystem=stream')).json, [])
  const neither = await ask('GET', '/plugins/list?subsystem=x')
  t.strictSame([neither.status, neither.text], [400, 'invalid subsystem passed'])
  t.ok((await ask('GET', '/schema/stream_route')).json.properties.server_port)
  t.ok((await ask('GET', '/schema/plugins/key-auth?schema_type=consumer')).json.properties.key)
  t.ok((await ask('GET', '/schema/route')).json.properties.uri)
  t.equal((await ask('POST', '/schema/validate/routes', ROUTE)).status, 200)
  const openapi = (await ask('GET', '/openapi.json')).json
  t.equal(openapi.openapi, '3.1.0')
  t.ok(openapi.paths['/routes/{id}'].patch)
  t.notOk(openapi.paths['/consumers/{id}'].patch)
})

t.test('a whole configuration is validated', async (t) => {
  const { ask } = scene()
  const good = { routes: [{ id: 'r1', uri: '/a', service_id: 'absent' }] }
  t.strictSame([(await ask('POST', '/configs/validate', good)).status], [200])
  const bad = {
    routes: [{ id: 'r1', uri: '/a', upstream: UPSTREAM }, { id: 'r1', uri: 3 }],
    consumers: [{ id: 'jack/credentials/a', plugins: { 'key-auth': {} } }],
    ssls_conf_version: 'x',
  }
  const reply = await ask('POST', '/configs/validate', bad)
  t.equal(reply.status, 400)
  t.equal(reply.json.error_msg, 'Configuration validation failed')
  t.match(reply.json.errors, [
    {
      resource_type: 'routes',
      index: 1,
      error: 'invalid routes at index 1, err: invalid configuration: ' +
        'property "uri" validation failed: wrong type: expected string, got number',
    },
    { resource_type: 'routes', index: 1, error: 'found duplicate id r1 in routes' },
    { resource_type: 'ssls', error: 'ssls_conf_version must be a number, got string' },
    { resource_type: 'consumers', index: 0, error: /property "key" is required/ },
  ])
  const none = await ask('POST', '/configs/validate')
  t.strictSame(none.json, { error_msg: 'invalid request body: empty request body' })
  const yaml = (body: string) =>
    ask('POST', '/configs/validate', body, { headers: { 'Content-Type': 'application/yaml' } })
  t.equal(
    (await yaml('routes:\n  - { id: r1, uri: /a, upstream_id: u, modifiedIndex: 3 }\n')).status,
    200,
  )
  t.equal((await yaml('routes: [{ id: r1, uri: 3 }]')).json.errors.length, 1)
  t.strictSame((await yaml('a: [')).json, {
    error_msg: 'invalid request body: invalid yaml request body',
  })
})
