/**
 * Many routes and ssls put one by one through the Admin API while traffic goes on: the last takes no longer than the
 * first, and a restart with all of them is quick. `tsx test/bench/apisix/run.ts [COUNT]`.
 */
import { spawn } from 'node:child_process'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, createServer, get, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

const COUNT = Number(process.argv[2] ?? 10_000)
const home = mkdtempSync(join(tmpdir(), 'sallyport-bench-apisix-'))
mkdirSync(join(home, 'conf'))
const agent = new Agent({ keepAlive: true })

function config(port: number): void {
  writeFileSync(
    join(home, 'conf', 'config.yaml'),
    `apisix:
  node_listen: [{ ip: 127.0.0.1, port: ${port} }]
  ssl: { listen: [{ ip: 127.0.0.1, port: ${port + 1} }] }
deployment:
  admin: { admin_key_required: false, admin_listen: { ip: 127.0.0.1, port: ${port + 2} } }
sallyport: { access_log: off }
`,
  )
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0
}

function at(values: readonly number[], part: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * part)] ?? 0
}

function put(port: number, path: string, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { port: port + 2, path: `/apisix/admin${path}`, method: 'PUT', agent }
    const asked = request({ host: '127.0.0.1', ...options }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    })
    asked.on('error', reject).end(body)
  })
}

async function start(port: number): Promise<{ readonly ms: number; readonly stop: () => void }> {
  const from = performance.now()
  const main = join(process.cwd(), 'runtimes/node/main.ts')
  const args = ['--import', import.meta.resolve('tsx'), main, 'run', '-c', 'conf/config.yaml']
  const child = spawn(process.execPath, args, { cwd: home, stdio: ['ignore', 'ignore', 'ignore'] })
  for (;;) {
    const up = await new Promise<boolean>((resolve) => {
      get({ host: '127.0.0.1', port: port + 2, path: '/readyz' }, (response) => {
        response.resume()
        resolve(response.statusCode === 200)
      }).on('error', () => resolve(false))
    })
    if (up) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return { ms: performance.now() - from, stop: () => child.kill('SIGTERM') }
}

/** Asks on and on; the times that answers took, and how many were none. */
function traffic(port: number): { readonly times: number[]; failed: number; stop: () => void } {
  const own = new Agent({ keepAlive: true, maxSockets: 4 })
  const state = { times: [] as number[], failed: 0, stop: () => void (over = true) }
  let over = false
  const ask = (): void => {
    if (over) return
    const from = performance.now()
    get({ host: '127.0.0.1', port, path: '/traffic', agent: own }, (response) => {
      if (response.statusCode !== 200) state.failed++
      response.resume().on('end', () => {
        state.times.push(performance.now() - from)
        setTimeout(ask, 2)
      })
    }).on('error', () => {
      state.failed++
      setTimeout(ask, 2)
    })
  }
  ask()
  return state
}

const upstream = createServer((_, response) => response.end('ok'))
await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
const upstreamPort = (upstream.address() as AddressInfo).port
const port = 41_080
config(port)
execFileSync('openssl', [
  ...[
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '9',
  ],
  ...[
    '-subj',
    '/CN=bench',
    '-addext',
    'subjectAltName=DNS:*.test.com',
    '-keyout',
    join(home, 'k.pem'),
    '-out',
    join(home, 'c.pem'),
  ],
], { stdio: 'ignore' })
const cert = readFileSync(join(home, 'c.pem'), 'utf8')
const key = readFileSync(join(home, 'k.pem'), 'utf8')
const nodes = { [`127.0.0.1:${upstreamPort}`]: 1 }

const first = await start(port)
console.log(`start without documents: ${first.ms.toFixed(0)} ms`)
await put(port, '/routes/traffic', JSON.stringify({ uri: '/traffic', upstream: { nodes } }))
const quiet = traffic(port)
await new Promise((resolve) => setTimeout(resolve, 2000))
quiet.stop()
const busy = traffic(port)
for (
  const [kind, document] of [
    ['routes', (n: number) => ({ uri: `/r/${n}`, upstream: { nodes } })],
    ['ssls', (n: number) => ({ sni: `n${n}.test.com`, cert, key })],
  ] as const
) {
  const times: number[] = []
  const from = performance.now()
  for (let n = 0; n < COUNT; n++) {
    const began = performance.now()
    const status = await put(port, `/${kind}/b${n}`, JSON.stringify(document(n)))
    if (status !== 201) throw new Error(`PUT ${kind} ${n}: ${status}`)
    times.push(performance.now() - began)
  }
  const seconds = (performance.now() - from) / 1000
  console.log(
    `${COUNT} ${kind} in ${seconds.toFixed(1)} s: median of the first hundred ` +
      `${median(times.slice(0, 100)).toFixed(2)} ms, of the last ${
        median(times.slice(-100)).toFixed(2)
      } ms`,
  )
}
busy.stop()
console.log(
  `traffic: p99 ${at(quiet.times, 0.99).toFixed(2)} ms before, ${
    at(busy.times, 0.99).toFixed(2)
  } ms meanwhile, ` +
    `${busy.failed} of ${busy.times.length} failed`,
)
first.stop()
await new Promise((resolve) => setTimeout(resolve, 1500))
const second = await start(port)
console.log(`start with all documents: ${second.ms.toFixed(0)} ms`)
second.stop()
upstream.close()
await new Promise((resolve) => setTimeout(resolve, 1000))
rmSync(home, { recursive: true, force: true })
process.exit(0)
