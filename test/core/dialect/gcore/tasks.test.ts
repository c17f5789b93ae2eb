import t from 'tap'
import type { InForce } from '../../../../core/dialect/mod.ts'
import { isStoreFailure, MemoryStore } from '../../../../core/store/mod.ts'
import { hostClock } from '../../../../adapters/host/mod.ts'
import { BALANCER, CALLER, documentsOf, openLab } from './lab.ts'

t.test('tasks are listed by what is asked for, the newest first, ten at a time', async (t) => {
  const { client } = openLab(t)
  for (let n = 0; n < 12; n++) await client.create('loadbalancers', { name: `lb-${n}` })
  const other = client.at('9/9')
  await other.create('loadbalancers', { name: 'other' })
  const list = async (query: string) => (await client.call('GET', `/v1/tasks${query}`)).body
  t.match(await list(''), { count: 13 })
  t.equal((await list('')).results.length, 10)
  t.equal((await list('')).results[0].project_id, 9)
  t.equal((await list('?order_by=asc')).results[0].project_id, 1)
  t.equal((await list('?project_id=1&region_id=2&limit=1000')).results.length, 12)
  t.equal((await list('?state=FINISHED&state=ERROR')).count, 13)
  t.equal((await list('?state=RUNNING')).count, 0)
  t.equal((await list('?task_type=delete_loadbalancer')).count, 0)
  t.equal((await list('?from_timestamp=2020-01-01T00:00:00')).count, 13)
  t.equal((await list('?to_timestamp=2020-01-01T00:00:00Z')).count, 0)
  t.equal((await client.call('GET', '/v1/tasks?state=DONE')).status, 400)
  t.equal((await client.call('GET', '/v1/tasks?limit=1001')).status, 400)
  const [first] = (await list('')).results
  t.match(first, {
    state: 'FINISHED',
    error: null,
    created_on: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/,
    finished_on: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/,
    acknowledged_at: null,
    user_id: 1,
    data: null,
    detailed_state: null,
  })
  t.match(await client.call('POST', `/v1/tasks/${first.id}/acknowledge`), {
    status: 200,
    body: { id: first.id, acknowledged_at: /^\d{4}/, acknowledged_by: 1 },
  })
  t.equal((await list('?is_acknowledged=true')).count, 1)
  t.equal((await client.call('POST', '/v1/tasks/acknowledge_all?project_id=1')).status, 204)
  t.equal((await list('?is_acknowledged=true')).count, 13)
  t.equal((await client.call('GET', '/v1/tasks/1/2/active')).body.count, 0)
  t.equal((await client.call('GET', '/v1/tasks/none')).status, 404)
})

