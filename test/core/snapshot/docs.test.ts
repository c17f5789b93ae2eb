import { readFileSync } from 'node:fs'
import t from 'tap'
import { describeSchema, readConfiguration } from '../../../core/snapshot/mod.ts'
import { readDuration, readSize } from '../../../core/snapshot/schema/scalars.ts'
import { MemoryFiles } from './means.ts'

const DOCUMENT = new URL('../../../docs/configuration.md', import.meta.url)
const text = readFileSync(DOCUMENT, 'utf8')

/** The cells of each table, by the heading above it. */
function tables(): Map<string, string[][]> {
  const found = new Map<string, string[][]>()
  let heading = ''
  for (const line of text.split('\n')) {
    heading = /^#+ (.*)$/.exec(line)?.[1]?.replaceAll('`', '') ?? heading
    if (!/^\| `/.test(line)) continue
    const cells = line.split(' | ').map((cell) => cell.replaceAll(/^\| |\|$/g, '').trim())
    found.set(heading, [...found.get(heading) ?? [], cells])
  }
  return found
}

t.test('docs/configuration.md has every key of the schema, and no other', (t) => {
  const documented = tables()
  for (const { path, keys } of describeSchema()) {
    const rows = documented.get(path === '' ? 'The document' : path) ?? []
    t.strictSame(rows.map(([key]) => key?.replaceAll('`', '')), keys, path)
    documented.delete(path === '' ? 'The document' : path)
  }
  t.strictSame([...documented.keys()], [])
  t.end()
})

t.test('docs/configuration.md tells the true limits', async (t) => {
  const means = { file: 'gateway.yaml', files: new MemoryFiles({}), env: () => undefined }
  const { configuration } = await readConfiguration({
    ...means,
    text: 'listeners: [{ address: ":0" }]',
  })
  const all: Readonly<Record<string, object | undefined>> = {
    'limits': configuration?.limits,
    'limits.http2': configuration?.limits.http2,
  }
  for (const [heading, limits] of Object.entries(all)) {
    const truth: Readonly<Record<string, unknown>> = { ...limits }
    for (const [key, type, value] of tables().get(heading) ?? []) {
      const name = key!.replaceAll('`', '')
      if (typeof truth[name] === 'object') continue
      const raw = value?.replaceAll('`', '')
      const read = type === 'duration' ? readDuration(raw) : readSize(raw)
      t.equal(read, truth[name], `${heading}.${name}`)
    }
  }
})

t.test('docs/configuration.md starts with a configuration that works', async (t) => {
  const means = { file: 'gateway.yaml', files: new MemoryFiles({}), env: () => undefined }
  const example = /```yaml\n([^`]*)```/.exec(text)?.[1] ?? ''
  const { problems } = await readConfiguration({ ...means, text: example })
  t.strictSame(problems, [])
})

t.test('docs/configuration.md links to headings that are there', (t) => {
  const anchor = (heading: string) =>
    heading.toLowerCase().replaceAll(/[^\w\s-]/g, '').replaceAll(' ', '-')
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchor(heading!))
  for (const [, link] of text.matchAll(/\]\(#([^)]*)\)/g)) t.ok(headings.includes(link!), `${link}`)
  t.end()
})
