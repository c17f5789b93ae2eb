import { spawn } from 'node:child_process'
import process from 'node:process'
import type { KeyPairFiles } from './pki.ts'

const PATIENCE_MS = 20_000

/** What `openssl s_client` is to do. */
export interface SClientOptions {
  /** Default: 127.0.0.1. */
  readonly host?: string
  readonly sni: string
  readonly version?: 'tls1_2' | 'tls1_3'
  readonly certificate?: KeyPairFiles
  /** Intermediates to send, as a file of PEM. */
  readonly chainFile?: string
  /** A file to keep the session in, or to take one up from. */
  readonly keep?: string
  readonly resume?: string
  readonly args?: readonly string[]
}

/** How it went. */
export interface SClientResult {
  readonly resumed: boolean
  /** Of the answer to `GET /`; undefined where none came. */
  readonly status: number | undefined
  readonly text: string
}

/** Does a handshake and one request with `openssl s_client`, a TLS client that is not ours. */
export async function sClient(port: number, options: SClientOptions): Promise<SClientResult> {
  const { host = '127.0.0.1', sni, version, certificate, chainFile, keep, resume } = options
  const flag = (name: string, value: string | undefined): string[] =>
    value === undefined ? [] : [name, value]
  const child = spawn('openssl', [
    ...['s_client', '-connect', `${host}:${port}`, '-servername', sni, '-ign_eof'],
    ...(version === undefined ? [] : [`-${version}`]),
    ...flag('-cert', certificate?.certFile),
    ...flag('-key', certificate?.keyFile),
    ...flag('-cert_chain', chainFile),
    ...flag('-sess_out', keep),
    ...flag('-sess_in', resume),
    ...options.args ?? [],
  ], { env: process.env })
  let text = ''
  child.stdout.on('data', (chunk) => text += String(chunk))
  child.stderr.on('data', (chunk) => text += String(chunk))
  child.stdin.on('error', () => {})
  child.stdin.end(`GET / HTTP/1.1\r\nHost: ${sni}\r\nConnection: close\r\n\r\n`)
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
  await new Promise((resolve) => child.on('close', resolve))
  clearTimeout(timer)
  const status = /HTTP\/1\.1 (\d{3})/.exec(text)?.[1]
  return {
    resumed: /^Reused, TLS/m.test(text),
    status: status === undefined ? undefined : Number(status),
    text,
  }
}
