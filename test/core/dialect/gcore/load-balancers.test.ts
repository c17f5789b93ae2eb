import t from 'tap'
import { BALANCER, documentsOf, openLab } from './lab.ts'

t.test('a load balancer is made with all that stands in its body', async (t) => {
  const { client } = openLab(t)
  const task = await client.done(await client.post('loadbalancers', BALANCER))
  t.equal(task.task_type, 'create_loadbalancer')
  const made = task.created_resources ?? {}
  t.same(
    ['loadbalancers', 'listeners', 'pools', 'members'].map((kind) => made[kind]?.length),
    [1, 1, 1, 1],
  )
  t.same(made['secrets'], [], 'lists of other kinds are there and empty')
  const { body: lb } = await client.get('loadbalancers', `/${made['loadbalancers']?.[0]}`)
  t.match(lb, {
    name: 'web-lb',
    provisioning_status: 'ACTIVE',
    operating_status: 'ONLINE',
    project_id: 1,
    region_id: 2,
    vip_address: '127.0.0.1',
    vip_ip_family: 'ipv4',
    admin_state_up: true,
    task_id: null,
    creator_task_id: task.id,
    created_at: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$/,
    flavor: { flavor_name: 'lb1-1-2' },
    listeners: [{ id: made['listeners']?.[0] }],
    tags_v2: [],
  })
  t.same(Object.keys(lb.listeners[0]), ['id'], 'listeners are ids alone')
  const { body: listener } = await client.get('lblisteners', `/${made['listeners']?.[0]}`)
  t.match(listener, {
    name: 'web-listener',
    protocol: 'HTTP',
    protocol_port: 8080,
    load_balancer_id: lb.id,
    connection_limit: 100_000,
    pool_count: 1,
    secret_id: null,
    sni_secret_id: [],
    insert_headers: {},
    user_list: [],
    stats: null,
  })
  const { body: pool } = await client.get('lbpools', `/${made['pools']?.[0]}`)
  t.match(pool, {
    name: 'web-pool',
    listeners: [{ id: listener.id }],
    loadbalancers: [{ id: lb.id }],
    healthmonitor: null,
    session_persistence: null,
    ca_secret_id: null,
    members: [{ address: '127.0.0.1', protocol_port: 9000, weight: 1, backup: false }],
  })
})

t.test('the same API is below /cloud and without it, and 405 and 404 are told', async (t) => {
  const { client } = openLab(t)
  for (const path of ['/v1/loadbalancers/1/2', '/cloud/v1/loadbalancers/1/2']) {
    t.same((await client.call('GET', path)).body, { count: 0, results: [] })
  }
  t.match(await client.call('DELETE', '/v1/loadbalancers/1/2'), {
    status: 405,
    body: { exception_class: 'HTTPError', message: 'HTTP 405: Method Not Allowed' },
  })
  t.match(await client.call('GET', '/v1/servers/1/2'), { status: 404 })
  t.match(await client.call('GET', '/v1/loadbalancers/x/2'), {
    status: 400,
    body: { invalid_fields: { project_id: [/integer/] } },
  })
})

