/** The program, run with a `conf/config.yaml` of APISIX's. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { Sallyport } from '../../support/sallyport.ts'

/** The key that the old documents use. */
export const KEY = 'edd1c9f034335f136f87ad84b625c8f1'

/** What a command did. */
export interface Ran {
  readonly code: number
  /** Both outputs, one after the other. */
  readonly text: string
}

/** A gateway that runs, and where. */
export interface Running {
  readonly program: Sallyport
  readonly home: string
  readonly http: number
  readonly https: number
  readonly admin: number
  /** Runs text in bash, in the home folder. */
  readonly sh: (script: string) => Promise<Ran>
}

/** A folder with `conf/config.yaml`. */
export function homeWith(t: Test, config: string): string {
  const home = mkdtempSync(join(tmpdir(), 'sallyport-apisix-'))
  t.teardown(() => rmSync(home, { recursive: true, force: true }))
  mkdirSync(join(home, 'conf'))
  writeFileSync(join(home, 'conf', 'config.yaml'), config)
  return home
}

/** Starts the program in a folder with `conf/config.yaml`. */
export async function start(t: Test, home: string): Promise<Running> {
  const program = new Sallyport(t, ['run', '-c', 'conf/config.yaml'], { cwd: home })
  const port = async (name: string): Promise<number> => {
    const [, found] = await program.said(
      new RegExp(`"listener":"${name}","address":"[^"]*:(\\d+)"`),
    )
    return Number(found)
  }
  const http = await port('http-1')
  const https = await port('https-1')
  const admin = await port('admin')
  return { program, home, http, https, admin, sh: (script) => bash(script, home) }
}

/** Runs text in bash. */
export function bash(script: string, cwd: string): Promise<Ran> {
  return new Promise((done) => {
    execFile('bash', ['-c', script], { cwd }, (error, out, err) => {
      const code = error === null ? 0 : Number(error.code ?? 1)
      done({ code, text: `${out}\n${err}` })
    })
  })
}

/** An answer of the gateway's. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** What is asked besides a path. */
export interface Asked {
  readonly host?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Asks on a connection of its own. */
export function ask(port: number, path: string, asked: Asked = {}): Promise<Reply> {
  const { host = 'localhost', method = 'GET', headers = {}, body } = asked
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method, agent: false }
    const sent = request({ ...options, headers: { Host: host, ...headers } }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (more) => text += more)
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
      })
    })
    sent.on('error', reject).end(body)
  })
}
