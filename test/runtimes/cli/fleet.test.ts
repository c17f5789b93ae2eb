/** Several gateways over one etcd: one takes orders, others serve. */
import '../../support/needs-etcd.ts'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { etcdctl, etcdStore, type Member, startEtcd } from '../../adapters/etcd-store/etcd-lab.ts'
import { good } from '../../conformance/store-cases.ts'
import { testFolder } from '../../support/command.ts'
import { MANAGED, Managed } from '../../support/managed.ts'
import { startUpstream } from '../../support/upstream.ts'

const KEY = btoa('a key of thirty-two whole bytes.')

function gateway(
  t: Test,
  member: Member,
  role: string,
  { etcd = '', more = '' } = {},
): { file: string; start: () => Managed } {
  const file = join(testFolder(t), 'gateway.yaml')
  writeFileSync(
    file,
    `${MANAGED}listeners: [{ name: plain, address: 127.0.0.1:0 }]
store:
  role: ${role}
  keys: ${KEY}
  etcd: { endpoints: ['${member.endpoint}'], prefix: /fleet${etcd} }
${more}`,
  )
  return { file, start: () => new Managed(t, file) }
}

t.test('a fleet follows its control plane, and serves while etcd is away', async (t) => {
  const upstream = await startUpstream(t)
  const [member] = await startEtcd(t) as [Member]
  const control = await gateway(t, member, 'control-plane').start().started({ traffic: false })
  const one = gateway(t, member, 'data-plane')
  const planes = await Promise.all([
    one.start().started(),
    gateway(t, member, 'data-plane').start().started(),
  ]) as [Managed, Managed]
  await control.open('/orders', `http://${upstream.address}`)
  for (const plane of planes) await plane.answers('/orders/1', 200)
  await t.rejects(planes[0].manage('GET', '/apis'), /404/, 'a data plane takes no orders')

  await member.kill()
  for (const plane of planes) t.equal(await plane.get('/orders/1'), 200)
  await planes[0].program.said(/The store is out of reach/)
  t.match(await planes[0].ready(), {
    status: 200,
    body: { status: 'ready', store: { current: false, lostSince: String } },
  })
  await planes[0].program.stop()

  const again = await one.start().started()
  t.equal(await again.get('/orders/1'), 200, 'it starts from the last good state')
  await again.program.said(/starting from the last good state/)

  member.start()
  await control.program.said(/within reach again/)
  await control.open('/bills', `http://${upstream.address}`)
  for (const plane of [again, planes[1]]) await plane.answers('/bills/1', 200)
  t.match((await again.ready()).body.store, { current: true })
})

t.test('a data plane needs no more of etcd than to read', async (t) => {
  const upstream = await startUpstream(t)
  const [member] = await startEtcd(t) as [Member]
  for (
    const command of [
      'user add root:secret',
      'user grant-role root root',
      'role add reads',
      'role grant-permission reads --prefix=true read /fleet',
      'role add writes',
      'role grant-permission writes --prefix=true readwrite /fleet',
      'user add plane:see',
      'user grant-role plane reads',
      'user add control:say',
      'user grant-role control writes',
      'auth enable',
    ]
  ) etcdctl(member.endpoint, ...command.split(' '))
  const as = (user: string, password: string, role: string): Managed =>
    gateway(t, member, role, { etcd: `, user: ${user}, password: ${password}` }).start()
  const control = await as('control', 'say', 'control-plane').started({ traffic: false })
  const plane = await as('plane', 'see', 'data-plane').started()
  await control.open('/orders', `http://${upstream.address}`)
  await plane.answers('/orders/1', 200)
  t.match((await plane.ready()).body.store, { current: true })
  t.notMatch(plane.program.err, /"level":"error"/)
})

/** Far more changes than come in a minute at the pace of these gateways. Returns the last one's revision. */
async function flood(t: Test, member: Member): Promise<number> {
  const store = etcdStore(t, [member.endpoint], { prefix: '/fleet' })
  let last = 0
  for (let part = 0; part < 60; part++) {
    const operations = Array.from({ length: 50 }, (_, at) => ({ put: `/n/${at}`, value: part }))
    last = good(t, await store.commit({ by: 'tester', operations })).revision
  }
  return last
}
const SLOW = ', changesPerSecond: 20'

t.test('a flood is taken in as it comes while there is no traffic', async (t) => {
  const [member] = await startEtcd(t) as [Member]
  const plane = await gateway(t, member, 'data-plane', { etcd: SLOW }).start().started()
  const last = await flood(t, member)
  const behind = async (): Promise<boolean> => (await plane.ready()).body.store.revision < last
  for (let tries = 0; tries < 1000 && await behind(); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  t.notOk(await behind())
})

t.test('who makes a change does not wait for a flood to come at its pace', async (t) => {
  const upstream = await startUpstream(t)
  const [member] = await startEtcd(t) as [Member]
  // Where there are workers their traffic is not known.
  const own = { etcd: SLOW, more: 'workers: 2\n' }
  const plane = await gateway(t, member, 'traditional', own).start().started()
  await flood(t, member)
  await plane.open('/orders', `http://${upstream.address}`)
  await plane.answers('/orders/1', 200)
})