t.test('a task runs until its change is in force, and holds its load balancer', async (t) => {
  let go: (found: InForce) => void = () => {}
  const { client } = openLab(t, { inForce: () => new Promise((resolve) => go = resolve) })
  const creating = client.post('loadbalancers', BALANCER)
  const active = async () => (await client.call('GET', '/v1/tasks/1/2/active')).body.results
  let tasks = await active()
  while (tasks.length === 0) tasks = await active()
  t.match(tasks, [{ state: 'RUNNING', error: null, created_resources: null, finished_on: null }])
  const [lb] = (await client.get('loadbalancers')).body.results
  t.match(lb, { provisioning_status: 'PENDING_CREATE', task_id: tasks[0].id })
  const changing = client.call('PATCH', `/v2/loadbalancers/1/2/${lb.id}`, { name: 'later' })
  go({ ok: true })
  const { body } = await creating
  t.same(body.tasks, [tasks[0].id])
  t.match(await client.task(tasks[0].id), { state: 'FINISHED', error: null })
  while ((await active()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  t.match((await client.get('loadbalancers', `/${lb.id}`)).body, {
    name: 'later',
    provisioning_status: 'PENDING_UPDATE',
  })
  go({ ok: true })
  await client.done(await changing)
  t.match((await client.get('loadbalancers', `/${lb.id}`)).body, {
    provisioning_status: 'ACTIVE',
    task_id: null,
  })
})

t.test('what does not come into force is undone as a whole', async (t) => {
  let answer: InForce = { ok: true }
  const { client, store } = openLab(t, { inForce: () => Promise.resolve(answer) })
  const lb = await client.create('loadbalancers', BALANCER)
  const [pool] = (await client.get('lbpools')).body.results
  const whole = async () => {
    const all = [...await documentsOf(store)].filter(([key]) => !/\/(tasks|addresses)\//.test(key))
    return JSON.stringify(all)
  }
  const before = await whole()
  const message = 'Could not listen on 127.0.0.1:81: EADDRINUSE'
  answer = { ok: false, problems: [{ key: '', severity: 'error', message }] }
  const changes = [
    client.post('loadbalancers', { ...BALANCER, listeners: [] }),
    client.post('lblisteners', {
      load_balancer_id: lb.id,
      name: 'more',
      protocol: 'HTTP',
      protocol_port: 81,
    }),
    client.call('PATCH', `/v2/lbpools/1/2/${pool.id}`, { members: [] }),
    client.call('DELETE', `/v1/loadbalancers/1/2/${lb.id}`),
  ]
  for (const change of changes) {
    t.match(await client.ended(await change), {
      state: 'ERROR',
      error: message,
      created_resources: null,
    })
  }
  t.equal(await whole(), before, 'nothing half made is left')
})

t.test('tasks that a process left under way are ended by the next', async (t) => {
  const store = new MemoryStore({ clock: hostClock })
  const never = openLab(t, { store, clock: 'still', inForce: () => new Promise(() => {}) })
  // The first process dies while these are under way: their answers never come.
  void never.api(
    new Request('http://api/v1/loadbalancers/1/2', {
      method: 'POST',
      headers: { authorization: 'APIKey 1$secret' },
      body: JSON.stringify(BALANCER),
    }),
    CALLER,
  )
  const running = async () => (await never.client.call('GET', '/v1/tasks?state=RUNNING')).body
  while ((await running()).count === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  const [{ id }] = (await running()).results

  await t.test('as finished, where it came into force', async (t) => {
    const copy = await copyOf(store)
    const next = openLab(t, { store: copy })
    t.match(await next.client.task(id), { state: 'FINISHED', error: null })
    const { body } = await next.client.get('loadbalancers')
    t.match(body, { count: 1, results: [{ provisioning_status: 'ACTIVE', task_id: null }] })
  })
  await t.test('as an error, where it did not', async (t) => {
    const copy = await copyOf(store)
    const problems = [{ key: '', severity: 'error' as const, message: 'EADDRINUSE' }]
    const next = openLab(t, {
      store: copy,
      inForce: () => Promise.resolve({ ok: false, problems }),
    })
    t.match(await next.client.task(id), { state: 'ERROR', error: 'EADDRINUSE' })
    t.equal((await next.client.get('loadbalancers')).body.count, 0)
    t.equal((await next.client.get('lbpools')).body.count, 0)
  })
})

async function copyOf(store: MemoryStore): Promise<MemoryStore> {
  const copy = new MemoryStore({ clock: hostClock })
  const page = await store.list('/')
  if (isStoreFailure(page)) throw new Error(page.message)
  for (const { key, value } of page.documents) await copy.put(key, value, { by: 'a test' })
  return copy
}

t.test('changes of one load balancer that come together are made one after the other', async (t) => {
  const { client } = openLab(t)
  await client.create('loadbalancers', BALANCER)
  const [{ id }] = (await client.get('lbpools')).body.results
  const ports = Array.from({ length: 20 }, (_, n) => 9100 + n)
  const answers = await Promise.all(
    ports.map((protocol_port) =>
      client.post('lbpools', { address: '127.0.0.1', protocol_port }, `/${id}/member`)
    ),
  )
  for (const answer of answers) await client.done(answer)
  const { body } = await client.get('lbpools', `/${id}`)
  t.same(
    body.members.map((each: { protocol_port: number }) => each.protocol_port).sort(),
    [9000, ...ports],
  )
})

t.test("two processes over one store do not lose each other's changes", async (t) => {
  const store = new MemoryStore({ clock: hostClock })
  const [one, two] = [openLab(t, { store }), openLab(t, { store })]
  await one.client.create('loadbalancers', BALANCER)
  const [{ id }] = (await one.client.get('lbpools')).body.results
  const ports = Array.from({ length: 10 }, (_, n) => 9100 + n)
  const answers = await Promise.all(
    ports.map((protocol_port, n) =>
      (n % 2 === 0 ? one : two).client.post(
        'lbpools',
        { address: '127.0.0.1', protocol_port },
        `/${id}/member`,
      )
    ),
  )
  for (const answer of answers) await one.client.done(answer)
  t.equal((await two.client.get('lbpools', `/${id}`)).body.members.length, 11)
})
