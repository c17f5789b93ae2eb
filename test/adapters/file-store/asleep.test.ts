import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hostClock } from '../../../adapters/host/mod.ts'
import { FileStore } from '../../../adapters/file-store/mod.ts'
import { isStoreFailure, type StoredDocument, type StoreFailure } from '../../../core/store/mod.ts'
import { readKeyRing, SealedStore } from '../../../core/store/mod.ts'

const asleep = (key: string): boolean => key.startsWith('/notes/')

function good<T>(found: T | StoreFailure): T {
  if (isStoreFailure(found as StoreFailure)) throw new Error((found as StoreFailure).message)
  return found as T
}

async function documents(store: FileStore): Promise<readonly StoredDocument[]> {
  return good(await store.list('/')).documents
}

t.test('documents that are asleep are the same, from the log and from the snapshot', async (t) => {
  const folder = t.testdir()
  const first = good(await FileStore.open({ folder, clock: hostClock, asleep }))
  const values = [
    { a: 1, text: 'größer "zitiert" \\ 日本' },
    [1, [2, { '"changes":[': ',"created":1,"modified":2,"version":3}' }]],
    'text',
    null,
    {},
  ]
  for (const [at, value] of values.entries()) {
    await first.commit({
      by: `"changes":[ "someone"`,
      operations: [{ put: `/notes/n${at}`, value }, { put: `/read/r${at}`, value }],
    })
  }
  await first.commit({
    by: 'x',
    operations: [{ put: '/notes/n0', value: 2 }, { delete: '/read/r1' }],
  })
  await first.commit({
    by: 'x',
    operations: [{ put: '/notes/leased', value: { x: 1 }, ttl: 1000 }],
  })
  await first.commit({ by: 'x', operations: [{ put: '/notes/long', value: 'x'.repeat(200_000) }] })
  const before = JSON.stringify(await documents(first))
  await first.close()

  const fromLog = good(await FileStore.open({ folder, clock: hostClock, asleep }))
  t.equal(JSON.stringify(await documents(fromLog)), before, 'from the log')
  const [n0] = good(await fromLog.list('/notes/n0')).documents
  t.equal(n0?.value, 2)
  t.equal(n0?.value, 2, 'when it is asked for again, too')
  t.notOk(await fromLog.compact())
  await fromLog.close()

  const fromSnapshot = good(await FileStore.open({ folder, clock: hostClock, asleep }))
  // A snapshot that nobody read is written again as it was.
  const written = readFileSync(join(folder, 'snapshot'), 'utf8')
  t.notOk(await fromSnapshot.compact())
  t.equal(readFileSync(join(folder, 'snapshot'), 'utf8'), written)
  t.equal(JSON.stringify(await documents(fromSnapshot)), before, 'from the snapshot')
  await fromSnapshot.close()
  const awake = good(await FileStore.open({ folder, clock: hostClock }))
  t.equal(JSON.stringify(await documents(awake)), before, 'and awake')
  await awake.close()
})

t.test('what is sealed in documents that are asleep is unsealed', async (t) => {
  const folder = t.testdir()
  const ring = good(await readKeyRing(btoa('k'.repeat(32)), 'test'))
  const open = async (): Promise<SealedStore> => {
    const store = good(await FileStore.open({ folder, clock: hostClock, asleep }))
    return new SealedStore({ store, ring, secretsOf: () => [['secret']] })
  }
  const first = await open()
  await first.put('/notes/a', { secret: 'open sesame' }, { by: 'x' })
  await first.put('/notes/b', { plain: 1 }, { by: 'x' })
  await first.close()
  const again = await open()
  t.match(good(await again.list('/')).documents, [
    { value: { secret: 'open sesame' } },
    { value: { plain: 1 } },
  ])
  await again.close()
})
