/** What a folder is worth after its process, or its disk, came to harm. */
import { appendFileSync, copyFileSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { FileStore } from '../../../adapters/file-store/mod.ts'
import { hostClock } from '../../../adapters/host/mod.ts'
import { good, refused } from '../../conformance/store-cases.ts'
import { contents, folderFor, lineStarts, logOf, opened } from './folder.ts'

const by = 'tester'

/** A folder with three records: two documents at once, one more, one deleted. */
async function written(t: Test): Promise<string> {
  const folder = folderFor(t)
  const store = await opened(t, folder)
  good(
    t,
    await store.commit({ by, operations: [{ put: '/a', value: 1 }, { put: '/b', value: 2 }] }),
  )
  good(t, await store.put('/c', { text: 'three ö' }, { by }))
  good(t, await store.delete('/a', { by }))
  await store.close()
  return folder
}

const AFTER: readonly Record<string, unknown>[] = [
  {},
  { '/a': 1, '/b': 2 },
  { '/a': 1, '/b': 2, '/c': { text: 'three ö' } },
  { '/b': 2, '/c': { text: 'three ö' } },
]

t.test('everything is there again, revisions and versions too', async (t) => {
  const folder = folderFor(t)
  const first = await opened(t, folder)
  good(t, await first.put('/a', 1, { by }))
  good(t, await first.put('/a', 2, { by }))
  const before = good(t, await first.list('/'))
  await first.close()
  const second = await opened(t, folder)
  t.same(good(t, await second.list('/')), before)
  const { revision } = good(t, await second.put('/b', 1, { by }))
  t.equal(revision, before.revision + 1)
})

t.test('a log cut at any byte gives whole transactions, and is written on', async (t) => {
  const folder = await written(t)
  const log = logOf(folder)
  const bytes = readFileSync(log)
  const starts = lineStarts(log)
  for (let length = bytes.length; length >= 0; length -= 7) {
    writeFileSync(log, bytes.subarray(0, length))
    const whole = Math.max(0, starts.filter((start) => start > 0 && start <= length).length - 1)
    t.same(await contents(t, folder), AFTER[whole], `cut at ${length}`)
    const store = good(t, await FileStore.open({ folder, clock: hostClock }))
    good(t, await store.put('/z', length, { by }))
    await store.close()
    t.same(await contents(t, folder), { ...AFTER[whole], '/z': length })
  }
})

t.test('an end that the system filled with zeros is dropped', async (t) => {
  const folder = await written(t)
  const log = logOf(folder)
  truncateSync(log, (lineStarts(log)[3] ?? 0) + 12)
  appendFileSync(log, Buffer.alloc(300))
  t.same(await contents(t, folder), AFTER[2])
})

t.test('damage is refused with its offset, wherever it is, and nothing is changed', async (t) => {
  const folder = await written(t)
  const log = logOf(folder)
  const bytes = readFileSync(log)
  const starts = lineStarts(log)
  for (const [at, start] of starts.slice(0, -1).entries()) {
    for (const offset of [start, start + 10, start + 40]) {
      const harmed = Buffer.from(bytes)
      harmed[offset] = (harmed[offset] ?? 0) ^ 1
      writeFileSync(log, harmed)
      const answer = await FileStore.open({ folder, clock: hostClock })
      refused(t, answer, 'corrupt', new RegExp(`damaged at offset ${start}; nothing was changed`))
      t.same(readFileSync(log), harmed, `line ${at}`)
    }
  }
})

t.test('lines that shared a sync with a broken one were never acknowledged', async (t) => {
  const folder = folderFor(t)
  const store = await opened(t, folder)
  good(t, await store.put('/a', 1, { by }))
  await Promise.all(['/b', '/c', '/d'].map((key) => store.put(key, 1, { by })))
  await store.close()
  const log = logOf(folder)
  const bytes = readFileSync(log)
  const third = lineStarts(log)[3] ?? 0
  bytes.fill(0, third, third + 20)
  writeFileSync(log, bytes)
  t.same(await contents(t, folder), { '/a': 1, '/b': 1 })
})

t.test('a missing log, a strange file and a damaged snapshot are refused', async (t) => {
  const folder = await written(t)
  const store = await opened(t, folder)
  t.equal(await store.compact(), undefined)
  good(t, await store.put('/d', 4, { by }))
  await store.close()
  const [log, snapshot] = [logOf(folder), join(folder, 'snapshot')]
  const copy = (from: string): string => {
    copyFileSync(from, `${from}.copy`)
    return `${from}.copy`
  }
  const [logCopy, snapshotCopy] = [copy(log), copy(snapshot)]
  const open = () => FileStore.open({ folder, clock: hostClock })

  rmSync(log)
  refused(t, await open(), 'corrupt', /the log after revision 3 is missing/)
  copyFileSync(logCopy, log)

  truncateSync(snapshot, statSync(snapshot).size - 3)
  refused(t, await open(), 'corrupt', /snapshot": damaged at offset \d+/)
  truncateSync(snapshot, lineStarts(snapshotCopy).at(-2))
  refused(t, await open(), 'corrupt', /snapshot": damaged at offset \d+/)
  copyFileSync(snapshotCopy, snapshot)

  copyFileSync(snapshot, log)
  refused(t, await open(), 'corrupt', /it is a "store snapshot", format 1/)
  copyFileSync(logCopy, log)
  t.same(await contents(t, folder), { ...AFTER[3], '/d': 4 })
})

t.test('compaction keeps what is there, and drops the logs before it', async (t) => {
  const folder = folderFor(t)
  const store = await opened(t, folder, { compactFrom: 2000 })
  for (let i = 0; i < 200; i++) good(t, await store.put(`/k${i % 7}`, i, { by }))
  const page = good(t, await store.list('/'))
  t.equal(await store.compact(), undefined)
  t.equal(await store.compact(), undefined, 'a second one in a row is fine')
  await store.close()
  const names = readdirSync(folder)
  t.equal(names.length, 2, names.join(' '))
  t.match(names.sort(), [/^log-0{13}200$/, 'snapshot'])
  const again = await opened(t, folder)
  t.same(good(t, await again.list('/')), page)
})

t.test('writes go on while a compaction runs', async (t) => {
  const folder = folderFor(t)
  const store = await opened(t, folder)
  for (let i = 0; i < 20; i++) {
    const operations = Array.from({ length: 100 }, (_, at) => ({ put: `/d/${i}-${at}`, value: at }))
    good(t, await store.commit({ by, operations }))
  }
  const done = store.compact()
  const writes = Array.from({ length: 50 }, (_, at) => store.put(`/during/${at}`, at, { by }))
  for (const answer of await Promise.all(writes)) good(t, answer)
  t.equal(await done, undefined)
  good(t, await store.put('/last', 1, { by }))
  await store.close()
  t.equal(Object.keys(await contents(t, folder)).length, 2051)
})

t.test('a compaction that died at any step leaves a folder that opens', async (t) => {
  const folder = await written(t)
  const store = await opened(t, folder)
  const oldLog = logOf(folder)
  const saved = readFileSync(oldLog)
  t.equal(await store.compact(), undefined)
  await store.close()
  const snapshot = readFileSync(join(folder, 'snapshot'))
  const newLog = logOf(folder)

  writeFileSync(oldLog, saved)
  t.same(await contents(t, folder), AFTER[3], 'the old log was not removed yet')

  writeFileSync(oldLog, saved)
  rmSync(join(folder, 'snapshot'))
  writeFileSync(join(folder, 'snapshot.new'), snapshot.subarray(0, 50))
  t.same(await contents(t, folder), AFTER[3], 'the snapshot was not done')
  t.notOk(readdirSync(folder).includes('snapshot.new'))

  writeFileSync(newLog, '')
  t.same(await contents(t, folder), AFTER[3], 'the new log was not begun')
})

t.test('a lifetime goes on over a restart', async (t) => {
  const folder = folderFor(t)
  const store = await opened(t, folder)
  good(t, await store.put('/gone', 1, { by, ttl: 1 }))
  await store.close()
  const again = await opened(t, folder)
  const { document, revision } = good(t, await again.get('/gone'))
  t.type(document?.expires, 'number')
  await new Promise<void>((resolve) => {
    t.teardown(again.watch('/', revision, () => resolve()))
  })
  t.equal(good(t, await again.get('/gone')).document, undefined)
})
