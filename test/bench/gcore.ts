/**
 * One load balancer with 50 listeners, 50 pools and 2,500 members on a running gateway: how long it takes to be made,
 * to be looked at, and to be changed. Run: `npm run bench:gcore`, or with `node --import=tsx`.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { GcoreClient } from '../core/dialect/gcore/client.ts'

const LISTENERS = 50
const MEMBERS = 50
const TIMES = 50
const FIRST_PORT = 21_000

const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
const deno = process.versions['deno'] !== undefined
const backend = createServer((_, response) => response.end('ok'))
await new Promise<void>((done) => backend.listen(0, '127.0.0.1', done))
const { port } = backend.address() as AddressInfo
writeFileSync(
  join(folder, 'gateway.yaml'),
  `listeners: [{ name: plain, address: 127.0.0.1:0 }]
admin:
  address: 127.0.0.1:0
  dialects: { apisix: false, gravitee: false, gcore: { key: 1$secret } }
`,
)
const args = deno
  ? ['run', '-A', '--quiet', resolve('runtimes/deno/main.ts')]
  : [`--import=${import.meta.resolve('tsx')}`, resolve('runtimes/node/main.ts')]
const program = spawn(process.execPath, [...args, 'run', '-c', join(folder, 'gateway.yaml')], {
  stdio: ['ignore', 'ignore', 'pipe'],
})
program.stderr.setEncoding('utf8')
const base = await new Promise<string>((done) => {
  let said = ''
  program.stderr.on('data', (text: string) => {
    said += text
    const found = /"listener":"admin","address":"([^"]+)"/.exec(said)
    if (found !== null) done(`http://${found[1]}`)
  })
})
const client = new GcoreClient((request) => fetch(request), { base })

try {
  await measure()
} finally {
  program.kill('SIGKILL')
  backend.close()
  rmSync(folder, { recursive: true, force: true })
}

async function measure(): Promise<void> {
  const body = {
    name: 'large-lb',
    listeners: Array.from({ length: LISTENERS }, (_, at) => listener(at)),
  }
  const lb = await timed('make the load balancer', () => client.create('loadbalancers', body))
  const answer = await fetch(`http://127.0.0.1:${FIRST_PORT + LISTENERS - 1}/`)
  if (await answer.text() !== 'ok') throw new Error('the last listener carries no traffic')
  const tree = await client.get('loadbalancers', `/${lb.id}/status`)
  const members = tree.body.listeners.flatMap((each: Tree) => each.pools[0]?.members ?? [])
  if (members.length !== LISTENERS * MEMBERS) throw new Error(`${members.length} members`)
  await many('status tree', () => client.get('loadbalancers', `/${lb.id}/status`))
  await many('get the load balancer', () => client.get('loadbalancers', `/${lb.id}`))
  const pools = (await client.get('lbpools')).body.results as { id: string }[]
  let weight = 1
  await many('change a pool of 50 members', () =>
    client.update('lbpools', pools[0]?.id ?? '', {
      members: membersOf(0).map((each) => ({ ...each, weight: ++weight % 200 + 1 })),
    }))
  await timed('delete it', () => client.remove('loadbalancers', lb.id))
}

interface Tree {
  readonly pools: readonly { readonly members: readonly unknown[] }[]
}

function listener(at: number): object {
  return {
    name: `listener-${at}`,
    protocol: 'HTTP',
    protocol_port: FIRST_PORT + at,
    pools: [{
      name: `pool-${at}`,
      protocol: 'HTTP',
      lb_algorithm: 'ROUND_ROBIN',
      members: membersOf(at),
    }],
  }
}

/** One member answers; the others are backups that nobody asks. */
function membersOf(at: number): { address: string; protocol_port: number; backup: boolean }[] {
  return Array.from({ length: MEMBERS }, (_, n) => (
    n === 0
      ? { address: '127.0.0.1', protocol_port: port, backup: false }
      : { address: `127.1.${at}.${n}`, protocol_port: 80, backup: true }
  ))
}

async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
  const from = performance.now()
  const done = await work()
  console.log(`${name.padEnd(30)} ${(performance.now() - from).toFixed(1)} ms`)
  return done
}

async function many(name: string, work: () => Promise<unknown>): Promise<void> {
  const times: number[] = []
  for (let n = 0; n < TIMES; n++) {
    const from = performance.now()
    await work()
    times.push(performance.now() - from)
  }
  times.sort((a, b) => a - b)
  const [median = 0, longest = 0] = [times[TIMES / 2], times.at(-1)]
  console.log(`${name.padEnd(30)} median ${median.toFixed(1)} ms, longest ${longest.toFixed(1)} ms`)
}
