/** A store reached over messages does what every store must, with another client on the same channel. */
import t from 'tap'
import { hostClock, hostEntropy } from '../../adapters/host/mod.ts'
import { MemoryStore, RemoteStore, serveStore } from '../../core/store/mod.ts'
import { Wire } from '../core/store/channel.ts'
import { storeCases } from './store-cases.ts'

const owned = new WeakMap<object, MemoryStore>()

await storeCases(t, {
  open(t) {
    const wire = new Wire()
    const memory = new MemoryStore({ clock: hostClock })
    t.teardown(serveStore(memory, wire.owner, hostClock))
    const options = { channel: wire.client, clock: hostClock, entropy: hostEntropy }
    const [store, other] = [new RemoteStore(options), new RemoteStore(options)]
    other.watch('/', 0, () => {})
    owned.set(store, memory)
    t.teardown(async () => {
      await other.close()
      await store.close()
      await memory.close()
    })
    return Promise.resolve(store)
  },
  forget(store, revision) {
    owned.get(store)?.forget(revision)
    return Promise.resolve()
  },
})
