import { Buffer } from 'node:buffer'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { blocksOf } from '../../../adapters/file-store/blocks.ts'
import { FileStore, hostDisk } from '../../../adapters/file-store/mod.ts'
import { hostClock } from '../../../adapters/host/mod.ts'
import { contents, folderFor, logOf, opened } from './folder.ts'

const MB = 1024 * 1024

t.test('blocksOf gives whole lines, long ones too, and what stands after the last', async (t) => {
  const path = join(folderFor(t), 'file')
  const lines = [10, MB, 3 * MB - 11, 5, 9 * MB, 4 * MB - 1, 0, 17 * MB, 100].map((length, at) =>
    `${String(at).repeat(length)}\n`
  )
  for (const torn of ['', 'torn']) {
    const text = lines.join('') + torn
    writeFileSync(path, text)
    const parts: Buffer[] = []
    let next = 0
    for await (const { bytes, offset } of blocksOf(hostDisk, path)) {
      t.equal(offset, next, 'blocks follow each other')
      next += bytes.length
      if (next < text.length) t.equal(bytes.at(-1), 10, 'a block ends with a line')
      parts.push(Buffer.from(bytes))
    }
    t.ok(Buffer.concat(parts).equals(Buffer.from(text)), `${next} bytes`)
  }
})

t.test('blocksOf gives nothing of an empty file', async (t) => {
  const path = join(folderFor(t), 'file')
  writeFileSync(path, '')
  for await (const _ of blocksOf(hostDisk, path)) t.fail('there is a block')
})

t.test('damage beyond the first block is told with its offset, a torn end is dropped', async (t) => {
  const folder = folderFor(t)
  const store = await opened(t, folder)
  for (let at = 0; at < 6; at++) {
    await store.put(`/a/${at}`, `${at}`.repeat(MB), { by: 'x' })
  }
  await store.close()
  const all = await contents(t, folder)
  const log = logOf(folder)
  const whole = readFileSync(log)
  appendFileSync(log, '00000000 12 {"rev')
  t.same(await contents(t, folder), all, 'what was whole is there')
  t.equal(readFileSync(log).length, whole.length, 'and the rest has gone')

  const harmed = Buffer.from(whole)
  const at = whole.indexOf('"/a/5"')
  harmed[at + MB] = 33
  writeFileSync(log, harmed)
  const lineAt = whole.lastIndexOf(10, at) + 1
  t.match(await FileStore.open({ folder, clock: hostClock }), {
    failure: 'corrupt',
    message: `damaged at offset ${lineAt};`,
  })
})
