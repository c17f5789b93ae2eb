/** Several gateways that take orders over one etcd. */
import '../../support/needs-etcd.ts'
import t from 'tap'
import { type Member, startEtcd } from '../../adapters/etcd-store/etcd-lab.ts'
import { testFolder } from '../../support/command.ts'
import { oneListener, startGcore } from './scene.ts'

const KEY = btoa('a key of thirty-two whole bytes.')

t.test('of two load balancers for one port, asked for at two control planes at once, one is made', async (t) => {
  const [member] = await startEtcd(t) as [Member]
  const etcd = `etcd: { endpoints: ['${member.endpoint}'], prefix: /fleet }`
  const store = `store: { role: control-plane, keys: ${KEY}, ${etcd} }`
  const planes = await Promise.all(
    [0, 1].map(() => startGcore(t, testFolder(t), { store })),
  )
  for (let round = 0; round < 5; round++) {
    const { body } = await oneListener({})
    const asked = await Promise.all(
      planes.map(async ({ client }) =>
        await client.ended(await client.post('loadbalancers', body))
      ),
    )
    const states = asked.map(({ state }) => state).sort()
    t.same(states, ['ERROR', 'FINISHED'])
    for (const { client } of planes) {
      t.equal((await client.get('loadbalancers')).body.count, round + 1)
    }
  }
})
