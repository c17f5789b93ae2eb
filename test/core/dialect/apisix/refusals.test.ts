/** What the Admin API refuses, in APISIX's words. Each case: method, path, body, and what is answered. */
import t from 'tap'
import { scene } from './scene.ts'

const NODES = { '127.0.0.1:8080': 1 }
const UPSTREAM = { nodes: NODES, type: 'roundrobin' }
const invalid = (wrong: string): { error_msg: string } => ({
  error_msg: `invalid configuration: ${wrong}`,
})

type Case = readonly [method: string, path: string, body: unknown, told: unknown, status?: number]

const ROUTES: readonly Case[] = [
  ['PUT', '/routes/1', undefined, { error_msg: 'missing configurations' }],
  ['PUT', '/routes', { uri: '/a' }, { error_msg: 'missing route id' }],
  ['PUT', '/routes/1', { id: 3, uri: '/a' }, { error_msg: 'wrong route id' }],
  [
    'PUT',
    '/routes/1',
    { methods: ['X'], uri: '/a' },
    invalid(
      'property "methods" validation failed: failed to validate item 1: matches none of the enum values',
    ),
  ],
  [
    'PUT',
    '/routes/1',
    { methods: ['GET', 'GET'], uri: '/a', upstream: UPSTREAM },
    invalid(
      'property "methods" validation failed: expected unique items but items 1 and 2 are equal',
    ),
  ],
  [
    'PUT',
    '/routes/1',
    { service_id: 'invalid_id$', uri: '/a' },
    invalid('property "service_id" validation failed: object matches none of the required'),
  ],
  [
    'PUT',
    '/routes/1',
    { service_id: '99', uri: '/a' },
    { error_msg: 'failed to fetch service info by service id [99], response code: 404' },
  ],
  [
    'PUT',
    '/routes/1',
    { upstream_id: '99', uri: '/a' },
    { error_msg: 'failed to fetch upstream info by upstream id [99], response code: 404' },
  ],
  [
    'PUT',
    '/routes/1',
    { plugin_config_id: '99', uri: '/a', upstream: UPSTREAM },
    {
      error_msg: 'failed to fetch plugin config info by plugin config id [99], response code: 404',
    },
  ],
  ['POST', '/routes', { id: 1, uri: '/a', plugins: {} }, {
    error_msg: 'wrong route id, do not need it',
  }],
  ['POST', '/routes/1', { uri: '/a', plugins: {} }, {
    error_msg: 'wrong route id, do not need it',
  }],
  [
    'PUT',
    '/routes/1',
    { host: 'a.*.foo.com', uri: '/a', upstream: UPSTREAM },
    invalid(
      'property "host" validation failed: failed to match pattern ' +
        '"^\\\\*$|^\\\\*?[0-9a-zA-Z-._\\\\[\\\\]:]+$" with "a.*.foo.com"',
    ),
  ],
  [
    'PUT',
    '/routes/1',
    { remote_addr: '127.0.0.33333', uri: '/a', upstream: UPSTREAM },
    invalid('property "remote_addr" validation failed: object matches none of the required'),
  ],
  [
    'PUT',
    '/routes/1',
    { host: 'a', hosts: ['b'], uri: '/a', upstream: UPSTREAM },
    { error_msg: 'only one of host or hosts is allowed' },
  ],
  [
    'PUT',
    '/routes/1',
    { remote_addr: '1.1.1.1', remote_addrs: ['1.1.1.1'], uri: '/a', upstream: UPSTREAM },
    { error_msg: 'only one of remote_addr or remote_addrs is allowed' },
  ],
  [
    'PUT',
    '/routes/1',
    { uri: '/', uris: ['/'], upstream: UPSTREAM },
    invalid('allOf 1 failed: value should match only one schema, but matches both schemas 1 and 2'),
  ],
  [
    'PUT',
    '/routes/1',
    { uri: '/', hosts: [], upstream: UPSTREAM },
    invalid('property "hosts" validation failed: expect array to have at least 1 items'),
  ],
  [
    'PUT',
    '/routes/1',
    { uri: '/a' },
    /object matches none of the required: \["plugins","uri"\] or/,
  ],
  [
    'PUT',
    '/routes/1',
    { uri: '/a', upstream: UPSTREAM, vars: [['remote_addr', '=', '127.0.0.1']] },
    { error_msg: "failed to validate the 'vars' expression: invalid operator '='" },
  ],
  [
    'PUT',
    '/routes/1',
    { uri: '/a', upstream: UPSTREAM, vars: ['x'] },
    {
      error_msg: "failed to validate the 'vars' expression: rule should be wrapped inside brackets",
    },
  ],
  [
    'PUT',
    '/routes/1',
    { uri: '/a', plugins: { nope: {} } },
    { error_msg: 'unknown plugin [nope]' },
  ],
  [
    'PUT',
    '/routes/1',
    { uri: '/a', plugins: { 'limit-req': { rate: -1, burst: 0, key: 'remote_addr' } } },
    {
      error_msg: 'failed to check the configuration of plugin limit-req err: ' +
        'property "rate" validation failed: expected -1 to be greater than 0',
    },
  ],
  [
    'PUT',
    '/routes/1',
    { uri: '/a', plugins: { cors: true } },
    { error_msg: 'invalid plugin conf true for plugin [cors]' },
  ],
  [
    'PUT',
    '/routes/1',
    { uri: '/a', plugins: { cors: { _meta: { filter: 'x' } } } },
    {
      error_msg: 'failed to check the configuration of plugin cors err: property "_meta" ' +
        'validation failed: property "filter" validation failed: wrong type: expected array, got string',
    },
  ],
  ['PUT', '/routes/1', { uri: '/a', upstream: UPSTREAM, create_time: 1 }, {
    error_msg: 'the property is forbidden:  create_time',
  }],
  ['PUT', '/routes/1', { uri: '/a', upstream: { ...UPSTREAM, update_time: 1 } }, {
    error_msg: 'the property is forbidden:  upstream.update_time',
  }],
  [
    'PUT',
    '/routes/1',
    { uri: '/a', filter_func: 'function(vars) return true end', plugins: {} },
    /filter_func/,
  ],
  [
    'PUT',
    '/routes/1',
    '{"uri": "/a", ',
    /^invalid request body: Expected object key string but found T_END at character 15$/,
  ],
  ['PUT', '/routes?ttl=x', { uri: '/a' }, {
    error_msg: 'invalid argument ttl: should be a number',
  }],
  ['GET', '/routes/1', undefined, { message: 'Key not found' }, 404],
  ['DELETE', '/routes/1', undefined, { message: 'Key not found' }, 404],
  ['DELETE', '/routes', undefined, { error_msg: 'missing route id' }],
  ['PATCH', '/routes/1', { uri: '/b' }, { message: 'Key not found' }, 404],
  ['PATCH', '/routes', { uri: '/b' }, { error_msg: 'missing route id' }],
  ['PATCH', '/routes/1', undefined, { error_msg: 'missing new configuration' }],
  ['PATCH', '/routes/1', '3', { error_msg: 'invalid configuration' }],
  ['GET', '/nothing', undefined, { error_msg: 'Unsupported resource type: nothing' }, 404],
]

