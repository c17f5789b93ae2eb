/** The examples of docs/embedding.md, made into files that run. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { Test } from 'tap'

const MODULE = join(process.cwd(), 'runtimes/fetch/mod.ts')

/** A folder that goes with the test. */
export function folder(t: Test): string {
  const made = mkdtempSync(join(tmpdir(), 'sallyport-embed-'))
  t.teardown(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** Writes the example of this name into a folder, with the upstream's address in place of the example's. */
export function writeExample(name: string, upstream: string, folder: string): string {
  const text = readFileSync('docs/embedding.md', 'utf8')
  const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code)
  const example = blocks.find((code) => code.startsWith(`// ${name}\n`))
  if (example === undefined) throw new Error(`docs/embedding.md has no ${name}`)
  const there = `{ address: '${upstream}' }], readTimeout: '500ms' }`
  const code = example
    .replace("{ address: 'orders.internal:8443' }], tls: {} }", there)
    .replace("'sallyport/fetch'", JSON.stringify(MODULE))
  const file = join(folder, name)
  writeFileSync(file, code)
  return file
}

/** Bundles a file with all that it imports; returns the bundle's path. */
export function bundle(file: string, ...options: string[]): string {
  const out = file.replace(/\.ts$/, '.mjs')
  const args = [file, '--bundle', '--format=esm', '--log-level=warning', `--outfile=${out}`]
  const env = { ...process.env, NODE_PATH: join(process.cwd(), 'node_modules') }
  execFileSync('node_modules/.bin/esbuild', [...args, ...options], { env })
  return out
}

/** A program that serves, and the port that it told. */
export interface Serving {
  readonly child: ChildProcess
  readonly port: number
}

/** Starts a program and waits until it tells its port on standard output or standard error. */
export async function serve(
  t: Test,
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Serving> {
  const [program = '', ...args] = command
  const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe']
  const child = spawn(program, args, { stdio, env: { ...process.env, ...env } })
  t.teardown(() => void child.kill('SIGKILL'))
  const port = await new Promise<number>((resolve, reject) => {
    let told = ''
    const hear = (bytes: Uint8Array): void => {
      told += new TextDecoder().decode(bytes)
      const found = /"port":(\d+)|127\.0\.0\.1:(\d+)/.exec(told)
      if (found !== null) resolve(Number(found[1] ?? found[2]))
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`${program} ended with ${code}: ${told}`)))
  })
  return { child, port }
}

/** Asks over TLS, with a client certificate if one is given; the answer as status and text. */
export function askOverTls(port: number, pair?: { chain: string; key: string }): Promise<string> {
  return new Promise((resolve, reject) => {
    const own = pair === undefined ? {} : { cert: pair.chain, key: pair.key }
    const headers = { Accept: 'application/json' }
    const options = { host: '127.0.0.1', port, path: '/orders/1', agent: false, headers, ...own }
    const asked = request({ ...options, rejectUnauthorized: false }, (response) => {
      let text = ''
      response.on('data', (bytes: Uint8Array) => void (text += new TextDecoder().decode(bytes)))
      response.on('end', () => resolve(`${response.statusCode} ${text}`))
    })
    asked.on('error', reject)
    asked.end()
  })
}
