import t from 'tap'
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
  constructor(text?: string) {
    this.text = text
  }
  read(): Promise<string | undefined> {
    return Promise.resolve(this.text)
  }
  write(pieces: Iterable<string>): Promise<void> {
    this.text = [...pieces].join('')
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
