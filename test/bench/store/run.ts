/**
 * How long a start with 100,000 documents takes, how long one write, and how much memory it costs.
 * `node --import … run.ts FOLDER` or `deno run -A run.ts FOLDER`; docs/store.md says how and what came out.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { FileStore } from '../../../adapters/file-store/mod.ts'
import { hostClock } from '../../../adapters/host/mod.ts'
import { isStoreFailure, type StoreFailure } from '../../../core/store/mod.ts'

const COUNT = 100_000
const [place = '.', only] = process.argv.slice(2)
const folder = join(place, 'store-bench')
const print = (line: string): void => void process.stdout.write(`${line}\n`)

function must<T>(answer: T | StoreFailure): T {
  if (isStoreFailure(answer)) throw new Error(answer.message)
  return answer
}

/** Some 500 bytes, like a route or an application. */
function sample(at: number): { [name: string]: string | number | string[] } {
  return {
    id: String(at),
    name: `route ${at}`,
    hosts: [`host-${at}.example.com`, `www.host-${at}.example.com`],
    upstream_id: `upstream-${at % 100}`,
    desc: 'x'.repeat(300),
    create_time: 1_790_000_000 + at,
    priority: at % 10,
  }
}

async function open(): Promise<FileStore> {
  return must(await FileStore.open({ folder, clock: hostClock }))
}

/** Opens the folder in a process of its own, as a start does. */
function start(what: string): void {
  const script = process.argv[1] ?? ''
  const told = execFileSync(process.execPath, [...process.execArgv, script, place, 'start'], {
    encoding: 'utf8',
  })
  print(`${what}: ${told.trim()} (${sizes()})`)
}

if (only === 'start') {
  const [memory, cpu, begin] = [process.memoryUsage().rss, process.cpuUsage(), performance.now()]
  const store = await open()
  const wall = performance.now() - begin
  const { user, system } = process.cpuUsage(cpu)
  const grown = (process.memoryUsage().rss - memory) / 1e6
  print(
    `${wall.toFixed(0)} ms, ${((user + system) / 1000).toFixed(0)} ms of CPU, ${
      grown.toFixed(0)
    } MB`,
  )
  await store.close()
  process.exit(0)
}

function sizes(): string {
  return readdirSync(folder).filter((name) => !name.startsWith('owner-')).sort()
    .map((name) => `${name.slice(0, 8)} ${(statSync(join(folder, name)).size / 1e6).toFixed(1)} MB`)
    .join(', ')
}

async function write(store: FileStore, count: number): Promise<number[]> {
  const times: number[] = []
  for (let at = 0; at < count; at++) {
    const begin = performance.now()
    must(await store.put(`/routes/${at}`, sample(at + 1), { by: 'bench' }))
    times.push(performance.now() - begin)
  }
  return times.sort((a, b) => a - b)
}

rmSync(folder, { recursive: true, force: true })
const first = await open()
for (let at = 0; at < COUNT; at += 100) {
  const operations = Array.from({ length: 100 }, (_, i) => ({
    put: `/routes/${at + i}`,
    value: sample(at + i),
  }))
  must(await first.commit({ by: 'bench', operations }))
}
await first.close()
start('start from a snapshot and a log')
const second = await open()
await second.compact()
await second.close()
start('start from a snapshot alone')
const store = await open()

const times = await write(store, 1000)
print(
  `one write: median ${times[500]?.toFixed(2)} ms, 99 of 100 within ${times[990]?.toFixed(2)} ms`,
)

const compaction = store.compact()
const during: number[] = []
let done = false
void compaction.then(() => done = true)
while (!done) during.push(...await write(store, 1))
during.sort((a, b) => a - b)
print(
  `${during.length} writes during a compaction: median ` +
    `${during[during.length >> 1]?.toFixed(2)} ms, longest ${during.at(-1)?.toFixed(1)} ms`,
)

const begin = performance.now()
const many = Array.from(
  { length: 10_000 },
  (_, at) => store.put(`/many/${at}`, at, { by: 'bench' }),
)
for (const answer of await Promise.all(many)) must(answer)
print(`10,000 writes at once: ${(performance.now() - begin).toFixed(0)} ms`)

const looking = performance.now()
must(await store.list('/routes/'))
print(`listing all: ${(performance.now() - looking).toFixed(0)} ms`)
await store.close()
rmSync(folder, { recursive: true })
