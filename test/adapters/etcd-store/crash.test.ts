/**
 * Members are killed and frozen at random moments of a write load; what was acknowledged is there, whole, a follower
 * was told of it once, and of nothing that was never tried. ETCD_HARMS sets how often, STORE_SEED when.
 */
import '../../support/needs-etcd.ts'
import process from 'node:process'
import t, { type Test } from 'tap'
import type { EtcdStore } from '../../../adapters/etcd-store/mod.ts'
import { hostClock } from '../../../adapters/host/mod.ts'
import { type Change, follow, isStoreFailure } from '../../../core/store/mod.ts'
import { good } from '../../conformance/store-cases.ts'
import { chance } from '../../support/chance.ts'
import { etcdStore, type Member, startEtcd } from './etcd-lab.ts'

const harms = Number(process.env['ETCD_HARMS'] ?? 8)
const seed = Number(process.env['STORE_SEED'] ?? Date.now() % 1_000_000)
const random = chance(seed)
const LANES = 4
const by = 'tester'

/** One who writes pairs of equal numbers, each one more than the last, and what became of them. */
class Lane {
  readonly done: number[] = []
  tried = 0
  readonly #at: number
  readonly #store: EtcdStore

  constructor(at: number, store: EtcdStore) {
    this.#at = at
    this.#store = store
  }

  /** False: nobody knows whether it was written. */
  async write(): Promise<boolean> {
    const value = ++this.tried
    const operations = ['left', 'right'].map((side) => ({
      put: `/pair/${this.#at}/${side}`,
      value,
    }))
    const answer = await this.#store.commit({ by, operations })
    if (isStoreFailure(answer)) return false
    this.done.push(value)
    return true
  }
}

/** What a follower was told of each lane, in order; a pair that comes half or apart fails the test. */
class Told {
  readonly lanes: number[][] = Array.from({ length: LANES }, () => [])
  #wake: () => void = () => {}

  constructor(t: Test, store: EtcdStore) {
    const onChanges = (changes: readonly Change[]): void => {
      this.#take(t, changes)
      this.#wake()
    }
    t.teardown(follow(store, '/pair/', { clock: hostClock, follower: { onChanges } }))
  }

  #take(t: Test, changes: readonly Change[]): void {
    const sides = new Map(changes.map(({ key, document }) => [key, document?.value]))
    for (const [at, lane] of this.lanes.entries()) {
      const [left, right] = [sides.get(`/pair/${at}/left`), sides.get(`/pair/${at}/right`)]
      if (left !== right) t.fail(`lane ${at}: half of a pair, ${left} and ${right}`)
      if (typeof left === 'number') lane.push(left)
    }
  }

  async until(lane: number, last: number): Promise<void> {
    while (this.lanes[lane]?.at(-1) !== last) {
      await new Promise<void>((resolve) => this.#wake = resolve)
    }
  }
}

t.setTimeout(1_800_000)
t.test(`every acknowledged write and no other outlives ${harms} harms (seed ${seed})`, {
  timeout: 1_800_000,
}, async (t) => {
  const members = await startEtcd(t, 3)
  const endpoints = members.map(({ endpoint }) => endpoint)
  const store = (): EtcdStore => etcdStore(t, endpoints, { prefix: '/crash' })
  const lanes = Array.from({ length: LANES }, (_, at) => new Lane(at, store()))
  await lanes[0]?.write()
  const told = new Told(t, store())
  await told.until(0, 1)

  let over = false
  let written = 0
  let wake: () => void = () => {}
  const writing = lanes.map(async (lane) => {
    while (!over) {
      if (await lane.write()) written++
      wake()
    }
  })
  const writes = async (count: number): Promise<void> => {
    const goal = written + count
    while (written < goal) await new Promise<void>((resolve) => wake = resolve)
  }
  for (let harm = 0; harm < harms; harm++) {
    await writes(Math.floor(random() * 40))
    const victim = members[Math.floor(random() * members.length)] as Member
    if (random() < 0.5) {
      await victim.kill()
      await writes(1 + Math.floor(random() * 40))
      victim.start()
    } else {
      victim.signal('SIGSTOP')
      await writes(1 + Math.floor(random() * 40))
      victim.signal('SIGCONT')
    }
  }
  over = true
  await Promise.all(writing)
  for (const [at, lane] of lanes.entries()) {
    // One more, of which it is known that it was written, so that what may still be on its way has come before.
    while (!await lane.write());
    const last = lane.tried
    await told.until(at, last)
    const seen = told.lanes[at] ?? []
    t.same(seen, [...new Set(seen)].sort((a, b) => a - b), `lane ${at}: in order, and once`)
    const known = new Set(seen)
    t.same(lane.done.filter((value) => !known.has(value)), [], `lane ${at}: none is missing`)
    const found = good(t, await store().get(`/pair/${at}/left`))
    t.equal(found.document?.value, last)
  }
  t.ok(written > harms, `${written} writes were acknowledged`)
})
