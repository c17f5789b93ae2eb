import { appendFileSync, mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { HostFiles } from '../../../adapters/host/mod.ts'

const folder = mkdtempSync(join(tmpdir(), 'files-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const files = new HostFiles()

t.test('a change of any of many files is noticed, however it is made', async (t) => {
  const paths = Array.from({ length: 500 }, (_, i) => join(folder, `${i}`))
  for (const path of paths) writeFileSync(path, 'before')
  const [one, two, three] = [paths[100], paths[499], join(folder, 'aside')] as [
    string,
    string,
    string,
  ]
  let told: (() => void) | undefined
  const stop = files.watch(paths, () => told?.())
  t.teardown(stop)
  // Looking keeps no process alive.
  const alive = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(alive))
  const changed = () => new Promise<void>((done) => told = done)
  // The first look only learns how things are.
  const first = setInterval(() => appendFileSync(one, '+'), 200)
  await changed()
  clearInterval(first)
  writeFileSync(three, 'before')
  const replaced = changed()
  renameSync(three, two)
  await replaced
  const gone = changed()
  unlinkSync(two)
  await gone
  stop()
  t.pass('told of each')
})

t.test('a file is read in parts, again at each call, and what cannot be read says so', async (t) => {
  const path = join(folder, 'long')
  const content = new Uint8Array(700_000).map((_, i) => i % 251)
  writeFileSync(path, content)
  const { size, parts } = await files.open(path)
  t.equal(size, content.length)
  for (const _ of [1, 2]) {
    const read: number[] = []
    let sum = 0
    for await (const part of parts()) {
      read.push(part.length)
      sum += part.reduce((all, byte) => all + byte, 0)
    }
    t.ok(read.length > 1)
    t.equal(read.reduce((all, length) => all + length), content.length)
    t.equal(sum, content.reduce((all, byte) => all + byte, 0))
  }
  await t.rejects(files.open(join(folder, 'none')), { code: 'ENOENT' })
  unlinkSync(path)
  await t.rejects(parts()[Symbol.asyncIterator]().next(), { code: 'ENOENT' })
})

t.test('what is added comes after what is there, and is added to no file that is not', async (t) => {
  const path = join(folder, 'added')
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  await t.rejects(files.append(path, [bytes('x')]), { code: 'ENOENT' })
  await files.write(path, bytes('one\n'))
  await files.append(path, [bytes('two\n'), bytes('three\n')])
  t.equal(new TextDecoder().decode(await files.read(path)), 'one\ntwo\nthree\n')
})