const UPSTREAMS: readonly Case[] = [
  [
    'PUT',
    '/upstreams/*invalid',
    UPSTREAM,
    invalid('property "id" validation failed: object matches none of the required'),
  ],
  [
    'PUT',
    '/upstreams/1',
    { ...UPSTREAM, retries: -1 },
    invalid('property "retries" validation failed: expected -1 to be at least 0'),
  ],
  [
    'PUT',
    '/upstreams/1',
    { ...UPSTREAM, _x: 1 },
    invalid('additional properties forbidden, found _x'),
  ],
  [
    'PUT',
    '/upstreams/1',
    { nodes: { '127.0.0.1:8080': '1' } },
    invalid('property "nodes" validation failed: object matches none of the required'),
  ],
  ['PUT', '/upstreams/1', { nodes: NODES, type: 'chash' }, { error_msg: 'missing key' }],
  [
    'PUT',
    '/upstreams/1',
    { nodes: NODES, type: 'mine' },
    {
      error_msg:
        'invalid configuration: property "type" validation failed: matches none of the enum values',
    },
  ],
  [
    'PUT',
    '/upstreams/1',
    { nodes: NODES, type: 'chash', key: 'not_support' },
    /failed to match pattern/,
  ],
  [
    'PUT',
    '/upstreams/1',
    { nodes: NODES, pass_host: 'rewrite' },
    { error_msg: "`upstream_host` can't be empty when `pass_host` is `rewrite`" },
  ],
  ['PUT', '/upstreams/1', { nodes: { '127.0.0.1:70000': 1 } }, { error_msg: 'invalid port 70000' }],
  [
    'PUT',
    '/upstreams/1',
    { nodes: { '::1:80': 1 } },
    invalid("IPv6 address must be enclosed with '[' and ']'"),
  ],
  [
    'PUT',
    '/upstreams/1',
    { ...UPSTREAM, labels: { env: ['a'] } },
    invalid(
      'property "labels" validation failed: failed to validate env (matching ".*"): wrong type: expected string, got table',
    ),
  ],
  [
    'PUT',
    '/upstreams/1',
    { ...UPSTREAM, tls: { client_cert: 'x'.repeat(130) } },
    invalid(
      'property "tls" validation failed: failed to validate dependent schema for "client_cert": ' +
        'property "client_key" is required',
    ),
  ],
  [
    'PUT',
    '/upstreams/1',
    { ...UPSTREAM, tls: { client_cert_id: 7 } },
    { error_msg: 'failed to fetch ssl info by ssl id [7], response code: 404' },
  ],
  [
    'PUT',
    '/upstreams/1',
    {},
    invalid('value should match only one schema, but matches none'),
  ],
]

