/**
 * Applications by the hundred thousand: each with a certificate and a subscription, made through the Management API of
 * a running gateway, which is then started again from its store. The gateway is the built one, as it is installed.
 *
 *     npm run build && node --import=tsx test/bench/gravitee/run.ts [COUNT]
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { Agent, request } from 'node:http'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

const COUNT = Number(process.argv[2] ?? 100_000)
const AT_ONCE = 16
const V2 = '/management/v2/environments/DEFAULT'
const V1 = '/management/organizations/DEFAULT/environments/DEFAULT'
const folder = mkdtempSync(join(tmpdir(), 'sallyport-scale-'))
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
}

openssl(
  ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout'],
  ...['c.key', '-out', 'c.crt', '-subj', '/CN=partner', '-days', '900', '-set_serial'],
  ...['0x7fffffffffffffff', '-addext', 'basicConstraints=critical,CA:FALSE'],
)
const template = Buffer.from(
  readFileSync(join(folder, 'c.crt'), 'utf8').replace(/-----[A-Z ]+-----|\s/g, ''),
  'base64',
)
const serialAt = template.indexOf(Buffer.from('7fffffffffffffff', 'hex'))

/** A certificate like no other: what tells it apart is its serial number. Its signature is nobody's business here. */
function certificate(number: number): string {
  const der = Buffer.from(template)
  der.writeUInt32BE(number, serialAt + 4)
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

interface Gateway {
  readonly child: ChildProcess
  readonly port: number
  readonly startedMs: number
}

writeFileSync(
  join(folder, 'gateway.yaml'),
  `listeners: [{ address: 127.0.0.1:0 }]
admin:
  address: 127.0.0.1:0
  dialects: { gravitee: { users: [{ name: admin, password: admin, role: admin }] } }
`,
)

async function start(): Promise<Gateway> {
  const began = performance.now()
  const args = ['dist/runtimes/node/main.js', 'run', '-c', join(folder, 'gateway.yaml')]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let text = ''
  const port = await new Promise<number>((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      const found = /"listener":"admin","address":"127\.0\.0\.1:(\d+)"/.exec(text)
      if (found !== null) resolve(Number(found[1]))
    })
    child.on('exit', () => reject(new Error(text)))
  })
  return { child, port, startedMs: performance.now() - began }
}

async function stop({ child }: Gateway): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}

function ask(port: number, method: string, path: string, body?: unknown): Promise<{ id: string }> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? '' : JSON.stringify(body)
    const sent = request({
      ...{ host: '127.0.0.1', port, method, path, agent },
      headers: {
        'authorization': `Basic ${btoa('admin:admin')}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      },
    }, (answer) => {
      let all = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => all += chunk)
      answer.on('end', () => {
        if ((answer.statusCode ?? 0) >= 300) return reject(new Error(`${method} ${path}: ${all}`))
        resolve(all === '' ? {} : JSON.parse(all))
      })
    })
    sent.on('error', reject).end(text)
  })
}

function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
}

/** What the store's folder holds. */
function storedBytes(): number {
  const data = join(folder, 'data')
  const sizes = readdirSync(data).filter((name) => !name.startsWith('owner-'))
    .map((name) => statSync(join(data, name)).size)
  return sizes.reduce((sum, size) => sum + size, 0)
}

const told: Record<string, unknown> = { count: COUNT }
let gateway = await start()
const before = residentMb(gateway.child.pid ?? 0)
const api = await ask(gateway.port, 'POST', `${V2}/apis`, {
  ...{ name: 'a', apiVersion: '1', definitionVersion: 'V4', type: 'PROXY' },
  listeners: [{ type: 'HTTP', paths: [{ path: '/a' }], entrypoints: [{ type: 'http-proxy' }] }],
  endpointGroups: [{
    ...{ name: 'g', type: 'http-proxy' },
    endpoints: [{ name: 'e', type: 'http-proxy', configuration: { target: 'http://127.0.0.1:9' } }],
  }],
})
const plan = await ask(gateway.port, 'POST', `${V2}/apis/${api.id}/plans`, {
  ...{ definitionVersion: 'V4', name: 'p', validation: 'AUTO' },
  security: { type: 'MTLS', configuration: {} },
})
await ask(gateway.port, 'POST', `${V2}/apis/${api.id}/plans/${plan.id}/_publish`)
await ask(gateway.port, 'POST', `${V2}/apis/${api.id}/_start`)

const times: number[] = []
let next = 0
async function work(): Promise<void> {
  while (next < COUNT) {
    const number = next++
    const began = performance.now()
    const application = await ask(gateway.port, 'POST', `${V1}/applications`, {
      name: `partner ${number}`,
      description: 'x',
      settings: { tls: { client_certificate: certificate(number + 1) } },
    })
    await ask(
      gateway.port,
      'POST',
      `${V1}/applications/${application.id}/subscriptions?plan=${plan.id}`,
      {},
    )
    times[number] = performance.now() - began
    if (number % 10_000 === 0) {
      console.error(
        number,
        times[number]?.toFixed(1),
        residentMb(gateway.child.pid ?? 0).toFixed(0),
      )
    }
  }
}
const began = performance.now()
await Promise.all(Array.from({ length: AT_ONCE }, work))
told['seconds'] = ((performance.now() - began) / 1000).toFixed(1)
const median = (some: number[]): string =>
  (some.sort((a, b) => a - b)[some.length >> 1] ?? 0).toFixed(2)
const tenth = Math.max(1, Math.floor(COUNT / 10))
told['first tenth, median ms of both requests'] = median(times.slice(0, tenth))
told['last tenth, median ms of both requests'] = median(times.slice(-tenth))
told['residentMb'] = residentMb(gateway.child.pid ?? 0).toFixed(0)
await stop(gateway)
gateway = await start()
told['start from the store, ms'] = gateway.startedMs.toFixed(0)
told['residentMb after start'] = residentMb(gateway.child.pid ?? 0).toFixed(0)
told['residentMb of an empty gateway'] = before.toFixed(0)
const stored = storedBytes() / COUNT
told['stored bytes of an application, with audits'] = stored.toFixed(0)
const resident = (residentMb(gateway.child.pid ?? 0) - before) * 1024 * 1024 / COUNT
told['memory of an application beyond these, bytes'] = (resident - stored).toFixed(0)
await stop(gateway)
agent.destroy()
rmSync(folder, { recursive: true })
console.log(JSON.stringify(told, undefined, 2))
