import t, { type Test } from 'tap'
import type { Clock } from '../../../core/port/mod.ts'
import { hostClock } from '../../../adapters/host/mod.ts'
import {
  follow,
  isStoreFailure,
  MemoryStore,
  type MirrorFile,
  MirrorStore,
  type Page,
  type StoreFailure,
  storeFailure,
} from '../../../core/store/mod.ts'

const by = 'a test'

/** A file in memory. */
class Kept implements MirrorFile {
  text: string | undefined
  /** How often the whole was. */
  written = 0
  constructor(text?: string) {
    this.text = text
  }
  read(): Promise<string | undefined> {
    return Promise.resolve(this.text)
  }
  write(pieces: Iterable<string>): Promise<void> {
    this.text = [...pieces].join('')
    this.written++
    return Promise.resolve()
  }
  append(pieces: Iterable<string>): Promise<void> {
    this.text += [...pieces].join('')
    return Promise.resolve()
  }
}

/** A store that can be out of reach. */
class Shaky extends MemoryStore {
  away = false
  override list(...question: Parameters<MemoryStore['list']>): Promise<Page | StoreFailure> {
    if (!this.away) return super.list(...question)
    return Promise.resolve(storeFailure('unavailable', 'List: nobody answers'))
  }
}

function mirror(store: Shaky, file: MirrorFile, told: string[] = []): MirrorStore {
  const log = { write: (_: string, message: string) => void told.push(message) }
  return new MirrorStore({ store, file, clock: hostClock, log })
}

const keysOf = (page: Page | StoreFailure): string[] | string =>
  isStoreFailure(page) ? page.failure : page.documents.map(({ key }) => key)

t.test('the last known state is served while the store is away at the start', async (t) => {
  const file = new Kept()
  const store = new Shaky({ clock: hostClock })
  const before = mirror(store, file)
  await before.put('/routes/1', { uri: '/a' }, { by })
  await new Promise<void>((resolve) => {
    const stop = follow(before, '/', {
      clock: hostClock,
      follower: {
        onChanges(changes) {
          if (changes.some(({ key }) => key === '/routes/2')) resolve()
        },
      },
    })
    t.teardown(stop)
    void before.put('/routes/2', { uri: '/b' }, { by })
  })
  await before.close()
  const away = new Shaky({ clock: hostClock })
  away.away = true
  const told: string[] = []
  const after = mirror(away, file, told)
  const page = await after.list('/')
  t.same(keysOf(page), ['/routes/1', '/routes/2'])
  t.match(page, { revision: 2, more: false })
  t.match(told, [/starting from the last good state/])
  away.away = false
  await away.put('/routes/3', { uri: '/c' }, { by })
  t.same(keysOf(await after.list('/')), ['/routes/3'], 'the store itself counts once it answers')
  away.away = true
  t.equal(
    keysOf(await after.list('/')),
    'unavailable',
    'what is in force stays; nothing is put back',
  )
})

/** A clock whose waits are over when the test says so. */
class Stepped {
  readonly #waiting = new Set<() => void>()
  readonly clock: Clock = {
    ...hostClock,
    after: (_, work) => {
      this.#waiting.add(work)
      return () => this.#waiting.delete(work)
    },
  }
  async step(): Promise<void> {
    for (const work of this.#waiting) {
      this.#waiting.delete(work)
      work()
    }
    // What was begun is written in memory: a turn of the loop is enough.
    await new Promise((done) => setImmediate(done))
  }
}

/** A store of ten documents and its mirror, followed, with a file that holds all of them. */
async function followed(t: Test): Promise<{
  readonly store: MirrorStore
  readonly file: Kept
  readonly step: () => Promise<void>
}> {
  const file = new Kept()
  const stepped = new Stepped()
  const { clock } = stepped
  const store = new MirrorStore({
    store: new Shaky({ clock: hostClock }),
    file,
    clock,
    log: { write: () => {} },
  })
  for (let n = 0; n < 10; n++) await store.put(`/routes/${n}`, { uri: `/${n}` }, { by })
  t.teardown(follow(store, '/', { clock: hostClock, follower: { onChanges() {} } }))
  await new Promise((done) => setImmediate(done))
  await stepped.step()
  return { store, file, step: () => stepped.step() }
}

