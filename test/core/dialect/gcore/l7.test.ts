import t from 'tap'
import { BALANCER, openLab } from './lab.ts'

t.test('L7 policies and rules are made, placed, changed and deleted', async (t) => {
  const { client } = openLab(t)
  const lb = await client.create('loadbalancers', BALANCER)
  const [listener] = (await client.get('lblisteners')).body.results
  const [pool] = (await client.get('lbpools')).body.results
  const first = await client.create('l7policies', {
    listener_id: listener.id,
    name: 'redirect-example.com',
    action: 'REDIRECT_TO_URL',
    position: 1,
    redirect_url: 'http://www.example.com',
    redirect_http_code: 301,
    tags: ['test_tag'],
  })
  t.match(first, {
    action: 'REDIRECT_TO_URL',
    position: 1,
    redirect_http_code: 301,
    redirect_pool_id: null,
    rules: [],
    tags: ['test_tag'],
    project_id: 1,
    created_at: /\+0000$/,
    updated_at: null,
    operating_status: 'ONLINE',
    provisioning_status: 'ACTIVE',
  })
  const second = await client.create('l7policies', {
    listener_id: listener.id,
    action: 'REDIRECT_TO_POOL',
    redirect_pool_id: pool.id,
    position: 1,
  })
  t.equal(second.position, 1)
  t.equal((await client.get('l7policies', `/${first.id}`)).body.position, 2, 'the other moved on')
  const path = `/${second.id}/rules`
  const rule = { type: 'PATH', compare_type: 'STARTS_WITH', value: '/images' }
  const task = await client.done(await client.post('l7policies', rule, path))
  const id = task.created_resources?.['l7rules']?.[0]
  t.match((await client.get('l7policies', `${path}/${id}`)).body, {
    ...rule,
    key: null,
    invert: false,
    region_id: 2,
  })
  const put = `/v1/l7policies/1/2${path}/${id}`
  await client.done(await client.call('PUT', put, { ...rule, value: '/other', invert: true }))
  t.match((await client.get('l7policies', path)).body, {
    count: 1,
    results: [{ id, value: '/other', invert: true, updated_at: /^\d{4}/ }],
  })
  t.equal((await client.call('DELETE', `/v1/lbpools/1/2/${pool.id}`)).status, 409, 'pool in use')
  await client.done(await client.call('DELETE', put))
  t.equal((await client.call('GET', put)).status, 404)
  await client.done(
    await client.call('PATCH', `/v1/l7policies/1/2/${second.id}`, { action: 'REJECT' }),
  )
  t.match((await client.get('l7policies', `/${second.id}`)).body, {
    action: 'REJECT',
    redirect_pool_id: null,
    redirect_http_code: null,
  })
  await client.remove('l7policies', second.id)
  t.equal((await client.get('l7policies', `/${first.id}`)).body.position, 1)
  await client.remove('loadbalancers', lb.id)
  t.equal((await client.get('l7policies')).body.count, 0)
})

t.test('what an action or a rule needs is asked for', async (t) => {
  const { client } = openLab(t)
  await client.create('loadbalancers', BALANCER)
  const [listener] = (await client.get('lblisteners')).body.results
  const cases: [object, string, RegExp][] = [
    [{}, 'action', /^Field required$/],
    [{ action: 'REDIRECT_TO_URL' }, 'redirect_url', /required for REDIRECT_TO_URL/],
    [{ action: 'REDIRECT_TO_URL', redirect_url: 'x' }, 'redirect_url', /valid URL/],
    [{ action: 'REDIRECT_PREFIX' }, 'redirect_prefix', /required/],
    [{ action: 'REDIRECT_TO_POOL' }, 'redirect_pool_id', /required/],
    [{ action: 'REJECT', redirect_http_code: 200 }, 'redirect_http_code', /./],
  ]
  for (const [body, field, reason] of cases) {
    t.match(await client.post('l7policies', { listener_id: listener.id, ...body }), {
      status: 400,
      body: { invalid_fields: { [field]: [reason] } },
    }, field)
  }
  const policy = await client.create('l7policies', { listener_id: listener.id, action: 'REJECT' })
  const rules: [object, string, RegExp][] = [
    [{ type: 'HEADER', compare_type: 'EQUAL_TO', value: 'x' }, 'key', /required for HEADER/],
    [{ type: 'PATH', compare_type: 'LIKE', value: 'x' }, 'compare_type', /'CONTAINS'/],
    [{ type: 'PATH', compare_type: 'EQUAL_TO' }, 'value', /^Field required$/],
    [
      { type: 'SSL_CONN_HAS_CERT', compare_type: 'REGEX', value: 'True' },
      'compare_type',
      /'EQUAL_TO'/,
    ],
  ]
  for (const [body, field, reason] of rules) {
    t.match(await client.post('l7policies', body, `/${policy.id}/rules`), {
      status: 400,
      body: { invalid_fields: { [field]: [reason] } },
    }, field)
  }
})
