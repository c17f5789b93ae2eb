/** Three members, any of which may die, freeze, or be cut off: followers see every change, in order and once. */
import '../../support/needs-etcd.ts'
import t, { type Test } from 'tap'
import type { EtcdStore } from '../../../adapters/etcd-store/mod.ts'
import { hostClock } from '../../../adapters/host/mod.ts'
import { follow, isStoreFailure, type Store, type StoredDocument } from '../../../core/store/mod.ts'
import { good } from '../../conformance/store-cases.ts'
import { etcdctl, etcdStore, type Line, lineTo, type Member, startEtcd } from './etcd-lab.ts'

const by = 'tester'
const members = await startEtcd(t, 3)
const endpoints = members.map(({ endpoint }) => endpoint)

/** Follows a prefix and keeps the numbers that are put there, in the order told. */
class Numbers {
  readonly told: number[] = []
  readonly states: boolean[] = []
  #wake: () => void = () => {}

  constructor(t: Test, store: Store, prefix: string) {
    const follower = {
      onChanges: (changes: readonly { document: { value: unknown } | undefined }[]): void => {
        for (const { document } of changes) this.told.push(document?.value as number)
        this.#wake()
      },
      onState: ({ connected }: { connected: boolean }): void => {
        this.states.push(connected)
        this.#wake()
      },
    }
    t.teardown(follow(store, prefix, { clock: hostClock, follower }))
  }

  async until(enough: () => boolean): Promise<void> {
    while (!enough()) await new Promise<void>((resolve) => this.#wake = resolve)
  }

  async reaches(last: number): Promise<void> {
    await this.until(() => this.told.at(-1) === last)
  }
}

/** Puts the numbers from `from` to `to` under one key, one after the other. */
async function count(t: Test, store: Store, from: number, to: number): Promise<void> {
  for (let i = from; i <= to; i++) good(t, await store.put('/n/counter', i, { by }))
}

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, at) => at + 1)
}

function leaderOf(): Member {
  const status = endpoints.map((endpoint) =>
    JSON.parse(etcdctl(endpoint, 'endpoint', 'status', '-w', 'json')) as [
      { Status: { header: { member_id: number }; leader: number } },
    ]
  )
  const at = status.findIndex(([{ Status }]) => Status.header.member_id === Status.leader)
  return members[at] as Member
}

t.test('members that are killed or frozen, the leader among them, cost no change', async (t) => {
  const [writer, reader] = [store(t, '/kill'), store(t, '/kill')]
  await count(t, writer, 1, 3)
  const numbers = new Numbers(t, reader, '/n/')
  await numbers.reaches(3)
  numbers.told.unshift(1, 2)
  let next = 4
  for (const harm of ['SIGKILL', 'SIGSTOP'] as const) {
    const leader = leaderOf()
    leader.signal(harm)
    await count(t, writer, next, next + 5)
    await numbers.reaches(next + 5)
    next += 6
    if (harm === 'SIGKILL') leader.start()
    else leader.signal('SIGCONT')
    await count(t, writer, next, next + 5)
    await numbers.reaches(next + 5)
    next += 6
  }
  t.same(numbers.told, upTo(next - 1))
})

t.test('without a majority writes are refused and watchers told; then all is caught up', async (t) => {
  const [writer, reader] = [store(t, '/minority'), store(t, '/minority')]
  await count(t, writer, 1, 1)
  const numbers = new Numbers(t, reader, '/n/')
  await numbers.reaches(1)
  const frozen = members.slice(1)
  for (const member of frozen) member.signal('SIGSTOP')
  const hasty = etcdStore(t, endpoints, { prefix: '/minority', giveUpAfterMs: 300 })
  const refused = await hasty.put('/n/other', 1, { by })
  t.match(refused, { failure: 'unavailable', message: /^Commit "\/n\/other" in etcd/ })
  await numbers.until(() => numbers.states.at(-1) === false)
  for (const member of frozen) member.signal('SIGCONT')
  await count(t, writer, 2, 5)
  await numbers.until(() => numbers.states.at(-1) === true)
  await numbers.reaches(5)
  t.same(numbers.told.filter((value, at, all) => value !== all[at - 1]), upTo(5))
})

/** A client with a line of its own to each member. */
async function lined(t: Test, prefix: string): Promise<{ lines: Line[]; reader: EtcdStore }> {
  const lines = await Promise.all(endpoints.map((endpoint) => lineTo(t, endpoint)))
  const reader = etcdStore(t, lines.map(({ endpoint }) => endpoint), { prefix })
  return { lines, reader }
}

t.test('who is cut off catches up: cut, held and slow lines', async (t) => {
  const { lines, reader } = await lined(t, '/partition')
  const writer = store(t, '/partition')
  await count(t, writer, 1, 1)
  const numbers = new Numbers(t, reader, '/n/')
  await numbers.reaches(1)
  let next = 2
  for (const harm of ['cut', 'hold'] as const) {
    for (const line of lines) line[harm]()
    await count(t, writer, next, next + 3)
    await numbers.until(() => numbers.states.at(-1) === false)
    for (const line of lines) line.mend()
    await numbers.reaches(next + 3)
    next += 4
  }
  for (const line of lines) line.slow(100)
  await count(t, writer, next, next + 9)
  await numbers.reaches(next + 9)
  t.same(numbers.told, upTo(next + 9))
})

t.test('who is cut off while the past is compacted gets the difference', async (t) => {
  const { lines, reader } = await lined(t, '/compacted')
  const writer = store(t, '/compacted')
  for (const [key, value] of [['/n/a', 1], ['/n/b', 2], ['/n/c', 3]] as const) {
    good(t, await writer.put(key, value, { by }))
  }
  const numbers = new Numbers(t, reader, '/n/')
  await numbers.reaches(3)
  for (const line of lines) line.cut()
  await numbers.until(() => numbers.states.at(-1) === false)
  good(t, await writer.put('/n/b', 4, { by }))
  good(t, await writer.put('/n/b', 5, { by }))
  const { revision } = good(t, await writer.delete('/n/a', { by }))
  etcdctl(endpoints.join(','), 'compaction', String(revision))
  for (const line of lines) line.mend()
  await numbers.until(() => numbers.told.length === 5)
  t.same(numbers.told, [1, 2, 3, 5, undefined], 'what changed, once; what did not, not again')
})

t.test('several writers count up without loss while members die', async (t) => {
  const writers = [0, 1, 2].map(() => store(t, '/contend'))
  good(t, await (writers[0] as Store).put('/counts', [0, 0, 0], { by }))
  // Each counts in a place of its own, so that an answer lost with its member is settled by reading again.
  const countTo = async (writer: Store, place: number, goal: number): Promise<void> => {
    for (;;) {
      const read = await writer.get('/counts')
      if (isStoreFailure(read)) continue
      const { value, modifyRevision: ifRevision } = read.document as StoredDocument
      const counts = (value as number[]).slice()
      if (counts[place] === goal) return
      t.equal(counts[place], goal - 1, 'neither lost nor done twice')
      counts[place] = goal
      await writer.put('/counts', counts, { by, ifRevision })
    }
  }
  const victim = members[0] as Member
  const work = writers.map(async (writer, place) => {
    for (let goal = 1; goal <= 8; goal++) await countTo(writer, place, goal)
  })
  await victim.kill()
  victim.start()
  await Promise.all(work)
  t.same(good(t, await (writers[0] as Store).get('/counts')).document?.value, [8, 8, 8])
})

function store(t: Test, prefix: string): EtcdStore {
  return etcdStore(t, endpoints, { prefix })
}
