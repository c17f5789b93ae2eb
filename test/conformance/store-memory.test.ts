/** The store in memory does what every store must. */
import t from 'tap'
import { hostClock } from '../../adapters/host/mod.ts'
import { MemoryStore } from '../../core/store/mod.ts'
import { storeCases } from './store-cases.ts'

await storeCases(t, {
  open(t) {
    const store = new MemoryStore({ clock: hostClock })
    t.teardown(() => store.close())
    return Promise.resolve(store)
  },
  forget(store, revision) {
    if (store instanceof MemoryStore) store.forget(revision)
    return Promise.resolve()
  },
})
