/** Disks that are full or take no writes, and folders that another process has. */
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import process from 'node:process'
import { join } from 'node:path'
import t from 'tap'
import { FileStore } from '../../../adapters/file-store/mod.ts'
import { hostClock } from '../../../adapters/host/mod.ts'
import { good, refused } from '../../conformance/store-cases.ts'
import { compiled, PLAIN } from '../../support/compiled.ts'
import { contents, failingDisk, type Faults, folderFor, logOf, opened } from './folder.ts'

const by = 'tester'

for (
  const [code, failure, told] of [
    ['ENOSPC', 'full', /^Write to the store ".*": no room is left \(ENOSPC\)$/],
    ['EROFS', 'read-only', /: it takes no writes \(EROFS\)$/],
    ['EIO', 'unavailable', /: EIO$/],
  ] as const
) {
  for (const step of ['append', 'sync'] as const) {
    t.test(`${code} at ${step}: writes are refused, reads go on, and all is well after`, async (t) => {
      const folder = folderFor(t)
      const faults: Faults = {}
      const store = await opened(t, folder, { disk: failingDisk(faults) })
      const { revision } = good(t, await store.put('/a', 1, { by }))
      faults[step] = code
      refused(t, await store.put('/a', 2, { by }), failure, told)
      const several = ['/b', '/c'].map((key) => store.put(key, 1, { by }))
      for (const answer of await Promise.all(several)) refused(t, answer, failure, told)
      t.match(good(t, await store.get('/a')), { document: { value: 1 }, revision })
      // Where not even cutting back works, the next write must do it first.
      faults.cut = code
      refused(t, await store.put('/a', 3, { by }), failure, told)
      delete faults[step]
      refused(t, await store.put('/a', 3, { by }), failure, told)
      delete faults.cut
      good(t, await store.put('/d', 4, { by, ifRevision: 0 }))
      await store.close()
      t.same(await contents(t, folder), { '/a': 1, '/d': 4 })
    })
  }
}

t.test('a compaction without room leaves everything as it was', async (t) => {
  const folder = folderFor(t)
  const faults: Faults = {}
  const told: string[] = []
  const store = await opened(t, folder, {
    disk: failingDisk(faults),
    log: { write: (_level, message) => void told.push(message) },
  })
  good(t, await store.put('/a', 1, { by }))
  for (const step of ['open', 'rename'] as const) {
    faults[step] = 'ENOSPC'
    refused(t, await store.compact(), 'full', /^Compact the store/)
    delete faults[step]
    good(t, await store.put(`/${step}`, 1, { by }))
  }
  t.equal(told.length, 2)
  t.equal(await store.compact(), undefined)
  await store.close()
  t.same(await contents(t, folder), { '/a': 1, '/open': 1, '/rename': 1 })
})

for (const [code, failure] of [['EROFS', 'read-only'], ['ENOSPC', 'full']] as const) {
  t.test(`a folder that takes no writes from the start (${code}) is read, and written later`, async (t) => {
    const folder = folderFor(t)
    const store = await opened(t, folder)
    good(t, await store.put('/a', 1, { by }))
    await store.close()
    const faults: Faults = { open: code }
    const reader = await opened(t, folder, { disk: failingDisk(faults) })
    t.equal(good(t, await reader.get('/a')).document?.value, 1)
    refused(t, await reader.put('/a', 2, { by }), failure, new RegExp(code))
    refused(t, await reader.compact(), failure)
    delete faults.open
    good(t, await reader.put('/a', 3, { by }))
    await reader.close()
    t.same(await contents(t, folder), { '/a': 3 })
  })
}

t.test('a new log that found no room is not left behind', async (t) => {
  const folder = folderFor(t)
  const faults: Faults = {}
  const store = await opened(t, folder, { disk: failingDisk(faults) })
  good(t, await store.put('/a', 1, { by }))
  faults.append = 'ENOSPC'
  refused(t, await store.compact(), 'full')
  t.match(logOf(folder), /log-0+$/)
})

t.test('a second opening is refused, naming the process', async (t) => {
  const folder = folderFor(t)
  await opened(t, folder)
  const again = await FileStore.open({ folder, clock: hostClock })
  refused(t, again, 'locked', new RegExp(`: process ${process.pid} has it open`))
})

t.test('a folder whose owner was killed is free at once', async (t) => {
  const folder = folderFor(t)
  const script = compiled(t, 'test/adapters/file-store/writer.ts')
  const child = spawn('env', [...PLAIN.slice(1), process.execPath, script, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const { pid = 0 } = child
  await new Promise((resolve) => child.stdout.once('data', resolve))
  const answer = await FileStore.open({ folder, clock: hostClock })
  refused(t, answer, 'locked', new RegExp(`: process ${pid} has it open`))
  process.kill(pid, 'SIGSTOP')
  refused(t, await FileStore.open({ folder, clock: hostClock }), 'locked')
  const gone = new Promise((resolve) => child.once('exit', resolve))
  process.kill(pid, 'SIGKILL')
  await gone
  const store = await opened(t, folder)
  good(t, await store.put('/mine', 1, { by }))
})

t.test('of several that open at once, one at the most has the folder', async (t) => {
  const folder = folderFor(t)
  for (let round = 0; round < 10; round++) {
    const tries = Array.from({ length: 3 }, () => FileStore.open({ folder, clock: hostClock }))
    const stores = (await Promise.all(tries)).filter((each) => each instanceof FileStore)
    t.ok(stores.length <= 1, `${stores.length} have it`)
    for (const store of stores) await store.close()
  }
})

t.test('a folder with a long path can be owned', async (t) => {
  const folder = join(folderFor(t), 'x'.repeat(100), 'y'.repeat(100))
  mkdirSync(folder, { recursive: true })
  const store = await opened(t, folder)
  good(t, await store.put('/a', 1, { by }))
  refused(t, await FileStore.open({ folder, clock: hostClock }), 'locked')
})
