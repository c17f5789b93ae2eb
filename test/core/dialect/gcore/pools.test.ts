import t from 'tap'
import type { GcoreClient } from './client.ts'
import { BALANCER, openLab } from './lab.ts'

const POOL = { name: 'spare-pool', protocol: 'HTTP', lb_algorithm: 'LEAST_CONNECTIONS' }

/** A load balancer, its listener and its pool, as GET gives them. */
// deno-lint-ignore no-explicit-any
async function begin(client: GcoreClient): Promise<Record<'lb' | 'listener' | 'pool', any>> {
  const lb = await client.create('loadbalancers', BALANCER)
  const [listener] = (await client.get('lblisteners')).body.results
  const [{ id }] = (await client.get('lbpools')).body.results
  return { lb, listener, pool: (await client.get('lbpools', `/${id}`)).body }
}

t.test('pools are made by both of the routes, in both spellings', async (t) => {
  const { client } = openLab(t)
  const { lb, listener } = await begin(client)
  const answers = [
    client.post('loadbalancers', POOL, `/${lb.id}/pools`),
    client.post('lbpools', { ...POOL, load_balancer_id: lb.id }),
    client.post('lbpools', { ...POOL, loadbalancer_id: lb.id }),
  ]
  for (const answer of answers) {
    const task = await client.done(await answer)
    t.equal(task.task_type, 'create_lbpool')
    const { body } = await client.get('lbpools', `/${task.created_resources?.['pools']?.[0]}`)
    t.match(body, { name: 'spare-pool', listeners: [], loadbalancers: [{ id: lb.id }] })
  }
  t.match(await client.post('lbpools', POOL), {
    status: 400,
    body: { invalid_fields: { load_balancer_id: [/required/] } },
  })
  t.equal((await client.post('lbpools', { ...POOL, listener_id: listener.id })).status, 409)
  await client.done(
    await client.post('lblisteners', {
      loadbalancer_id: lb.id,
      name: 'second',
      protocol: 'HTTP',
      protocol_port: 81,
    }),
  )
  const [second] = (await client.get('lblisteners', '?name=second')).body.results
  const bound = await client.create('lbpools', { ...POOL, listener_id: second.id })
  t.same(bound.listeners, [{ id: second.id }])
  const all = (await client.get('lbpools', `?loadbalancer_id=${lb.id}`)).body
  t.equal(all.count, 5)
  t.equal((await client.get('lbpools', `?listener_id=${second.id}`)).body.count, 1)
  const [listed] = (await client.get('lbpools', `?listener_id=${listener.id}`)).body.results
  t.same(Object.keys(listed.members[0]), ['id'])
  const detailed = await client.get('lbpools', `?listener_id=${listener.id}&details=true`)
  t.equal(detailed.body.results[0].members[0].protocol_port, 9000)
})

t.test('a change by PUT, and by PATCH of either version, is partial', async (t) => {
  const { client } = openLab(t)
  const { pool } = await begin(client)
  const changes: [string, string, object][] = [
    ['PUT', 'v1', { lb_algorithm: 'SOURCE_IP' }],
    ['PATCH', 'v1', { timeout_member_data: 1000 }],
    ['PATCH', 'v2', { session_persistence: { type: 'HTTP_COOKIE' } }],
  ]
  for (const [method, version, change] of changes) {
    const path = `/${version}/lbpools/1/2/${pool.id}`
    await client.done(await client.call(method, path, change))
    t.match((await client.get('lbpools', `/${pool.id}`)).body, change)
    t.same((await client.call(method, path, change)).body, { tasks: [] }, 'no change, no task')
  }
  t.match((await client.get('lbpools', `/${pool.id}`)).body, {
    name: 'web-pool',
    lb_algorithm: 'SOURCE_IP',
    members: [{ id: pool.members[0].id }],
  })
  const cleared = await client.update('lbpools', pool.id, { session_persistence: null })
  t.equal(cleared.session_persistence, null)
})

t.test('members that stay keep who they are', async (t) => {
  const { client } = openLab(t)
  const { pool } = await begin(client)
  const [old] = pool.members
  const members = [
    { address: '127.0.0.1', protocol_port: 9000, weight: 5 },
    { address: '127.0.0.1', protocol_port: 9001, backup: true, monitor_port: 9009 },
  ]
  const task = await client.done(
    await client.call('PATCH', `/v2/lbpools/1/2/${pool.id}`, { members }),
  )
  t.equal(task.created_resources?.['members']?.length, 1)
  const { body } = await client.get('lbpools', `/${pool.id}`)
  t.match(body.members, [{ id: old.id, weight: 5 }, { backup: true, monitor_port: 9009 }])
  const twice = { members: [members[0], members[0]] }
  t.match(await client.call('PATCH', `/v2/lbpools/1/2/${pool.id}`, twice), {
    status: 400,
    body: { invalid_fields: { 'members.1': [/twice/] } },
  })
  const added = await client.post(
    'lbpools',
    { address: '::1', protocol_port: 1 },
    `/${pool.id}/member`,
  )
  const { created_resources: made } = await client.done(added)
  const id = made?.['members']?.[0]
  t.equal(
    (await client.post('lbpools', { address: '::1', protocol_port: 1 }, `/${pool.id}/member`))
      .status,
    409,
  )
  const member = `/v1/lbpools/1/2/${pool.id}/member/${id}`
  await client.done(await client.call('PATCH', member, { admin_state_up: false }))
  t.match((await client.call('GET', member)).body, { operating_status: 'OFFLINE' })
  await client.done(await client.call('DELETE', member))
  t.equal((await client.call('DELETE', member)).status, 404)
  t.equal((await client.get('lbpools', `/${pool.id}/members`)).body.count, 2)
})

