/** A gateway's shape: one process owns the store, two workers use it over their messages. Prints what came of it. */
import process from 'node:process'
import { hostClock, hostEntropy } from '../../../adapters/host/mod.ts'
import { ClusterWorkers } from '../../../adapters/workers/mod.ts'
import {
  follow,
  isStoreFailure,
  MemoryStore,
  RemoteStore,
  serveStore,
} from '../../../core/store/mod.ts'

const EACH = 25
const WORKERS = 2
const workers = new ClusterWorkers()

if (workers.isWorker) await count()
else serve()

/** Adds to one number as often as it should, whatever the others do. */
async function count(): Promise<void> {
  const store = new RemoteStore({ channel: workers, clock: hostClock, entropy: hostEntropy })
  for (let added = 0; added < EACH;) {
    const found = await store.get('/total')
    if (isStoreFailure(found)) throw new Error(found.message)
    const { value = 0, modifyRevision = 0 } = found.document ?? {}
    const options = { by: 'worker', ifRevision: modifyRevision }
    const done = await store.put('/total', (value as number) + 1, options)
    if (!isStoreFailure(done)) added++
    else if (done.failure !== 'conflict') throw new Error(done.message)
  }
  const follower = {
    onChanges: async (
      changes: readonly { document: { value: unknown } | undefined }[],
    ): Promise<void> => {
      if (changes.at(-1)?.document?.value !== EACH * WORKERS) return
      await store.put(`/seen/${process.pid}`, true, { by: 'worker' })
    },
  }
  follow(store, '/total', { clock: hostClock, follower })
}

function serve(): void {
  const store = new MemoryStore({ clock: hostClock })
  serveStore(store, workers, hostClock)
  let seen = 0
  store.watch('/seen/', 0, async () => {
    if (++seen < WORKERS) return
    const found = await store.get('/total')
    process.stdout.write(JSON.stringify(found) + '\n')
    await workers.stop()
    process.exit(0)
  })
  workers.start(WORKERS, { env: {}, onExit: () => process.exit(3) })
}
