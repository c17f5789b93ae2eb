import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { freePort } from './free-port.ts'

/** An nginx that runs for a test. */
export interface Nginx {
  readonly port: number
  /** What its access log holds, line by line. */
  log(): string[]
}

/** Starts nginx on loopback with these directives in its one server block; it ends with the test. */
export async function startNginx(t: Test, directives: string): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-nginx-'))
  mkdirSync(join(folder, 'tmp'))
  const port = await freePort()
  const log = join(folder, 'access.log')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path tmp/${name};`).join(' ')
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid nginx.pid; error_log stderr crit;
events { worker_connections 100; }
http {
  ${temporary}
  log_format connections '$connection $connection_requests $ssl_client_s_dn $request';
  access_log ${log} connections;
  server { listen 127.0.0.1:${port} ssl; ${directives} }
}\n`,
  )
  const args = ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr']
  const child = spawn('/usr/sbin/nginx', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (chunk) => errors += String(chunk))
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  t.teardown(async () => {
    child.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
  let running = true
  void ended.then(() => running = false)
  while (!await accepts(port)) {
    if (!running) throw new Error(`Start nginx: ${errors}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return { port, log: () => readFileSync(log, 'utf8').split('\n').filter((line) => line !== '') }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
      .on('connect', () => socket.destroy())
  })
}
