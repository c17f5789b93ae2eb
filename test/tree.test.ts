/** The rules of the house, as ARCHITECTURE.md tells them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'

/** Rooms of the core, and whose code each may import. `*` after a name: types alone. */
const CORE: Readonly<Record<string, readonly string[]>> = {
  port: ['wire*', 'snapshot*'],
  wire: ['port*', 'snapshot*'],
  snapshot: ['port', 'wire*'],
  observe: [],
  regex: [],
  vars: ['regex', 'snapshot', 'wire*'],
  filter: ['vars', 'regex', 'snapshot', 'port', 'wire*'],
  store: ['port', 'snapshot'],
  route: ['snapshot', 'port', 'vars'],
  plan: ['snapshot', 'port', 'vars'],
  pki: ['snapshot', 'port'],
  upstream: ['snapshot', 'port'],
  token: ['plan', 'port', 'snapshot'],
  revocation: ['pki', 'port', 'wire'],
  decide: [
    'route',
    'plan',
    'pki',
    'upstream',
    'filter',
    'vars',
    'regex',
    'snapshot',
    'port',
    'wire',
  ],
  health: ['decide', 'upstream', 'port', 'wire', 'snapshot'],
  proxy: ['decide', 'wire', 'upstream', 'health', 'filter', 'port', 'pki', 'observe'],
  embed: [
    'decide',
    'wire',
    'upstream',
    'filter',
    'port',
    'pki',
    'observe',
    'plan',
    'proxy',
    'snapshot',
    'token',
    'pki-tools.ts',
  ],
  dialect: ['snapshot', 'store', 'port', 'pki', 'wire', 'regex'],
}

/** Packages that a part of the tree may import. */
const PACKAGES: readonly (readonly [string, readonly string[]])[] = [
  ['core/snapshot/', ['zod', 'yaml']],
  ['core/pki/', ['@peculiar/x509']],
  ['core/token/', ['jose']],
  ['core/dialect/', ['hono', '@hono/zod-openapi', 'zod', 'jose']],
  ['adapters/metrics/', ['prom-client']],
  ['adapters/etcd-store/', ['etcd3']],
  ['runtimes/cli/', ['hono', '@hono/zod-openapi', 'zod', 'yaml']],
]

interface Import {
  readonly file: string
  readonly target: string
  readonly typeOnly: boolean
}

const IMPORT =
  /^(?:import|export)\s+(type\s+)?(?:[\s\S]*?\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm

function sources(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name).replaceAll('\\', '/'))
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
  return [...text.matchAll(IMPORT)].map((found) => {
    const named = found[2] ?? found[3] ?? ''
    const target = named.startsWith('.') ? normalize(join(dirname(file), named)) : named
    return { file, target: target.replaceAll('\\', '/'), typeOnly: found[1] !== undefined }
  })
}

const all = ['core', 'adapters', 'runtimes'].flatMap(sources)
const imports = all.flatMap(importsOf)
const isOurs = ({ target }: Import): boolean =>
  /^(core|adapters|runtimes|test|fixtures)\//.test(target)
const roomOf = (path: string): string => path.split('/').slice(0, 2).join('/')

t.test('rooms of the core import only whom they may', (t) => {
  for (const each of imports.filter(isOurs)) {
    const [top, room = '', rest] = each.file.split('/')
    if (top !== 'core' || rest === undefined) continue
    const [targetTop, targetRoom = ''] = each.target.split('/')
    if (targetTop === 'core' && targetRoom === room) continue
    const may = CORE[room] ?? []
    const allowed = targetTop === 'core' &&
      (may.includes(targetRoom) || (each.typeOnly && may.includes(`${targetRoom}*`)))
    if (!allowed) t.fail(`${each.file} imports ${each.target}`)
  }
  for (const room of readdirSync('core', { withFileTypes: true })) {
    if (room.isDirectory()) t.ok(Object.hasOwn(CORE, room.name), `core/${room.name} has a rule`)
  }
  t.end()
})

