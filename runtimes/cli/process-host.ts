import { Buffer } from 'node:buffer'
import process from 'node:process'
import { rootCertificates } from 'node:tls'
import { hostClock, hostEntropy, HostFiles, JsonLog, LineFile } from '../../adapters/host/mod.ts'
import { HttpFetcher } from '../../adapters/http-fetch/mod.ts'
import { ProgramPinger } from '../../adapters/ping/mod.ts'
import { SocketDialer, SocketListener, SocketTlsServer } from '../../adapters/sockets/mod.ts'
import { ClusterWorkers, ForkedWorkers } from '../../adapters/workers/mod.ts'
import type { Host } from './host.ts'

/** What differs between the runtimes. */
export interface RuntimeFacts {
  readonly runtime: 'node' | 'deno'
  readonly args: readonly string[]
  /** How this program is started from a checkout. */
  readonly program: string
}

/** The host that a process on Node or Deno is: everything that both have in common. */
export function processHost(facts: RuntimeFacts): Host {
  const forked = facts.runtime === 'deno' ? new ForkedWorkers() : undefined
  const complain = (text: string): void => void process.stderr.write(text)
  return {
    ...facts,
    env: (name) => process.env[name],
    print: (text) => void process.stdout.write(text),
    complain,
    onSignal: (signal, task) => void process.on(signal, task),
    log: new JsonLog(complain),
    clock: hostClock,
    entropy: hostEntropy,
    files: new HostFiles(),
    listener: new SocketListener(
      forked?.isWorker === true ? (address) => forked.claim(address) : undefined,
    ),
    tls: new SocketTlsServer(),
    dialer: new SocketDialer(),
    fetcher: new HttpFetcher(),
    pinger: new ProgramPinger(),
    latin1: (bytes, start, end) => latin1Slice.call(bytes, start, end),
    systemRoots: () => rootCertificates,
    openLines: (path) => new LineFile(path),
    usage,
    exit: (code) => process.exit(code),
    readStdin,
    workers: forked ?? new ClusterWorkers(),
  }
}

/** `Buffer`'s own reader, which works on any byte array. */
const { latin1Slice } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): string
}

function usage(): { memoryBytes: number; cpuSeconds: number } {
  const { user, system } = process.cpuUsage()
  return { memoryBytes: process.memoryUsage().rss, cpuSeconds: (user + system) / 1e6 }
}

async function readStdin(): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of process.stdin) parts.push(part as Uint8Array)
  return new Uint8Array(Buffer.concat(parts))
}
