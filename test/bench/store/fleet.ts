/**
 * Three gateways over one etcd: how long a first load takes, how soon a change is in force, what a flood of changes
 * does to traffic, and how much memory it costs.
 *
 *     npm run build && deno run -A test/bench/store/fleet.ts [DOCUMENTS] [node|deno]
 *
 * The gateways run on Node unless told otherwise. It needs Linux, etcd, and some 2 GB of memory.
 */
import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { EtcdStore } from '../../../adapters/etcd-store/mod.ts'
import { hostClock } from '../../../adapters/host/mod.ts'
import { freePort } from '../../support/free-port.ts'
import { FleetDocuments, must, putAll } from './documents.ts'

const COUNT = Number(process.argv[2] ?? 100_000) / 2
const RUNTIME = process.argv[3] === 'deno' ? 'deno' : 'node'
const COMMANDS = {
  node: ['node', '--max-semi-space-size=4', 'dist/runtimes/node/main.js'],
  deno: [
    'node_modules/.bin/deno',
    'run',
    '-A',
    '--v8-flags=--max-semi-space-size=4',
    'runtimes/deno/main.ts',
  ],
} as const
const BURST = 10_000
const KEY = btoa('a key of thirty-two whole bytes.')
const CHANGES = 30
const folder = mkdtempSync(join(tmpdir(), 'fleet-'))
const children: ChildProcess[] = []
const print = (line: string): void => void process.stdout.write(`${line}\n`)

/** What a fleet has on other machines takes what time of this one nobody else wants. */
function apart(child: ChildProcess): ChildProcess {
  execFileSync('chrt', ['--all-tasks', '--idle', '--pid', '0', String(child.pid)])
  return child
}

async function startEtcd(): Promise<string> {
  const [client, peer] = [await freePort(), await freePort()]
  const url = `http://127.0.0.1:${client}`
  const args = [`--data-dir=${join(folder, 'etcd')}`, '--name=m', '--log-level=panic']
  const urls = [`--listen-client-urls=${url}`, `--advertise-client-urls=${url}`]
  const peers = `http://127.0.0.1:${peer}`
  const own = [
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=m=${peers}`,
  ]
  children.push(apart(spawn('etcd', [...args, ...urls, ...own], { stdio: 'ignore' })))
  return url
}

const upstream = fork(new URL('./upstream.ts', import.meta.url).pathname)
children.push(upstream)
const upstreamPort = await new Promise<number>((done) => {
  upstream.once('message', (port) => done(Number(port)))
})

const documents = new FleetDocuments(COUNT, upstreamPort)

/** One gateway, with what it is asked. */
interface Gateway {
  readonly child: ChildProcess
  readonly port: number
  readonly admin: number
}

async function startGateway(name: string, etcd: string): Promise<Gateway> {
  const [port, admin] = [await freePort(), await freePort()]
  mkdirSync(join(folder, name))
  const file = join(folder, name, 'gateway.yaml')
  writeFileSync(
    file,
    `listeners: [{ name: plain, address: 127.0.0.1:${port} }]
admin: { address: 127.0.0.1:${admin}, dialects: { gravitee: false, gcore: false } }
accessLog: { to: off }
store: { role: data-plane, keys: ${KEY}, etcd: { endpoints: ['${etcd}'], prefix: /apisix } }
`,
  )
  const [program, ...args] = COMMANDS[RUNTIME]
  const child = spawn(program, [...args, 'run', '-c', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  children.push(child)
  return { child, port, admin }
}

const agent = new Agent({ keepAlive: true })

/** The status of a request, and how long it took in milliseconds; 0 where nobody answers. */
function ask(
  port: number,
  path: string,
  host = 'h1.test',
): Promise<{ status: number; ms: number }> {
  const from = performance.now()
  return new Promise((done) => {
    const request = get({ port, path, headers: { host }, agent }, (response) => {
      response.resume().on('end', () => {
        done({ status: response.statusCode ?? 0, ms: performance.now() - from })
      })
    })
    request.on('error', () => done({ status: 0, ms: performance.now() - from }))
  })
}

async function until(port: number, path: string, status: number, host?: string): Promise<number> {
  const from = performance.now()
  while ((await ask(port, path, host)).status !== status) {
    if (performance.now() - from > 120_000) throw new Error(`${path} is never answered ${status}`)
    await new Promise((done) => setTimeout(done, 1))
  }
  return performance.now() - from
}

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN

function told(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b)
  return `median ${at(sorted, 0.5).toFixed(1)} ms, p99 ${at(sorted, 0.99).toFixed(1)} ms`
}

/** Asks steadily until `over` resolves; how long each request took. In a process of its own: this one is busy. */
async function traffic(port: number, over: Promise<unknown>): Promise<number[]> {
  const asker = fork(new URL('./asker.ts', import.meta.url).pathname, [
    `${port}`,
    '/p1/x',
    'h1.test',
  ])
  const told = new Promise<number[]>((done, fail) => {
    asker.on('message', (took) => done(took as number[]))
    asker.on('exit', (code) => fail(new Error(`Whoever asks ended with ${code}`)))
  })
  await over
  asker.send('enough')
  return await told
}

/** Writes a flood of changes. @returns the last revision */
function flood(etcd: string, prefix: string): Promise<number> {
  const of = [etcd, prefix, upstreamPort, COUNT, BURST].map(String)
  const writer = apart(fork(new URL('./writer.ts', import.meta.url).pathname, of))
  return new Promise((done, fail) => {
    writer.on('message', (revision) => done(Number(revision)))
    writer.on('exit', (code) => fail(new Error(`Whoever writes ended with ${code}`)))
  })
}

async function untilRevision(admin: number, revision: number): Promise<void> {
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${admin}/readyz`)
    const ready = await answer.json() as { store: { revision: number } }
    if (ready.store.revision >= revision) return
    await new Promise((next) => setTimeout(next, 100))
  }
}