t.test('a health monitor is made, changed and taken away', async (t) => {
  const { client } = openLab(t)
  const { pool } = await begin(client)
  const path = `/${pool.id}/healthmonitor`
  const body = { type: 'HTTP', delay: 10, timeout: 5, max_retries: 3, expected_codes: '200,202' }
  const task = await client.done(await client.post('lbpools', body, path))
  t.equal(task.created_resources?.['healthmonitors']?.length, 1)
  const got = (await client.get('lbpools', `/${pool.id}`)).body
  t.match(got.healthmonitor, {
    ...body,
    id: task.created_resources?.['healthmonitors']?.[0],
    max_retries_down: 3,
    http_method: 'GET',
    url_path: '/',
  })
  t.equal((await client.post('lbpools', body, path)).status, 409)
  t.match(
    await client.call('PATCH', `/v2/lbpools/1/2/${pool.id}`, {
      healthmonitor: { ...body, type: 'TCP' },
    }),
    { status: 400, body: { message: /type of a health monitor cannot be changed/ } },
  )
  const changed = await client.update('lbpools', pool.id, { healthmonitor: { ...body, delay: 20 } })
  t.match(changed.healthmonitor, { id: got.healthmonitor.id, delay: 20 })
  const gone = await client.call('DELETE', `/v1/lbpools/1/2${path}`)
  t.equal(gone.status, 204)
  t.equal(gone.body, undefined)
  t.equal((await client.get('lbpools', `/${pool.id}`)).body.healthmonitor, null)
  t.equal((await client.call('DELETE', `/v1/lbpools/1/2${path}`)).status, 404)
  const udp = { type: 'UDP-CONNECT', delay: 10, timeout: 5, max_retries: 3 }
  t.match(await client.ended(await client.post('lbpools', udp, path)), {
    state: 'ERROR',
    error: /no health monitor of type UDP-CONNECT/,
  })
})

t.test('a pool goes with its listener if that is wanted and nobody else uses it', async (t) => {
  const { client } = openLab(t)
  const { lb, listener, pool } = await begin(client)
  const second = { load_balancer_id: lb.id, name: 'second', protocol: 'HTTP', protocol_port: 81 }
  const other = await client.create('lblisteners', { ...second, default_pool_id: pool.id })
  await client.remove('lblisteners', listener.id, '?delete_default_pool=true')
  t.equal((await client.get('lbpools', `/${pool.id}`)).status, 200)
  await client.remove('lblisteners', other.id, '?delete_default_pool=true')
  t.equal((await client.get('lbpools', `/${pool.id}`)).status, 404)
})

t.test('listeners are changed, and their lists replaced', async (t) => {
  const { client } = openLab(t)
  const { lb, listener } = await begin(client)
  const changed = await client.update('lblisteners', listener.id, {
    connection_limit: -1,
    allowed_cidrs: ['10.0.0.0/8', '10.1.2.3'],
    user_list: [{ username: 'jack', encrypted_password: '$5$abc$def' }],
    timeout_client_data: 50_000,
    insert_x_forwarded: true,
  })
  t.match(changed, {
    connection_limit: 100_000,
    allowed_cidrs: ['10.0.0.0/8', '10.1.2.3/32'],
    user_list: [{ username: 'jack' }],
    timeout_client_data: 50_000,
    insert_headers: { 'X-Forwarded-For': 'true' },
  })
  t.match(await client.update('lblisteners', listener.id, { user_list: null }), { user_list: [] })
  t.match(await client.call('PATCH', `/v1/lblisteners/1/2/${listener.id}`, { name: 'renamed' }), {
    status: 200,
    body: { id: listener.id, name: 'renamed' },
  })
  const tcp = { load_balancer_id: lb.id, name: 'tcp', protocol: 'TCP', protocol_port: 8080 }
  t.match(await client.post('lblisteners', tcp), {
    status: 409,
    body: { exception_class: 'ConflictError', message: /protocol_port 8080/ },
  })
  const udp = await client.ended(await client.post('lblisteners', { ...tcp, protocol: 'UDP' }))
  t.match(udp, { state: 'ERROR', error: /does not carry UDP/ }, 'no conflict, but not carried')
})
