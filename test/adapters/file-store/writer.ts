/** Writes to the store in the given folder until it is killed, and prints a line for every acknowledged write. */
import { writeSync } from 'node:fs'
import process from 'node:process'
import { FileStore } from '../../../adapters/file-store/mod.ts'
import { hostClock } from '../../../adapters/host/mod.ts'
import { isStoreFailure } from '../../../core/store/mod.ts'

const [folder = '', run = '0'] = process.argv.slice(2)
const store = await FileStore.open({ folder, clock: hostClock, compactFrom: 20_000 })
if (isStoreFailure(store)) throw new Error(store.message)

/** One of several that write at once: each transaction puts a pair of documents that must agree. */
async function write(lane: number): Promise<void> {
  for (let count = 0;; count++) {
    const value = { run: Number(run), count, filler: 'x'.repeat((count * 37) % 900) }
    // Said before it is tried, so that what is found later can be told from what was never written.
    writeSync(1, `try ${lane} ${run} ${count}\n`)
    const done = await (store as FileStore).commit({
      by: 'writer',
      operations: [{ put: `/pair/${lane}/left`, value }, { put: `/pair/${lane}/right`, value }],
    })
    if (isStoreFailure(done)) throw new Error(done.message)
    writeSync(1, `done ${lane} ${run} ${count}\n`)
  }
}

await Promise.all([0, 1, 2, 3].map(write))
