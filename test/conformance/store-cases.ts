/** What every store must do, whatever keeps its documents. */
import type { Test } from 'tap'
import {
  type Committed,
  follow,
  isStoreFailure,
  type Json,
  MAX_OPERATIONS,
  type Page,
  type Store,
  type StoreFailure,
  type StoreFailureCode,
  type WatchEvent,
} from '../../core/store/mod.ts'
import { hostClock } from '../../adapters/host/mod.ts'

/** One implementation, and what the cases need of it besides the port. */
export interface StoreLauncher {
  /** Opens an empty store; what it needs is released in the test's teardown. */
  open(t: Test): Promise<Store>
  /** Makes the store forget its changes up to a revision. */
  forget(store: Store, revision: number): Promise<void>
}

/** Fails the test where the answer is a failure. */
export function good<T>(t: Test, answer: T | StoreFailure): T {
  if (!isStoreFailure(answer)) return answer
  t.fail(`${answer.failure}: ${answer.message}`)
  throw new Error(answer.message)
}

/** Expects a failure with this code and a sentence about it. */
export function refused(t: Test, answer: unknown, code: StoreFailureCode, told = /./): void {
  t.match(answer, { failure: code, message: told }, `refused as ${code}`)
}

/** Collects what a watcher is told. */
export class Seen {
  readonly events: WatchEvent[] = []
  #waiting: (() => void)[] = []

