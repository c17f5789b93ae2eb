/** How fast changes are taken in. */
import '../../support/needs-etcd.ts'
import t, { type Test } from 'tap'
import type { EtcdStoreOptions } from '../../../adapters/etcd-store/mod.ts'
import { hostClock } from '../../../adapters/host/mod.ts'
import type { Clock } from '../../../core/port/mod.ts'
import { good, Seen } from '../../conformance/store-cases.ts'
import { etcdStore, startEtcd } from './etcd-lab.ts'

const by = 'tester'
const [member] = await startEtcd(t)
const endpoint = member?.endpoint ?? ''

/** Writes 400, then 1,600 changes that a store with these options follows; the rests that it asks for, in ms. */
async function restsOf(
  t: Test,
  prefix: string,
  options: Partial<EtcdStoreOptions> = {},
): Promise<{ readonly few: number; readonly flood: readonly number[] }> {
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
  const reader = etcdStore(t, [endpoint], { prefix, clock, ...options })
  const writer = etcdStore(t, [endpoint], { prefix })
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
  const few = rests.length
  await write(40)
  t.same(seen.told.map(([, value]) => value), Array.from({ length: next }, (_, at) => at))
  return { few, flood: rests.slice(few) }
}

t.test('a few hundred changes come without a rest, a flood with rests, and whole', async (t) => {
  const { few, flood } = await restsOf(t, '/flood')
  t.equal(few, 0)
  t.ok(flood.length > 10, `${flood.length} rests`)
  t.ok(flood.every((ms) => ms > 0 && ms <= 1000), 'none so long that the member seems silent')
})

t.test('who wants a flood as it comes gets it', async (t) => {
  const { flood } = await restsOf(t, '/wanted', { changesPerSecond: 1_000_000 })
  t.same(flood, [])
})
