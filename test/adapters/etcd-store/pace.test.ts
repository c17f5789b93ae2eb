/** How fast changes are taken in. */
import '../../support/needs-etcd.ts'
import t, { type Test } from 'tap'
import type { EtcdStoreOptions } from '../../../adapters/etcd-store/mod.ts'
import { Pace } from '../../../adapters/etcd-store/pace.ts'
import { hostClock } from '../../../adapters/host/mod.ts'
import { good, Seen } from '../../conformance/store-cases.ts'
import { etcdStore, startEtcd } from './etcd-lab.ts'

/** A pace of a thousand changes a second, with a clock that stands still. */
function paceOf(hurry: () => boolean): { pace: Pace; pass: (ms: number) => void } {
  let now = 5000
  const clock = { ...hostClock, monotonic: () => now }
  return {
    pace: new Pace({ clock, changesPerSecond: 1000, hurry }),
    pass: (ms) => void (now += ms),
  }
}

t.test('half a second of changes needs no rest, what comes after that its own time', (t) => {
  let asked = 0
  const { pace, pass } = paceOf(() => {
    asked++
    return false
  })
  const rests: number[] = []
  const take = (changes: number): number => {
    pace.took(changes)
    let all = 0
    for (let rest = pace.rest(); rest > 0; rest = pace.rest()) {
      rests.push(rest)
      all += rest
      pass(rest)
    }
    return all
  }
  t.equal(take(500), 0)
  t.equal(asked, 0)
  t.equal(take(40), 40)
  let flood = 0
  for (let part = 0; part < 100; part++) flood += take(100)
  t.equal(flood, 10_000)
  pass(200)
  t.equal(take(300), 100, 'what was not used before is credit')
  pass(60_000)
  t.equal(take(600), 100, 'of half a second at most')
  t.equal(take(100_000), 1000, 'the member does not seem silent')
  t.ok(rests.every((ms) => ms <= 50), 'whether there is hurry is asked again soon')
  t.ok(asked >= rests.length)
  t.end()
})

t.test('who is in a hurry does not rest', (t) => {
  let hurry = true
  const { pace } = paceOf(() => hurry)
  pace.took(100_000)
  t.equal(pace.rest(), 0)
  hurry = false
  t.equal(pace.rest(), 50, 'what was taken in counts')
  t.end()
})

const [member] = await startEtcd(t)
const endpoint = member?.endpoint ?? ''

/** Follows 400 changes, then 1,600, with these options: how often it was asked before rests whether there is hurry. */
async function askedBy(
  t: Test,
  prefix: string,
  { hurry = () => false, ...options }: Partial<EtcdStoreOptions>,
): Promise<{ readonly few: number; readonly flood: number }> {
  let asked = 0
  const counted = (): boolean => {
    asked++
    return hurry()
  }
  const reader = etcdStore(t, [endpoint], { prefix, hurry: counted, ...options })
  const writer = etcdStore(t, [endpoint], { prefix })
  const { revision } = good(t, await reader.list('/'))
  const seen = new Seen()
  t.teardown(reader.watch('/', revision, seen.receive))
  let next = 0
  const write = async (parts: number): Promise<void> => {
    for (let part = 0; part < parts; part++) {
      const operations = Array.from({ length: 40 }, () => next++)
        .map((value) => ({ put: `/n/${value}`, value }))
      good(t, await writer.commit({ by: 'tester', operations }))
    }
    await seen.until(() => seen.told.length >= next)
  }
  await write(10)
  const few = asked
  await write(40)
  t.same(seen.told.map(([, value]) => value), Array.from({ length: next }, (_, at) => at))
  return { few, flood: asked - few }
}

t.test('a few hundred changes come without a rest, a flood with rests, and whole', async (t) => {
  const { few, flood } = await askedBy(t, '/flood', { changesPerSecond: 1000 })
  t.equal(few, 0)
  t.ok(flood > 10, `${flood} rests`)
})

t.test('a flood that disturbs nobody comes as it is', async (t) => {
  // Without hurry it would take half an hour.
  await askedBy(t, '/alone', { changesPerSecond: 1, hurry: () => true })
})

t.test('who wants a flood as it comes gets it', async (t) => {
  t.same(await askedBy(t, '/wanted', { changesPerSecond: 1_000_000 }), { few: 0, flood: 0 })
})
