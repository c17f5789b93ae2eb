/** A store that seals every document whole does what every store must. */
import t from 'tap'
import { hostClock } from '../../adapters/host/mod.ts'
import { MemoryStore, readKeyRing, SealedStore } from '../../core/store/mod.ts'
import { good, storeCases } from './store-cases.ts'

const ring = good(t, await readKeyRing(btoa('0123456789abcdef0123456789abcdef'), 'a test'))
const beneath = new WeakMap<object, MemoryStore>()

await storeCases(t, {
  open(t) {
    const memory = new MemoryStore({ clock: hostClock })
    const store = new SealedStore({ store: memory, ring, secretsOf: () => [[]] })
    beneath.set(store, memory)
    t.teardown(() => store.close())
    return Promise.resolve(store)
  },
  forget(store, revision) {
    beneath.get(store)?.forget(revision)
    return Promise.resolve()
  },
})
