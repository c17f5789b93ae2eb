/**
 * CPU time per request of this gateway beside nginx's and HAProxy's, in one run: mTLS in, a plan check, a keep-alive
 * upstream, plain or, with `--both`, over mTLS as well. The proxy has one core for itself; load and upstream have the
 * other. `--h2` compares what is spoken to clients and endpoints: h2-h1, h2-h2, h1-h2.
 *
 *   npm run build && npm run bench:proxy -- [--seconds 5] [--connections 64] [--body 1024] [--rounds 3] [--only NAME] [--h2] [--both]
 *
 * Wants Linux, two cores, nginx, haproxy, openssl and taskset.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { Load } from './load.ts'
import { LoadH2 } from './load-h2.ts'
import { cpuMicros, gatewayPeer, haproxyPeer, nginxPeer, type Peer } from './peers.ts'
import { startH1Upstream, startH2Upstream } from './upstream-h2.ts'

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '64' },
    body: { type: 'string', default: '1024' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    node: { type: 'string', default: 'node' },
    h2: { type: 'boolean', default: false },
    both: { type: 'boolean', default: false },
  },
})
const PROXY_CORE = 0
const seconds = Number(values.seconds)
const bodyLength = Number(values.body)
const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))

function makePki(): void {
  const run = (...args: string[]): void =>
    void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  run(
    'req',
    '-x509',
    ...ec,
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-subj',
    '/CN=bench CA',
    '-days',
    '2',
  )
  for (const [name, extensions] of [['server', 'DNS:bench.test'], ['client', 'DNS:client.test']]) {
    run(
      'req',
      ...ec,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${name}`,
      '-addext',
      `subjectAltName=${extensions}`,
    )
    run(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-copy_extensions',
      'copy',
      '-days',
      '2',
      '-out',
      `${name}.crt`,
    )
  }
}

async function measure(
  peer: Peer & { readonly h2: boolean },
): Promise<{ micros: number; rate: number }> {
  const { pid, stop } = await peer.start(PROXY_CORE)
  const Kind = peer.h2 ? LoadH2 : Load
  const load = new Kind({
    port: peer.port,
    tls: {
      cert: readFileSync(join(folder, 'client.crt')),
      key: readFileSync(join(folder, 'client.key')),
    },
    connections: Number(values.connections),
    request:
      'GET /orders/17?x=1 HTTP/1.1\r\nHost: bench.test\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\n' +
      'Accept-Encoding: gzip\r\nCookie: session=0123456789abcdef\r\n\r\n',
    bodyLength,
  })
  await load.start()
  await pause(2000)
  const [cpu, answers, time] = [cpuMicros(pid), load.answers, performance.now()]
  await pause(seconds * 1000)
  const spent = cpuMicros(pid) - cpu
  const answered = load.answers - answers
  const rate = answered / ((performance.now() - time) / 1000)
  load.stop()
  stop()
  return { micros: spent / answered, rate }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

makePki()
execFileSync('taskset', ['-acp', '1', String(process.pid)], { stdio: 'ignore' })
const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
const shown = { cert: read('server.crt'), key: read('server.key'), ca: read('ca.crt') }
const endpoint = {
  bodyLength,
  ...(values.both ? { tls: { ...shown, requestCert: true, rejectUnauthorized: true } } : {}),
}
const stage = {
  folder,
  ports: { h1: await startH1Upstream(endpoint), h2: await startH2Upstream(endpoint) },
  secure: values.both,
}
const programs = {
  node: [values.node, 'dist/runtimes/node/main.js'],
  deno: ['node_modules/deno/deno', 'run', '-A', 'dist/runtimes/node/main.js'],
}
/** By what is spoken to the client and to the endpoint; nginx has no HTTP/2 for the latter. */
const newer = Object.entries(programs).flatMap(([runtime, command], i) => {
  const port = 17450 + i * 3
  const of = (ways: string, at: number, h2: boolean): Peer =>
    gatewayPeer(stage, { name: `sallyport ${runtime} ${ways}`, port: port + at, command, h2 })
  return [
    { ...of('h2-h1', 0, false), h2: true },
    { ...of('h2-h2', 1, true), h2: true },
    { ...of('h1-h2', 2, true), h2: false },
  ]
})
const others = [
  { ...haproxyPeer(stage, { name: 'haproxy h2-h1', port: 17461, h2: false }), h2: true },
  { ...haproxyPeer(stage, { name: 'haproxy h2-h2', port: 17462, h2: true }), h2: true },
  { ...haproxyPeer(stage, { name: 'haproxy h1-h2', port: 17463, h2: true }), h2: false },
]
const older = [
  nginxPeer(stage, 17443),
  haproxyPeer(stage, { name: 'haproxy', port: 17446, h2: false }),
  gatewayPeer(stage, {
    name: 'sallyport node',
    port: 17444,
    command: programs.node,
  }),
  gatewayPeer(stage, {
    name: 'sallyport deno',
    port: 17445,
    command: programs.deno,
  }),
].map((peer) => ({ ...peer, h2: false }))
const nginx = nginxPeer(stage, 17460)
const all = values.h2 ? [{ ...nginx, h2: true }, ...others, ...newer] : older
const peers = all.filter(({ name }) => name.includes(values.only) || name === 'nginx')

const results = new Map<string, number[]>()
for (let round = 0; round < Number(values.rounds); round++) {
  for (const peer of peers) {
    const { micros, rate } = await measure(peer)
    results.set(peer.name, [...(results.get(peer.name) ?? []), micros])
    console.log(
      `round ${round + 1}  ${peer.name.padEnd(22)} ${micros.toFixed(1).padStart(7)} µs  ${
        rate.toFixed(0).padStart(7)
      } requests/s`,
    )
  }
}
const median = (list: readonly number[]): number =>
  [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? NaN
const base = median(results.get('nginx') ?? [])
console.log(
  `\n${'proxy'.padEnd(22)} ${'CPU µs/request'.padStart(15)} ${'times nginx'.padStart(12)}`,
)
for (const [name, list] of results) {
  console.log(
    `${name.padEnd(22)} ${median(list).toFixed(1).padStart(15)} ${
      (median(list) / base).toFixed(2).padStart(12)
    }`,
  )
}
process.exit(0)