function memoryOf({ pid }: ChildProcess): number {
  const [, pages = '0'] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')
  return Number(pages) * 4096 / 1e6
}

try {
  const etcd = await startEtcd()
  const store = must(EtcdStore.open({ endpoints: [etcd], prefix: '/apisix', clock: hostClock }))
  const numbers = Array.from({ length: COUNT }, (_, each) => each)
  await putAll(store, [
    ...numbers.map((n) => documents.upstream(n)),
    ...numbers.map((n) => documents.route(n)),
  ])
  print(`${2 * COUNT} documents in etcd`)

  const from = performance.now()
  const gateways = [await startGateway('a', etcd)]
  await until((gateways[0] as Gateway).port, '/p1/x', 200)
  print(
    `first load: ${
      ((performance.now() - from) / 1000).toFixed(1)
    } s, the start of the process included`,
  )
  for (const name of ['b', 'c']) {
    const gateway = await startGateway(name, etcd)
    await until(gateway.port, '/p1/x', 200)
    gateways.push(gateway)
    apart(gateway.child)
  }
  for (const { child } of gateways) print(`memory: ${memoryOf(child).toFixed(0)} MB`)

  const seen: number[] = []
  for (let change = 0; change < CHANGES; change++) {
    const begun = performance.now()
    await putAll(store, [documents.route(COUNT + change, `/new${change}`)])
    const host = `h${(COUNT + change) % 1000}.test`
    await Promise.all(gateways.map(async ({ port }) => {
      await until(port, `/new${change}`, 200, host)
      seen.push(performance.now() - begun)
    }))
  }
  print(`one change, until it is in force, in three gateways: ${told(seen)}`)

  const { port, admin, child } = gateways[0] as Gateway
  const calm = await traffic(port, new Promise((done) => setTimeout(done, 5000)))
  print(`traffic without changes: ${told(calm)}`)
  const elsewhere = await traffic(port, flood(etcd, '/elsewhere'))
  print(`traffic while ${BURST} documents are written that concern nobody: ${told(elsewhere)}`)
  const begun = performance.now()
  const applied = flood(etcd, '/apisix').then(async (revision) => {
    print(`${BURST} changes written in ${((performance.now() - begun) / 1000).toFixed(1)} s`)
    await untilRevision(admin, revision)
  })
  const busy = await traffic(port, applied)
  print(`all in force after ${((performance.now() - begun) / 1000).toFixed(1)} s`)
  print(`traffic meanwhile: ${told(busy)}`)
  print(`memory: ${memoryOf(child).toFixed(0)} MB`)
  await store.close()
} finally {
  for (const child of children) child.kill('SIGKILL')
  agent.destroy()
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