t.test('bodies that make no sense name each wrong field', async (t) => {
  const { client } = openLab(t)
  t.match(await client.post('loadbalancers', {}), {
    status: 400,
    body: {
      exception_class: 'ValidationError',
      message: `Validation Error: {'name': ['Field required']}`,
      invalid_fields: { name: ['Field required'] },
      request_id: /^[0-9a-f]{32}$/,
    },
  })
  const cases: [object, string, RegExp][] = [
    [{ name: 'x' }, 'name', /match pattern/],
    [{ name: 'web', flavor: 'huge' }, 'flavor', /could not be found/],
    [{ name: 'web', vip_network_id: 'a', vip_port_id: 'b' }, 'vip_port_id', /Only one/],
    [{ name: 'web', listeners: [{}] }, 'listeners.0.protocol', /^Field required$/],
    [{ name: 'web', listeners: 'none' }, 'listeners', /valid list/],
    [
      listenerBody({ protocol: 'FTP' }),
      'listeners.0.protocol',
      /^Input should be 'HTTP', 'HTTPS', .* or 'UDP'$/,
    ],
    [listenerBody({ protocol_port: 0 }), 'listeners.0.protocol_port', /greater than or equal to 1/],
    [listenerBody({ protocol_port: '80' }), 'listeners.0.protocol_port', /valid integer/],
    [listenerBody({ connection_limit: -2 }), 'listeners.0.connection_limit', /-1/],
    [listenerBody({ allowed_cidrs: ['x'] }), 'listeners.0.allowed_cidrs.0', /network/],
    [listenerBody({ allowed_cidrs: ['::/0'] }), 'allowed_cidrs', /family/],
    [listenerBody({ timeout_client_data: 86_400_001 }), 'listeners.0.timeout_client_data', /less/],
    [listenerBody({ protocol: 'TERMINATED_HTTPS' }), 'secret_id', /required/],
    [listenerBody({ protocol: 'TCP', insert_x_forwarded: true }), 'insert_x_forwarded', /HTTP/],
    [listenerBody({ pools: [POOL, POOL] }), 'listeners.0.pools', /at most 1 item .* not 2/],
    [
      poolBody({ members: [{ address: 'host', protocol_port: 1 }] }),
      at('members.0.address'),
      /IPv4/,
    ],
    [
      poolBody({ members: [{ address: '10.0.0.1', protocol_port: 1, weight: 257 }] }),
      at('members.0.weight'),
      /256/,
    ],
    [poolBody({ protocol: 'PROXY' }), 'protocol', /TCP listener/],
    [
      poolBody({ healthmonitor: { type: 'TCP', delay: 5, timeout: 5, max_retries: 3 } }),
      at('healthmonitor.timeout'),
      /less than delay/,
    ],
    [
      poolBody({
        healthmonitor: { type: 'HTTP', delay: 5, timeout: 3, max_retries: 3, url_path: 'a?b' },
      }),
      at('healthmonitor.url_path'),
      /match pattern/,
    ],
    [
      poolBody({ session_persistence: { type: 'APP_COOKIE' } }),
      at('session_persistence.cookie_name'),
      /required/,
    ],
  ]
  for (const [body, field, reason] of cases) {
    const answer = await client.post('loadbalancers', body)
    t.match(answer, {
      status: 400,
      body: { exception_class: 'ValidationError', invalid_fields: { [field]: [reason] } },
    }, field)
  }
  t.match(
    await client.raw('POST', '/v1/loadbalancers/1/2', {
      headers: { authorization: 'APIKey 1$secret' },
      body: '{',
    }),
    { status: 400, body: { invalid_fields: { body: [/valid JSON/] } } },
  )
})

