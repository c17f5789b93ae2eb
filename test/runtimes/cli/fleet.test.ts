/** Several gateways over one etcd: one takes orders, others serve. */
import '../../support/needs-etcd.ts'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { etcdctl, type Member, startEtcd } from '../../adapters/etcd-store/etcd-lab.ts'
import { testFolder } from '../../support/command.ts'
import { MANAGED, Managed } from '../../support/managed.ts'
import { startUpstream } from '../../support/upstream.ts'

const KEY = btoa('a key of thirty-two whole bytes.')

function gateway(
  t: Test,
  member: Member,
  role: string,
  login = '',
): { file: string; start: () => Managed } {
  const file = join(testFolder(t), 'gateway.yaml')
  writeFileSync(
    file,
    `${MANAGED}listeners: [{ name: plain, address: 127.0.0.1:0 }]
store:
  role: ${role}
  keys: ${KEY}
  etcd: { endpoints: ['${member.endpoint}'], prefix: /fleet${login} }
`,
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
    gateway(t, member, role, `, user: ${user}, password: ${password}`).start()
  const control = await as('control', 'say', 'control-plane').started({ traffic: false })
  const plane = await as('plane', 'see', 'data-plane').started()
  await control.open('/orders', `http://${upstream.address}`)
  await plane.answers('/orders/1', 200)
  t.match((await plane.ready()).body.store, { current: true })
  t.notMatch(plane.program.err, /"level":"error"/)
})
