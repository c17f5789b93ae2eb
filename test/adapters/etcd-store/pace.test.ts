/** How fast changes are taken in. */
import '../../support/needs-etcd.ts'
import t from 'tap'
import { hostClock } from '../../../adapters/host/mod.ts'
import type { Clock } from '../../../core/port/mod.ts'
import { good, Seen } from '../../conformance/store-cases.ts'
import { etcdStore, startEtcd } from './etcd-lab.ts'

const by = 'tester'
const [member] = await startEtcd(t)
const endpoint = member?.endpoint ?? ''

t.test('a few hundred changes come without a rest, a flood with rests, and whole', async (t) => {
  const rests: number[] = []
  // For this clock all comes at once, and rests are over at once.
  const clock: Clock = {
    ...hostClock,
    monotonic: () => 0,
    after: (ms, work) => {
      rests.push(ms)
      return hostClock.after(0, work)
    },
  }
  const reader = etcdStore(t, [endpoint], { prefix: '/flood', clock })
  const writer = etcdStore(t, [endpoint], { prefix: '/flood' })
  const { revision } = good(t, await reader.list('/'))
  const seen = new Seen()
  t.teardown(reader.watch('/', revision, seen.receive))
  let next = 0
  const write = async (parts: number): Promise<void> => {
    for (let part = 0; part < parts; part++) {
      const operations = Array.from({ length: 40 }, () => next++)
        .map((value) => ({ put: `/n/${value}`, value }))
      good(t, await writer.commit({ by, operations }))
    }
    await seen.until(() => seen.told.length >= next)
  }
  await write(10)
  t.same(rests, [])
  await write(40)
  t.ok(rests.length > 10, `${rests.length} rests`)
  t.ok(rests.every((ms) => ms > 0 && ms <= 1000), 'none is so long that the member seems silent')
  t.same(seen.told.map(([, value]) => value), Array.from({ length: next }, (_, at) => at))
})
