import t from 'tap'
import { ENDPOINTS } from '../../../../core/dialect/gcore/api.ts'
import { BALANCER, openLab, secretsOf } from './lab.ts'

const PATH = '/cloud/v1/loadbalancers/1/1'

t.test('only the token lets in', async (t) => {
  const { client } = openLab(t, { key: '1234$abcdef' })
  const ask = (authorization?: string) =>
    client.raw('GET', PATH, authorization === undefined ? {} : { headers: { authorization } })
  for (const scheme of ['APIKey', 'apikey', 'ApiKey']) {
    t.equal((await ask(`${scheme} 1234$abcdef`)).status, 200, scheme)
  }
  const cases: [string | undefined, string, RegExp][] = [
    [undefined, 'not_authenticated', /^Authentication credentials were not provided\.$/],
    ['APIKey', 'not_authenticated', /were not provided/],
    ['Bearer abc', 'token_not_valid', /^Given token not valid for any token type$/],
    ['APIKey 1234$abcdeX', 'token_not_valid', /^Token is invalid or expired$/],
    ['APIKey whatever', 'token_not_valid', /^Bad permanent token: what\.\.\.$/],
    ['APIKey 1234$abcdef1234$abcdef', 'token_not_valid', /./],
  ]
  for (const [header, exception_class, message] of cases) {
    t.match(await ask(header), { status: 401, body: { exception_class, message } }, String(header))
  }
})

t.test('the first start makes a token', async (t) => {
  let made = ''
  const { client } = openLab(t, {
    key: undefined,
    credential: (_name, make) => Promise.resolve(made = make()),
  })
  t.equal((await client.call('GET', PATH)).status, 401)
  t.match(made, /^\d+\$[0-9a-f]{64}$/)
  const headers = { authorization: `APIKey ${made}` }
  t.equal((await client.raw('GET', PATH, { headers })).status, 200)
})

t.test('the OpenAPI document names every endpoint', async (t) => {
  const { client } = openLab(t)
  const { status, body } = await client.raw('GET', '/cloud/openapi.json')
  t.equal(status, 200)
  t.match(body, { openapi: '3.1.0', info: { version: '1.2.3' } })
  for (const { method, path } of ENDPOINTS) {
    t.ok(body.paths[`/cloud${path}`]?.[method], `${method} ${path}`)
  }
  const create = body.paths['/cloud/v1/loadbalancers/{project_id}/{region_id}'].post
  const { properties } = create.requestBody.content['application/json'].schema
  t.match(properties, { listeners: {}, vip_network_id: {} })
})

t.test('what would be told of passwords is sealed', async (t) => {
  const { client, store } = openLab(t, { inForce: () => new Promise(() => {}), clock: 'still' })
  const users = [{ username: 'jack', encrypted_password: '$5$abc$def' }]
  const listeners = [{ ...BALANCER.listeners[0], user_list: users }]
  void client.post('loadbalancers', { ...BALANCER, listeners })
  let found = await store.list('/gcore/')
  while ('documents' in found && found.documents.length < 3) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    found = await store.list('/gcore/')
  }
  const sealed = 'documents' in found
    ? found.documents.flatMap(({ key, value }) => secretsOf(key, value))
    : []
  t.same(sealed, [['listeners', 0, 'user_list', 0, 'encrypted_password']])
  const undo = [{ key: '/x', value: { listeners } }]
  t.same(secretsOf('/gcore/tasks/1', { undo } as never), [
    ['undo', 0, 'value', 'listeners', 0, 'user_list', 0, 'encrypted_password'],
  ])
  t.same(secretsOf('/routes/1', { payload: 'x' }), [])
})

t.test('a body that is too long is refused', async (t) => {
  const { client } = openLab(t)
  const answer = await client.post('loadbalancers', { name: 'x'.repeat(9_000_000) })
  t.match(answer, { status: 413, body: { exception_class: 'HTTPError' } })
})

t.test('flavors', async (t) => {
  const { client } = openLab(t)
  const { body } = await client.get('lbflavors')
  t.match(body.results[0], { flavor_name: 'lb1-1-2', vcpus: 1, ram: 2048 })
  t.equal(body.count, body.results.length)
})