t.test('rooms have no cycles', (t) => {
  const edges = new Map<string, Set<string>>()
  for (const { file, target } of imports.filter(isOurs).filter((each) => !each.typeOnly)) {
    const [from, to] = [roomOf(file), roomOf(target)]
    if (from === to || from.endsWith('.ts') || to.endsWith('.ts')) continue
    edges.set(from, (edges.get(from) ?? new Set()).add(to))
  }
  const visit = (room: string, path: readonly string[]): void => {
    if (path.includes(room)) return void t.fail([...path, room].join(' -> '))
    for (const next of edges.get(room) ?? []) visit(next, [...path, room])
  }
  for (const room of edges.keys()) visit(room, [])
  t.pass('no cycle')
  t.end()
})

t.test('adapters import the core and one platform, never each other', (t) => {
  for (const each of imports.filter(isOurs)) {
    if (!each.file.startsWith('adapters/')) continue
    const same = roomOf(each.file) === roomOf(each.target)
    if (!same && !each.target.startsWith('core/')) t.fail(`${each.file} imports ${each.target}`)
  }
  t.pass('looked at all')
  t.end()
})

t.test('nobody imports runtimes', (t) => {
  for (const each of imports.filter(isOurs)) {
    if (each.file.startsWith('runtimes/') || !each.target.startsWith('runtimes/')) continue
    t.fail(`${each.file} imports ${each.target}`)
  }
  t.pass('looked at all')
  t.end()
})

t.test('runtimes/fetch imports the core alone', (t) => {
  for (const each of imports.filter(({ file }) => file.startsWith('runtimes/fetch/'))) {
    if (!/^(core|runtimes\/fetch)\//.test(each.target)) {
      t.fail(`${each.file} imports ${each.target}`)
    }
  }
  t.pass('looked at all')
  t.end()
})

t.test('packages are imported where they belong', (t) => {
  for (const each of imports.filter((each) => !isOurs(each))) {
    const { file, target } = each
    if (target.startsWith('node:')) {
      if (file.startsWith('core/') || file.startsWith('runtimes/fetch/')) {
        t.fail(`${file} imports ${target}`)
      }
      continue
    }
    const may = PACKAGES.find(([part]) => file.startsWith(part))?.[1] ?? []
    if (!may.some((name) => target === name || target.startsWith(`${name}/`))) {
      t.fail(`${file} imports ${target}`)
    }
  }
  t.pass('looked at all')
  t.end()
})

t.test('Deno is named in its runtime and its adapters alone', (t) => {
  for (const file of all) {
    if (file.startsWith('runtimes/deno/') || /^adapters\/[^/]*deno/.test(file)) continue
    const code = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    if (/\bDeno\./.test(code)) t.fail(file)
  }
  t.pass('looked at all')
  t.end()
})

t.test('every room has a caption', (t) => {
  const rooms = ['core', 'adapters', 'runtimes'].flatMap((top) =>
    readdirSync(top, { withFileTypes: true }).filter((entry) => entry.isDirectory())
      .map((entry) => `${top}/${entry.name}`)
  )
  for (const room of rooms) {
    const face = `${room}/mod.ts`
    if (!existsSync(face)) {
      t.fail(`${face} is missing`)
      continue
    }
    const caption = readFileSync(face, 'utf8').slice(0, 700)
    t.match(caption, /\/\*\*[\s\S]*must[\s*]+never/, `${face} says what it must never know`)
  }
  t.end()
})

t.test('no file is over 500 lines', (t) => {
  for (const file of [...all, ...sources('test')]) {
    const lines = readFileSync(file, 'utf8').split('\n').length
    if (lines > 500) t.fail(`${file} has ${lines}`)
  }
  t.pass('looked at all')
  t.end()
})

t.test('socket.authorized is never read', (t) => {
  for (const file of all) {
    const code = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    // What is said to clients may have the word in it.
    const said = /'[^'\n]* [^'\n]*'/g
    if (/\bauthori[sz]ed\b|authorizationError/.test(code.replace(said, ''))) t.fail(file)
  }
  t.pass('looked at all')
  t.end()
})

t.test('versions agree', async (t) => {
  const read = (file: string): { version: string } => JSON.parse(readFileSync(file, 'utf8'))
  const { VERSION } = await import('../runtimes/cli/version.ts')
  t.equal(read('package.json').version, VERSION)
  t.equal(read('deno.json').version, VERSION)
})