/** What a start from a text knows while the store is away. */
async function startFrom(text: string | undefined): Promise<Page | StoreFailure> {
  const away = new Shaky({ clock: hostClock })
  away.away = true
  return await mirror(away, new Kept(text)).list('/')
}

t.test('changes are added to what was kept, until they would be the larger part', async (t) => {
  const { store, file, step } = await followed(t)
  t.equal(file.written, 1)
  const whole = file.text?.length ?? 0
  await store.put('/routes/3', { uri: '/changed' }, { by })
  await store.delete('/routes/4', { by })
  await step()
  t.equal(file.written, 1, 'nothing is written twice')
  t.match(file.text?.slice(whole), /^sallyport-last-good 1 12 2\n\{"key":"\/routes\/3".*\n.*\n$/)
  const page = await startFrom(file.text)
  t.match(page, { revision: 12 })
  t.same(keysOf(page), [0, 1, 2, 3, 5, 6, 7, 8, 9].map((n) => `/routes/${n}`))
  t.match(page, { documents: { 3: { value: { uri: '/changed' }, modifyRevision: 11 } } })
  for (let n = 0; n < 8; n++) await store.put(`/routes/${n}`, { uri: `/again${n}` }, { by })
  await step()
  t.equal(file.written, 2, 'all is written anew')
  t.match(file.text, /^sallyport-last-good 1 20 10\n/)
})

t.test('what was half added is left out, whatever it was cut at', async (t) => {
  const { store, file, step } = await followed(t)
  const whole = file.text ?? ''
  await store.put('/routes/3', { uri: '/changed' }, { by })
  await store.delete('/routes/4', { by })
  await step()
  const all = file.text ?? ''
  for (let cut = whole.length; cut < all.length; cut++) {
    const page = await startFrom(all.slice(0, cut))
    if (!t.match(page, { revision: 10 }, `cut at ${cut}`)) break
    if (!t.equal(keysOf(page).length, 10)) break
  }
  const holes = whole + '\0'.repeat(all.length - whole.length)
  t.match(await startFrom(holes), { revision: 10 }, 'a file system that left a hole')
})

t.test('where adding fails all is written anew', async (t) => {
  const { store, file, step } = await followed(t)
  const append = file.append.bind(file)
  file.append = () => Promise.reject(new Error('No space is left'))
  await store.put('/routes/3', { uri: '/changed' }, { by })
  await step()
  t.match(await startFrom(file.text), { revision: 10 })
  file.append = append
  await store.put('/routes/5', { uri: '/changed' }, { by })
  await step()
  t.equal(file.written, 2)
  t.match(await startFrom(file.text), { revision: 12 })
})

t.test('what another gateway over the same file added late counts no more', async (t) => {
  const line = (uri: string) => `{"key":"/a","value":{"uri":"${uri}"}}\n`
  const head = (revision: number) => `sallyport-last-good 1 ${revision} 1\n`
  const text = head(5) + line('/new') + head(4) + line('/old')
  t.match(await startFrom(text), { revision: 5, documents: [{ value: { uri: '/new' } }] })
})

t.test('a file that is not whole is not used', async (t) => {
  const away = new Shaky({ clock: hostClock })
  away.away = true
  for (const text of ['sallyport-last-good 1 7 2\n{"key":"/a"}\n', 'nonsense', '']) {
    const told: string[] = []
    const store = mirror(away, new Kept(text), told)
    t.equal(keysOf(await store.list('/')), 'unavailable')
    t.match(told, [/could not be read/])
  }
  t.equal(keysOf(await mirror(away, new Kept()).list('/')), 'unavailable')
})

t.test('a store that refuses us is not stood in for', async (t) => {
  class Denied extends MemoryStore {
    override list(): Promise<StoreFailure> {
      return Promise.resolve(storeFailure('denied', 'List: not you'))
    }
  }
  const file = new Kept('sallyport-last-good 1 1 0\n')
  const log = { write: () => {} }
  const store = new MirrorStore({
    store: new Denied({ clock: hostClock }),
    file,
    clock: hostClock,
    log,
  })
  t.equal(keysOf(await store.list('/')), 'denied')
})
