/** The store in a folder does what every store must. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { FileStore } from '../../adapters/file-store/mod.ts'
import { hostClock } from '../../adapters/host/mod.ts'
import { good, storeCases } from './store-cases.ts'

await storeCases(t, {
  async open(t) {
    const folder = mkdtempSync(join(tmpdir(), 'store-'))
    const store = good(t, await FileStore.open({ folder, clock: hostClock }))
    t.teardown(async () => {
      await store.close()
      rmSync(folder, { recursive: true })
    })
    return store
  },
  forget(store, revision) {
    if (store instanceof FileStore) store.forget(revision)
    return Promise.resolve()
  },
})
