import t from 'tap'
import { FileStore } from '../../../adapters/file-store/mod.ts'
import { hostClock } from '../../../adapters/host/mod.ts'
import { good } from '../../conformance/store-cases.ts'
import { folderFor } from './folder.ts'

const asleep = (key: string): boolean => /^\/(notes|claims)\//.test(key)
const cold = (key: string): boolean => key.startsWith('/notes/')
const MANY = 3000

t.test('cold documents are found, listed, changed and deleted like others', async (t) => {
  const folder = folderFor(t)
  const open = async (cold?: (key: string) => boolean): Promise<FileStore> =>
    good(t, await FileStore.open({ folder, clock: hostClock, asleep, ...(cold && { cold }) }))
  const all = async (store: FileStore): Promise<string> =>
    JSON.stringify(good(t, await store.list('/')))

  const first = await open()
  for (let from = 0; from < MANY; from += 50) {
    const operations = Array.from({ length: 50 }, (_, at) => [
      { put: `/notes/${from + at}`, value: { at: from + at } },
      { put: `/awake/${from + at}`, value: from + at },
    ]).flat()
    good(t, await first.commit({ by: 'x', operations }))
  }
  good(t, await first.put('/notes/7', 'again', { by: 'x' }))
  good(t, await first.delete('/notes/8', { by: 'x' }))
  good(t, await first.put('/notes/leased', 1, { by: 'x', ttl: 1000 }))
  const before = await all(first)
  await first.close()

  for (const from of ['log', 'snapshot']) {
    const store = await open(cold)
    t.equal(await all(store), before, `from the ${from}`)
    t.equal(good(t, await store.get('/notes/7')).document?.value, 'again')
    t.equal(good(t, await store.get('/notes/8')).document, undefined)
    const followed = good(t, await store.list('/', { followed: true })).documents
    t.equal(followed.length, MANY + 1, 'who follows is told of the others')
    const page = good(t, await store.list('/notes/', { after: '/notes/2', limit: 3 }))
    t.same(page.documents.map(({ key }) => key), ['/notes/20', '/notes/200', '/notes/2000'])
    t.ok(page.more)
    t.notOk(await store.compact())
    await store.close()
  }

  const store = await open(cold)
  t.match(await store.put('/notes/1', 2, { by: 'x', ifRevision: 0 }), { failure: 'conflict' })
  const { document } = good(t, await store.get('/notes/1'))
  const ifRevision = document?.modifyRevision ?? 0
  t.match(await store.put('/notes/1', 2, { by: 'x', ifRevision }), { document: { version: 2 } })
  t.ok(good(t, await store.delete('/notes/2', { by: 'x' })).deleted)
  t.notOk(good(t, await store.delete('/notes/2', { by: 'x' })).deleted)
  good(t, await store.put('/notes/new', {}, { by: 'x' }))
  const now = await all(store)
  const keys = good(t, await store.list('/notes/')).documents.map(({ key }) => key)
  t.same(keys, [...keys].sort(), 'in order')
  t.equal(keys.length, MANY, 'two deleted, a leased one and a new one')
  // What changes while a snapshot is written is not lost, nor is it in the snapshot twice.
  const compacting = store.compact()
  good(t, await store.delete('/notes/3', { by: 'x' }))
  t.notOk(await compacting)
  good(t, await store.put('/notes/3', { at: 3 }, { by: 'x' }))
  t.equal(JSON.parse(now).documents.length, JSON.parse(await all(store)).documents.length)
  const last = await all(store)
  await store.close()

  const again = await open(cold)
  t.equal(await all(again), last)
  await again.close()
})