const POOL = { name: 'pool', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' }

t.test('null stands for what is not given', async (t) => {
  const { client } = openLab(t)
  const [listener] = BALANCER.listeners
  const [pool] = listener.pools
  const none = { admin_state_up: null, timeout_client_data: null }
  const lb = await client.create('loadbalancers', {
    name: 'nulls',
    flavor: null,
    vip_network_id: null,
    tags: null,
    preferred_connectivity: null,
    admin_state_up: null,
    listeners: [{
      ...listener,
      ...none,
      secret_id: '',
      sni_secret_id: null,
      allowed_cidrs: null,
      user_list: null,
      connection_limit: null,
      insert_x_forwarded: null,
      pools: [{
        ...pool,
        ...none,
        secret_id: null,
        ca_secret_id: null,
        healthmonitor: null,
        session_persistence: null,
        members: [{ ...pool.members[0], weight: null, backup: null, subnet_id: null }],
      }],
    }],
  })
  t.match(lb, { admin_state_up: true, preferred_connectivity: 'L2', tags_v2: [] })
  const [made] = (await client.get('lblisteners')).body.results
  t.match(made, { admin_state_up: true, insert_x_forwarded: false, connection_limit: 100_000 })
  t.same((await client.call('PATCH', `/v2/lblisteners/1/2/${made.id}`, none)).body, { tasks: [] })
})

function listenerBody(change: object): object {
  const listener = { name: 'front', protocol: 'HTTP', protocol_port: 80, ...change }
  return { name: 'web', listeners: [listener] }
}

function poolBody(change: object): object {
  return listenerBody({ pools: [{ ...POOL, ...change }] })
}

function at(field: string): string {
  return `listeners.0.pools.0.${field}`
}

t.test('projects and regions are kept apart', async (t) => {
  const { client } = openLab(t)
  const lb = await client.create('loadbalancers', { name: 'mine' })
  for (const place of ['2/2', '1/3']) {
    const other = client.at(place)
    t.match(await other.get('loadbalancers', `/${lb.id}`), {
      status: 404,
      body: { exception_class: 'NotFoundError', message: /could not be found/ },
    })
    t.equal((await other.get('loadbalancers')).body.count, 0)
    t.equal((await other.call('DELETE', `/v1/loadbalancers/${place}/${lb.id}`)).status, 404)
  }
})

t.test('a load balancer is changed, and its tags are merged', async (t) => {
  const { client } = openLab(t)
  const { id } = await client.create('loadbalancers', {
    name: 'old-name',
    tags: { a: '1', b: '2' },
  })
  const { status, body } = await client.call('PATCH', `/v1/loadbalancers/1/2/${id}`, {
    name: 'new-name',
    tags: { a: null, c: '3' },
  })
  t.equal(status, 200)
  t.match(body, { name: 'new-name', updated_at: /^\d{4}/ })
  t.same(body.tags_v2.map(({ key, value }: Record<string, string>) => [key, value]), [
    ['b', '2'],
    ['c', '3'],
  ])
  t.same((await client.call('PATCH', `/v2/loadbalancers/1/2/${id}`, { name: 'new-name' })).body, {
    tasks: [],
  }, 'no change is no task')
  const updated = await client.update('loadbalancers', id, { admin_state_up: false })
  t.match(updated, { admin_state_up: false, operating_status: 'OFFLINE' })
  await client.done(await client.post('loadbalancers', { flavor: 'lb1-2-4' }, `/${id}/resize`))
  await client.done(await client.post('loadbalancers', { force: true }, `/${id}/failover`))
  t.match((await client.get('loadbalancers', `/${id}`)).body, {
    flavor: { flavor_name: 'lb1-2-4' },
  })
  await client.done(await client.call('PUT', `/v1/loadbalancers/1/2/${id}/metadata`, { x: 'y' }))
  t.match((await client.get('loadbalancers', `/${id}/metadata`)).body, {
    count: 1,
    results: [{ key: 'x', value: 'y', read_only: false }],
  })
  await client.done(await client.call('DELETE', `/v1/loadbalancers/1/2/${id}/metadata_item?key=x`))
  t.equal((await client.get('loadbalancers', `/${id}/metadata`)).body.count, 0)
})

t.test('lists are filtered, ordered and paged', async (t) => {
  const { client } = openLab(t)
  for (const name of ['lb-c', 'lb-a', 'lb-b']) {
    await client.create('loadbalancers', { name, tags: { [name]: 'x' } })
  }
  const names = async (query: string): Promise<string[]> =>
    (await client.get('loadbalancers', query)).body.results.map((lb: { name: string }) => lb.name)
  t.same(await names('?name=lb-a'), ['lb-a'])
  t.same(await names('?order_by=name.asc'), ['lb-a', 'lb-b', 'lb-c'])
  t.same(await names('?order_by=name.asc&offset=1&limit=1'), ['lb-b'])
  t.same(await names('?tag_key=lb-b'), ['lb-b'])
  t.same(await names(`?tag_key_value=${encodeURIComponent('{"lb-c":"x"}')}`), ['lb-c'])
  t.equal((await client.get('loadbalancers', '?limit=x')).status, 400)
  t.equal((await client.get('loadbalancers', '?limit=2')).body.count, 3, 'count is of all')
})

t.test('everything goes with a load balancer', async (t) => {
  const { client, store } = openLab(t)
  const { id } = await client.create('loadbalancers', BALANCER)
  await client.remove('loadbalancers', id)
  t.equal((await client.get('loadbalancers', `/${id}`)).status, 404)
  const left = [...(await documentsOf(store)).keys()].filter((key) =>
    !/\/(tasks|addresses)\//.test(key)
  )
  t.same(left, [])
})

t.test('what a load balancer may have is bounded', async (t) => {
  const { client } = openLab(t)
  const listeners = Array.from({ length: 51 }, (_, n) => (
    { name: `front-${n}`, protocol: 'HTTP', protocol_port: 1000 + n }
  ))
  t.match(await client.post('loadbalancers', { name: 'web', listeners }), {
    status: 403,
    body: { exception_class: 'QuotaLimitExceed', info: { limit: 50, requested_usage: 51 } },
  })
  const metrics = { name: 'metrics', protocol: 'PROMETHEUS', protocol_port: 9090 }
  const most = [...listeners.slice(0, 50), metrics]
  const lb = await client.create('loadbalancers', { name: 'web', listeners: most })
  t.equal(lb.listeners.length, 51)
  const one = { load_balancer_id: lb.id, name: 'more', protocol: 'HTTP', protocol_port: 80 }
  t.match(await client.post('lblisteners', one), {
    status: 403,
    body: { info: { current_usage: 50, requested_usage: 1 } },
  })
  t.match(await client.post('lblisteners', { ...one, protocol: 'PROMETHEUS' }), { status: 409 })
  await client.remove('loadbalancers', lb.id)
})

t.test('addresses come from the pool, by family and by what is free', async (t) => {
  const { client } = openLab(t, { addresses: ['127.0.0.1', '127.0.0.2', '::1'] })
  const first = await client.create('loadbalancers', BALANCER)
  const second = await client.create('loadbalancers', BALANCER)
  t.same([first.vip_address, second.vip_address].sort(), ['127.0.0.1', '127.0.0.2'])
  const six = await client.create('loadbalancers', { name: 'six', vip_ip_family: 'ipv6' })
  t.equal(six.vip_address, '::1')
  const dual = await client.create('loadbalancers', { name: 'dual', vip_ip_family: 'dual' })
  t.match(dual, { vip_address: /^127/, additional_vips: [{ ip_address: '::1' }] })
  const task = await client.ended(await client.post('loadbalancers', BALANCER))
  t.match(task, { state: 'ERROR', error: /Port 8080 of 127\.0\.0\.\d is in use/ })
  t.equal(task.created_resources, null)
})