const OTHERS: readonly Case[] = [
  ['POST', '/consumers', {}, { error_msg: 'not supported `POST` method for consumer' }, 405],
  [
    'POST',
    '/plugin_configs',
    {},
    { error_msg: 'not supported `POST` method for plugin config' },
    405,
  ],
  ['POST', '/global_rules', {}, { error_msg: 'not supported `POST` method for global rule' }, 405],
  ['PUT', '/consumers/jack', { username: 'pony' }, { error_msg: 'wrong username' }],
  ['PUT', '/consumers', { id: 'jack' }, invalid('property "username" is required')],
  [
    'PUT',
    '/consumers',
    { username: 'jack', plugins: { 'key-auth': {} } },
    {
      error_msg: 'invalid plugins configuration: failed to check the configuration of plugin ' +
        'key-auth err: property "key" is required',
    },
  ],
  ['PUT', '/consumers/jack/credentials/a', { plugins: { 'key-auth': { key: 'k' } } }, {
    error_msg: 'consumer not found',
  }, 404],
  ['PUT', '/consumers/jack/credentials/a', { plugins: { cors: {} } }, {
    error_msg: 'only supports auth type plugins in consumer credential',
  }],
  ['PUT', '/consumers/jack/credentials/a', { plugins: { nope: {} } }, {
    error_msg: 'invalid plugins configuration: unknown plugin [nope]',
  }],
  ['GET', '/consumers/jack/credentials', undefined, { message: 'Key not found' }, 404],
  ['PUT', '/plugin_metadata', { k: 'v' }, { error_msg: 'missing plugin name' }],
  ['PUT', '/plugin_metadata/test', { k: 'v' }, { error_msg: 'invalid plugin name' }],
  ['PUT', '/global_rules/1', {}, invalid('property "plugins" is required')],
  ['GET', '/stream_routes', undefined, {
    error_msg: 'stream mode is disabled, can not add stream routes',
  }],
  ['GET', '/plugins/asdf', undefined, { error_msg: 'plugin not found in subsystem http' }, 404],
  ['GET', '/plugins?subsystem=asdf', undefined, { error_msg: 'unsupported subsystem: asdf' }],
  ['GET', '/plugins/limit-req?schema_type=consumer', undefined, { error_msg: 'not found schema' }],
  ['GET', '/schema/plugins/asdf', undefined, {
    error_msg: 'plugin not found in subsystem http',
  }, 404],
  ...['GET', 'POST', 'DELETE', 'PATCH'].map((method): Case => [
    method,
    '/plugins/reload',
    undefined,
    {
      error_msg: `please use PUT method to reload the plugins, ${method} method is not allowed.`,
    },
    405,
  ]),
  [
    'PUT',
    '/consumers/jill',
    { username: 'jack', plugins: { 'key-auth': {} } },
    { error_msg: 'wrong username' },
  ],
  [
    'PUT',
    '/routes/1',
    { uri: '/a', plugins: { 'limit-count': { count: 1, time_window: 1, rules: [] } } },
    {
      error_msg: 'failed to check the configuration of plugin limit-count err: ' +
        'count/time_window and rules cannot be specified at the same time',
    },
  ],
  ['GET', '/schema/noexits', undefined, { error_msg: 'not found schema: noexits' }],
  ['PUT', '/schema/service', undefined, { error_msg: 'not found' }, 404],
  [
    'POST',
    '/schema/validate/nothing',
    {},
    { error_msg: 'Unsupported resource type: nothing' },
    404,
  ],
  ['POST', '/schema/validate/routes', { uri: 666, upstream: UPSTREAM }, {
    error_msg: 'property "uri" validation failed: wrong type: expected string, got number',
  }],
]

for (const [name, cases] of Object.entries({ ROUTES, UPSTREAMS, OTHERS })) {
  t.test(`refusals: ${name.toLowerCase()}`, async (t) => {
    const { ask } = scene()
    for (const [method, path, body, told, status = 400] of cases) {
      const reply = await ask(method, path, body)
      const title = `${method} ${path} ${JSON.stringify(body) ?? ''}`.slice(0, 100)
      t.equal(reply.status, status, title)
      if (told instanceof RegExp) t.match(reply.json.error_msg, told, title)
      else t.strictSame(reply.json, told, title)
    }
  })
}

t.test('a body over the bound is refused before it is read', async (t) => {
  const { ask } = scene()
  const reply = await ask('PUT', '/routes/1', 'x'.repeat(1_572_865))
  t.equal(reply.status, 400)
  t.equal(
    reply.json.error_msg,
    'invalid request body: request size 1572865 is greater than the maximum size 1572864 allowed',
  )
})

t.test('a private key in a broken body is not told back', async (t) => {
  const { ask } = scene()
  const reply = await ask('PUT', '/ssls/1', '{"key": "-----BEGIN PRIVATE KEY-----\nMIIsecret\n')
  t.equal(reply.status, 400)
  t.notMatch(reply.text, /MIIsecret/)
  t.match(reply.json.error_msg, /unexpected end of string|but found/)
})
