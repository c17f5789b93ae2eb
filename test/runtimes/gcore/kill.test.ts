import t from 'tap'
import type { Test } from 'tap'
import { testFolder } from '../../support/command.ts'
import { freePort } from '../../support/free-port.ts'
import { startUpstream } from '../../support/upstream.ts'
import type { GcoreClient } from '../../core/dialect/gcore/client.ts'
import { type Balanced, poolOf, request, startGcore } from './scene.ts'

const CHANGES = 6

t.test('after a kill in the middle of tasks each has ended, and what it made agrees', async (t) => {
  const { port } = await startUpstream(t)
  const folder = testFolder(t)
  let gateway: Balanced = await startGcore(t, folder)
  let before = 0
  const moments: ((answers: readonly Promise<unknown>[]) => Promise<unknown>)[] = [
    () => tasksBegun(gateway.client, before + 1),
    (answers) => Promise.any(answers),
    () => tasksBegun(gateway.client, before + CHANGES / 2),
  ]
  for (const moment of moments) {
    // What it loads at the first call is not what is to be killed.
    await gateway.client.get('loadbalancers')
    const ports = await Promise.all(Array.from({ length: CHANGES }, freePort))
    const answers = ports.map((own, at) =>
      gateway.client.post('loadbalancers', {
        name: `lb-${own}`,
        // One of them cannot be: another process has its port.
        listeners: [{
          name: 'front',
          protocol: 'HTTP',
          protocol_port: at === 1 ? port : own,
          pools: [poolOf(port)],
        }],
      })
    )
    const settled = Promise.allSettled(answers)
    await moment(answers)
    gateway.program.signal('SIGKILL')
    await gateway.program.exit()
    await settled
    gateway = await startGcore(t, folder)
    const count = await agrees(t, gateway.client)
    t.ok(count > before, `${count - before} tasks outlived the kill`)
    before = count
  }
})

async function tasksBegun(client: GcoreClient, count: number): Promise<void> {
  for (;;) {
    const { body } = await client.call('GET', '/v1/tasks?limit=1')
    if (body.count >= count) return
  }
}

/** Compares tasks and what is there. Returns how many tasks there are. */
async function agrees(t: Test, client: GcoreClient): Promise<number> {
  const { body } = await client.call('GET', '/v1/tasks?limit=1000')
  const made = new Map<string, string>()
  for (const task of body.results) {
    t.match(task.state, /^(FINISHED|ERROR)$/)
    for (const id of task.created_resources?.loadbalancers ?? []) made.set(id, task.id)
  }
  const lbs = (await client.get('loadbalancers')).body.results
  const ids = lbs.map((lb: { id: string }) => lb.id)
  t.same(ids.sort(), [...made.keys()].sort(), 'what is there is what finished tasks made')
  for (const lb of lbs) {
    t.match(lb, { provisioning_status: 'ACTIVE', task_id: null, creator_task_id: made.get(lb.id) })
    const listener = (await client.get('lblisteners', `/${lb.listeners[0].id}`)).body
    t.match(await request(t, listener.protocol_port), { status: 200 }, 'it carries traffic')
  }
  t.equal((await client.get('lbpools')).body.count, lbs.length, 'no pool without its load balancer')
  return body.count as number
}
