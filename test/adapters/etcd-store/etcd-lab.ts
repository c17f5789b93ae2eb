/** Real etcd servers on loopback, certificates for them, and lines between that can be cut or slowed. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { Test } from 'tap'
import { EtcdStore, type EtcdStoreOptions } from '../../../adapters/etcd-store/mod.ts'
import { hostClock } from '../../../adapters/host/mod.ts'
import { good } from '../../conformance/store-cases.ts'
import { freePort } from '../../support/free-port.ts'

/** A folder that goes with the test. */
export function labFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'etcd-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

/** One etcd server that can be stopped and started again. */
export class Member {
  readonly endpoint: string
  readonly #args: readonly string[]
  #child: ChildProcess | undefined

  constructor(endpoint: string, args: readonly string[]) {
    this.endpoint = endpoint
    this.#args = args
  }

  start(): void {
    this.#child = spawn('etcd', this.#args, {
      stdio: 'ignore',
      env: { PATH: process.env['PATH'] ?? '' },
    })
  }

  signal(name: NodeJS.Signals): void {
    const pid = this.#child?.pid
    if (pid !== undefined) process.kill(pid, name)
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    this.signal('SIGKILL')
    await gone
  }
}

/** Starts `count` members that know each other; `extra` are arguments for each. */
export async function startEtcd(
  t: Test,
  count = 1,
  extra: readonly string[] = [],
): Promise<Member[]> {
  const folder = labFolder(t)
  const scheme = extra.some((each) => each.startsWith('--cert-file')) ? 'https' : 'http'
  const ports = await Promise.all(Array.from({ length: count }, async () => ({
    client: await freePort(),
    peer: await freePort(),
  })))
  const cluster = ports.map(({ peer }, at) => `m${at}=http://127.0.0.1:${peer}`).join(',')
  const members = ports.map(({ client, peer }, at) => {
    const endpoint = `${scheme}://127.0.0.1:${client}`
    return new Member(endpoint, [
      `--name=m${at}`,
      `--data-dir=${join(folder, `m${at}`)}`,
      `--listen-client-urls=${endpoint}`,
      `--advertise-client-urls=${endpoint}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-cluster=${cluster}`,
      '--heartbeat-interval=50',
      '--election-timeout=300',
      '--log-level=panic',
      ...extra,
    ])
  })
  for (const member of members) member.start()
  t.teardown(async () => {
    for (const member of members) await member.kill()
  })
  return members
}

/** Runs etcdctl. */
export function etcdctl(endpoint: string, ...args: readonly string[]): string {
  return execFileSync('etcdctl', ['--endpoints', endpoint, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', ETCDCTL_API: '3' },
  })
}

/** A store over these endpoints, closed with the test. */
export function etcdStore(
  t: Test,
  endpoints: readonly string[],
  options: Partial<EtcdStoreOptions> = {},
): EtcdStore {
  const store = good(
    t,
    EtcdStore.open({
      endpoints,
      prefix: '/sallyport',
      clock: hostClock,
      answerWithinMs: 1000,
      ...options,
    }),
  )
  t.teardown(() => store.close())
  return store
}

/** A line to a server that can be cut, held or slowed. */
export interface Line {
  readonly endpoint: string
  /** Refuses connections, and ends those that are. */
  cut(): void
  /** Lets nothing through, and keeps connections open: a partition. */
  hold(): void
  /** Delays what comes through by so many milliseconds. */
  slow(ms: number): void
  /** Lets all through again. Connections that were held are lost. */
  mend(): void
}

/** Lays a line to an endpoint. */
export async function lineTo(t: Test, endpoint: string): Promise<Line> {
  const target = new URL(endpoint)
  const open = new Set<Socket>()
  let state: 'open' | 'cut' | 'held' = 'open'
  let delay = 0
  const pass = (from: Socket, to: Socket): void => {
    open.add(from)
    from.on('data', (chunk) => {
      if (state === 'held') return
      if (delay === 0) to.write(chunk)
      else setTimeout(() => to.writable && to.write(chunk), delay)
    })
    from.on('error', () => {})
    from.on('close', () => {
      open.delete(from)
      to.destroy()
    })
  }
  const server = createServer((client) => {
    if (state === 'cut') return client.destroy()
    const upstream = connect(Number(target.port), target.hostname)
    pass(client, upstream)
    pass(upstream, client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const end = (): void => {
    for (const socket of open) socket.destroy()
  }
  t.teardown(() => {
    end()
    server.close()
  })
  return {
    endpoint: `${target.protocol}//127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      state = 'cut'
      end()
    },
    hold() {
      state = 'held'
    },
    slow(ms) {
      delay = ms
    },
    mend() {
      if (state === 'held') end()
      state = 'open'
      delay = 0
    },
  }
}

/** A certificate and its key, as files and as bytes. */
export interface Pair {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: Uint8Array
  readonly key: Uint8Array
}

/** An authority of openssl's making. */
export class Authority {
  readonly #folder: string
  readonly #name: string
  readonly file: string
  readonly cert: Uint8Array

  constructor(folder: string, name: string) {
    this.#folder = folder
    this.#name = name
    this.file = join(folder, `${name}.crt`)
    openssl('req', '-x509', ...NEW_KEY, '-keyout', join(folder, `${name}.key`), '-out', this.file)
    this.cert = readFileSync(this.file)
  }

  /** Issues a certificate for a server or a client. */
  issue(name: string, alternative = 'IP:127.0.0.1'): Pair {
    const [certFile, keyFile, extensions] = ['crt', 'key', 'ext']
      .map((end) => join(this.#folder, `${this.#name}-${name}.${end}`)) as [string, string, string]
    const request = join(this.#folder, 'request.csr')
    writeFileSync(
      extensions,
      `subjectAltName=${alternative}\nextendedKeyUsage=serverAuth,clientAuth\n`,
    )
    openssl('req', ...NEW_KEY, '-keyout', keyFile, '-out', request)
    const own = join(this.#folder, `${this.#name}.key`)
    const signed = ['-CA', this.file, '-CAkey', own, '-CAcreateserial', '-extfile', extensions]
    openssl('x509', '-req', '-in', request, '-days', '2', ...signed, '-out', certFile)
    return { certFile, keyFile, cert: readFileSync(certFile), key: readFileSync(keyFile) }
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=t']

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