  readonly receive = (event: WatchEvent): void => {
    this.events.push(event)
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Resolves when `enough` holds. */
  async until(enough: (events: readonly WatchEvent[]) => boolean): Promise<void> {
    while (!enough(this.events)) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** Keys and values in the order told; `undefined` for what was deleted. */
  get told(): [string, Json | undefined][] {
    return this.events.flatMap((event) =>
      event.kind === 'changes'
        ? event.changes.map(({ key, document }): [string, Json | undefined] => [
          key,
          document?.value,
        ])
        : []
    )
  }
}

const by = 'tester'
const keysOf = ({ documents }: Page): string[] => documents.map(({ key }) => key)
const changed = (count: number) => (events: readonly WatchEvent[]): boolean =>
  events.filter(({ kind }) => kind === 'changes').length >= count

/** Runs all cases over one implementation. */
export async function storeCases(t: Test, launcher: StoreLauncher): Promise<void> {
  for (const [name, run] of Object.entries(CASES)) {
    await t.test(name, async (t) => await run(t, await launcher.open(t), launcher))
  }
}

type Case = (t: Test, store: Store, launcher: StoreLauncher) => Promise<void>

const CASES: Readonly<Record<string, Case>> = {
  async 'puts, gets and deletes a document'(t, store) {
    const none = good(t, await store.get('/routes/1'))
    t.equal(none.document, undefined)
    const first = good(t, await store.put('/routes/1', { uri: '/a' }, { by }))
    t.equal(first.document.version, 1)
    t.equal(first.document.createRevision, first.revision)
    t.equal(first.document.modifyRevision, first.revision)
    const second = good(t, await store.put('/routes/1', { uri: '/b' }, { by }))
    t.ok(second.revision > first.revision, 'the revision grows')
    t.match(second.document, { version: 2, createRevision: first.revision })
    const found = good(t, await store.get('/routes/1'))
    t.same(found.document, second.document, 'what is put is what is found')
    t.ok(found.revision >= second.revision)
    t.match(good(t, await store.delete('/routes/1', { by })), { deleted: true })
    t.equal(good(t, await store.get('/routes/1')).document, undefined)
    const again = good(t, await store.put('/routes/1', 1, { by }))
    t.equal(again.document.version, 1, 'a document put after its deletion is a new one')
    t.equal(again.document.createRevision, again.revision)
  },

  async 'deletes what is not there without a change'(t, store) {
    const put = good(t, await store.put('/a', 1, { by }))
    const done = good(t, await store.delete('/b', { by }))
    t.same(done, { deleted: false, revision: put.revision })
  },

  async 'keeps every kind of JSON'(t, store) {
    const values: Json[] = [
      null,
      true,
      0,
      -1.5e300,
      '',
      'line\nfeed "quoted" \u0000 \u{1F600} \ud800 \u2028',
      [],
      {},
      [[], {}, [null]],
      JSON.parse('{"__proto__": {"a": 1}, "constructor": 2, "": 3}') as Json,
    ]
    for (const value of values) {
      good(t, await store.put('/value', value, { by }))
      const { document } = good(t, await store.get('/value'))
      t.equal(JSON.stringify(document?.value), JSON.stringify(value))
    }
  },

  async 'keeps its own copy of a value'(t, store) {
    const value = { list: [1] }
    good(t, await store.put('/a', value, { by }))
    value.list.push(2)
    const { document } = good(t, await store.get('/a'))
    t.same(document?.value, { list: [1] })
    t.throws(() => (document?.value as { list: number[] }).list.push(3), 'and gives it out frozen')
  },

  async 'lists by prefix in the order of keys, in pages'(t, store) {
    for (const key of ['/routes/2', '/ssls/1', '/routes/10', '/routes/1', '/routes-old/1', '/a']) {
      good(t, await store.put(key, key, { by }))
    }
    const page = good(t, await store.list('/routes/'))
    t.same(keysOf(page), ['/routes/1', '/routes/10', '/routes/2'])
    t.equal(page.more, false)
    t.equal(good(t, await store.list('/')).documents.length, 6)
    const first = good(t, await store.list('/routes/', { limit: 2 }))
    t.same([keysOf(first), first.more], [['/routes/1', '/routes/10'], true])
    const rest = good(t, await store.list('/routes/', { limit: 2, after: '/routes/10' }))
    t.same([keysOf(rest), rest.more], [['/routes/2'], false])
    t.same(keysOf(good(t, await store.list('/routes/', { after: '/a' }))).length, 3)
    t.same(keysOf(good(t, await store.list('/nothing/'))), [])
    good(t, await store.delete('/routes/10', { by }))
    t.same(keysOf(good(t, await store.list('/routes/'))), ['/routes/1', '/routes/2'])
  },

  async 'creates only where nothing is'(t, store) {
    good(t, await store.put('/a', 1, { by, ifRevision: 0 }))
    const again = await store.put('/a', 2, { by, ifRevision: 0 })
    refused(t, again, 'conflict', /"\/a" as new: it is there/)
    t.match(again, { key: '/a' })
    t.equal(good(t, await store.get('/a')).document?.value, 1)
  },

  async 'changes only what is unchanged since'(t, store) {
    const first = good(t, await store.put('/a', 1, { by }))
    const second = good(t, await store.put('/a', 2, { by, ifRevision: first.revision }))
    const late = await store.put('/a', 3, { by, ifRevision: first.revision })
    refused(t, late, 'conflict', new RegExp(`it was changed at revision ${second.revision}`))
    refused(t, await store.delete('/a', { by, ifRevision: first.revision }), 'conflict')
    t.match(good(t, await store.delete('/a', { by, ifRevision: second.revision })), {
      deleted: true,
    })
    refused(t, await store.put('/a', 4, { by, ifRevision: second.revision }), 'conflict', /none/)
  },

  async 'does a transaction as a whole'(t, store) {
    good(t, await store.put('/old', 1, { by }))
    const done = good(
      t,
      await store.commit({
        by,
        operations: [{ put: '/x', value: 1 }, { put: '/y', value: 2 }, { delete: '/old' }],
        conditions: [{ key: '/x', revision: 0 }],
      }),
    )
    t.same(done.changes.map(({ key }) => key).sort(), ['/old', '/x', '/y'])
    for (const { document } of done.changes) {
      if (document !== undefined) t.equal(document.modifyRevision, done.revision)
    }
    t.same(keysOf(good(t, await store.list('/'))), ['/x', '/y'])
  },

  async 'does nothing of a transaction whose condition fails'(t, store) {
    good(t, await store.put('/guard', 1, { by }))
    const failed = await store.commit({
      by,
      operations: [{ put: '/x', value: 1 }, { delete: '/guard' }],
      conditions: [{ key: '/other', revision: 0 }, { key: '/guard', revision: 0 }],
    })
    refused(t, failed, 'conflict')
    t.same(keysOf(good(t, await store.list('/'))), ['/guard'])
  },

  async 'lets one of several win'(t, store) {
    const tries = Array.from(
      { length: 10 },
      (_, at) => store.put('/once', at, { by, ifRevision: 0 }),
    )
    const won = (await Promise.all(tries)).filter((answer) => !isStoreFailure(answer))
    t.equal(won.length, 1)
  },

  async 'counts up without loss under contention'(t, store) {
    good(t, await store.put('/counter', 0, { by }))
    const increment = async (): Promise<void> => {
      for (;;) {
        const { document } = good(t, await store.get('/counter'))
        if (document === undefined) throw new Error('the counter is gone')
        const options = { by, ifRevision: document.modifyRevision }
        const done = await store.put('/counter', (document.value as number) + 1, options)
        if (!isStoreFailure(done)) return
        if (done.failure !== 'conflict') throw new Error(done.message)
      }
    }
    await Promise.all(Array.from({ length: 5 }, async () => {
      for (let i = 0; i < 4; i++) await increment()
    }))
    t.equal(good(t, await store.get('/counter')).document?.value, 20)
  },

  async 'refuses what makes no sense'(t, store) {
    for (const key of ['', 'a', '/', '//a', '/.a', '/a b', '/é', '/a\n', `/${'x'.repeat(1100)}`]) {
      refused(t, await store.put(key, 1, { by }), 'invalid', /^Use the key/)
    }
    refused(t, await store.put('/a', undefined as unknown as Json, { by }), 'invalid', /not JSON/)
    refused(t, await store.put('/a', 1, { by, ttl: 0.5 }), 'invalid', /"0.5" seconds/)
    const twice = [{ put: '/a', value: 1 }, { delete: '/a' }]
    refused(t, await store.commit({ by, operations: twice }), 'invalid', /two operations/)
    const many = Array.from({ length: MAX_OPERATIONS + 1 }, (_, at) => ({ delete: `/k${at}` }))
    refused(t, await store.commit({ by, operations: many }), 'invalid', /at most/)
    t.same(keysOf(good(t, await store.list('/'))), [])
  },

  async 'takes as many operations at once as it says'(t, store) {
    const operations = Array.from({ length: MAX_OPERATIONS }, (_, at) => ({
      put: `/many/${at}`,
      value: at,
    }))
    const conditions = operations.map(({ put }) => ({ key: put, revision: 0 }))
    const done: Committed = good(t, await store.commit({ by, operations, conditions }))
    t.equal(done.changes.length, MAX_OPERATIONS)
    t.equal(good(t, await store.list('/many/')).documents.length, MAX_OPERATIONS)
  },

  async 'tells watchers of every change below their prefix, and of who made it'(t, store) {
    const start = good(t, await store.put('/routes/0', 0, { by })).revision
    const seen = new Seen()
    t.teardown(store.watch('/routes/', start, seen.receive))
    good(t, await store.put('/routes/1', 1, { by: 'alice' }))
    good(t, await store.put('/ssls/1', 1, { by }))
    good(t, await store.delete('/routes/1', { by: 'bob' }))
    const operations = [{ put: '/routes/2', value: 2 }, { put: '/ssls/2', value: 2 }, {
      put: '/routes/3',
      value: 3,
    }]
    const last = good(t, await store.commit({ by: 'carol', operations }))
    await seen.until(changed(3))
    t.same(seen.told, [['/routes/1', 1], ['/routes/1', undefined], ['/routes/2', 2], [
      '/routes/3',
      3,
    ]])
    t.match(seen.events, [{ by: 'alice' }, { by: 'bob' }, { by: 'carol' }])
    t.match(seen.events[2], { revision: last.revision, at: Number })
  },

  async 'tells a late watcher what came before'(t, store) {
    const start = good(t, await store.put('/a', 0, { by })).revision
    for (let i = 1; i <= 5; i++) good(t, await store.put('/a', i, { by }))
    const seen = new Seen()
    t.teardown(store.watch('/', start, seen.receive))
    await seen.until(changed(5))
    good(t, await store.put('/a', 6, { by }))
    await seen.until(changed(6))
    t.same(seen.told.map(([, value]) => value), [1, 2, 3, 4, 5, 6])
  },

  async 'says nothing to a watcher that stopped'(t, store) {
    const start = good(t, await store.put('/a', 0, { by })).revision
    const [stopped, other] = [new Seen(), new Seen()]
    const stop = store.watch('/', start, stopped.receive)
    t.teardown(store.watch('/', start, other.receive))
    stop()
    good(t, await store.put('/a', 1, { by }))
    await other.until(changed(1))
    t.same(stopped.events, [])
  },

  async 'says so where the past is gone'(t, store, launcher) {
    const start = good(t, await store.put('/a', 0, { by })).revision
    for (let i = 1; i <= 3; i++) good(t, await store.put('/a', i, { by }))
    const { revision } = good(t, await store.get('/a'))
    await launcher.forget(store, revision)
    const seen = new Seen()
    t.teardown(store.watch('/', start, seen.receive))
    await seen.until((events) => events.some(({ kind }) => kind === 'compacted'))
    t.same(seen.told, [])
    const later = new Seen()
    t.teardown(store.watch('/', revision, later.receive))
    good(t, await store.put('/a', 4, { by }))
    await later.until(changed(1))
    t.same(later.told, [['/a', 4]], 'from the present on it goes on')
  },

  async 'is followed from a complete list on'(t, store, launcher) {
    for (let i = 0; i < 3; i++) good(t, await store.put(`/r/${i}`, i, { by }))
    const picture = new Map<string, Json>()
    const calls: number[] = []
    let wake: () => void = () => {}
    const follower = {
      onChanges(changes: Committed['changes']): void {
        calls.push(changes.length)
        for (const { key, document } of changes) {
          if (document === undefined) picture.delete(key)
          else picture.set(key, document.value)
        }
        wake()
      },
    }
    t.teardown(follow(store, '/r/', { clock: hostClock, follower }))
    const until = async (enough: () => boolean): Promise<void> => {
      while (!enough()) await new Promise<void>((resolve) => wake = resolve)
    }
    await until(() => picture.size === 3)
    good(t, await store.put('/r/3', 3, { by }))
    const { revision } = good(t, await store.delete('/r/0', { by }))
    await launcher.forget(store, revision - 1)
    good(t, await store.put('/r/1', 'new', { by }))
    await until(() => picture.get('/r/1') === 'new')
    t.same(Object.fromEntries(picture), { '/r/1': 'new', '/r/2': 2, '/r/3': 3 })
    t.equal(calls.reduce((sum, count) => sum + count), 6, 'no change is told twice')
  },

  async 'lets a document vanish when its time is up'(t, store) {
    const start = good(t, await store.put('/kept', 1, { by, ttl: 1 })).revision
    good(t, await store.put('/kept', 2, { by }))
    const seen = new Seen()
    t.teardown(store.watch('/', start, seen.receive))
    const { document } = good(t, await store.put('/gone', 1, { by, ttl: 1 }))
    t.type(document.expires, 'number')
    good(
      t,
      await store.commit({ by, operations: [{ put: '/gone', value: 2, keepExpiry: true }] }),
    )
    await seen.until(() => seen.told.some(([key, value]) => key === '/gone' && value === undefined))
    t.same(keysOf(good(t, await store.list('/'))), ['/kept'], 'one put again without a ttl stays')
    t.equal(good(t, await store.get('/kept')).document?.expires, undefined)
  },

  async 'answers after its end that it was closed'(t, store) {
    const { revision } = good(t, await store.put('/a', 1, { by }))
    const seen = new Seen()
    store.watch('/', revision, seen.receive)
    await store.close()
    await store.close()
    refused(t, await store.get('/a'), 'closed')
    refused(t, await store.list('/'), 'closed')
    refused(t, await store.put('/a', 2, { by }), 'closed')
    await seen.until((events) => events.length > 0)
    t.match(seen.events, [{ kind: 'ended', failure: { failure: 'closed' } }])
  },
}
