import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'

/** A proxy that is measured. */
export interface Peer {
  readonly name: string
  readonly port: number
  /** Starts it on one core; resolves with the process whose CPU time counts. */
  start(core: number): Promise<{ readonly pid: number; readonly stop: () => void }>
}

/** Where the files of a run lie, and which endpoints are behind the proxies. */
export interface Stage {
  readonly folder: string
  /** An endpoint that speaks HTTP/1.1, and one that speaks HTTP/2. */
  readonly ports: { readonly h1: number; readonly h2: number }
  /** Whether they want TLS, and a certificate of whoever asks. */
  readonly secure: boolean
}

/** nginx with one worker, doing the same: mTLS in, plain keep-alive upstream, no access log. */
export function nginxPeer({ folder, ports, secure }: Stage, port: number): Peer {
  const prefix = join(folder, 'nginx')
  const file = join(folder, 'nginx.conf')
  return {
    name: 'nginx',
    port,
    async start(core) {
      mkdirSync(prefix, { recursive: true })
      writeFileSync(
        file,
        `daemon off; worker_processes 1; pid ${prefix}/pid; error_log ${prefix}/error.log;
events { worker_connections 2048; }
http {
  access_log off; client_body_temp_path ${prefix}/b; proxy_temp_path ${prefix}/p;
  fastcgi_temp_path ${prefix}/f; uwsgi_temp_path ${prefix}/u; scgi_temp_path ${prefix}/s;
  keepalive_requests 10000000;
  upstream up { server 127.0.0.1:${ports.h1}; keepalive 128; keepalive_requests 10000000; }
  server {
    listen 127.0.0.1:${port} ssl http2; server_name bench.test;
    ssl_certificate ${folder}/server.crt; ssl_certificate_key ${folder}/server.key;
    ssl_client_certificate ${folder}/ca.crt; ssl_verify_client on; ssl_verify_depth 3;
    location / {
      proxy_pass ${secure ? 'https' : 'http'}://up; proxy_http_version 1.1;
      ${secure ? nginxTls(folder) : ''} proxy_set_header Connection "";
      proxy_set_header Host $host; proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Port $server_port; proxy_set_header X-Forwarded-Host $host;
    }
  }
}
`,
      )
      const child = pinned(core, 'nginx', ['-p', prefix, '-c', file])
      await listening(port)
      return { pid: childOf(child.pid ?? 0), stop: () => void child.kill('SIGTERM') }
    },
  }
}

function nginxTls(folder: string): string {
  return `proxy_ssl_certificate ${folder}/client.crt; proxy_ssl_certificate_key ${folder}/client.key;
      proxy_ssl_trusted_certificate ${folder}/ca.crt; proxy_ssl_verify on; proxy_ssl_name bench.test;
      proxy_ssl_server_name on;`
}

/** HAProxy with one thread, doing the same. */
export function haproxyPeer(
  { folder, ports, secure }: Stage,
  { name, port, h2 }: { readonly name: string; readonly port: number; readonly h2: boolean },
): Peer {
  const file = join(folder, `${name.replaceAll(' ', '-')}.cfg`)
  return {
    name,
    port,
    async start(core) {
      for (const whose of ['server', 'client']) {
        const parts = ['crt', 'key'].map((end) =>
          readFileSync(join(folder, `${whose}.${end}`), 'utf8')
        )
        writeFileSync(join(folder, `${whose}.pem`), parts.join(''))
      }
      const tls = `ssl crt ${folder}/client.pem ca-file ${folder}/ca.crt verify required ` +
        `sni str(bench.test) verifyhost bench.test${h2 ? ' alpn h2' : ''}`
      writeFileSync(
        file,
        `global
  nbthread 1
  maxconn 4000
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  http-reuse always
frontend front
  bind 127.0.0.1:${port} ssl crt ${folder}/server.pem ca-file ${folder}/ca.crt verify required alpn h2,http/1.1
  option forwardfor
  http-request set-header X-Real-IP %[src]
  http-request set-header X-Forwarded-Proto https
  http-request set-header X-Forwarded-Port %[dst_port]
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  default_backend back
backend back
  server up 127.0.0.1:${h2 ? ports.h2 : ports.h1} ${secure ? tls : h2 ? 'proto h2' : ''}
`,
      )
      const child = pinned(core, 'haproxy', ['-db', '-f', file])
      await listening(port)
      return { pid: child.pid ?? 0, stop: () => void child.kill('SIGTERM') }
    },
  }
}

/** This gateway, under either runtime. */
export function gatewayPeer(
  { folder, ports, secure }: Stage,
  options: {
    readonly name: string
    readonly port: number
    readonly command: readonly string[]
    /** Speaks HTTP/2 to the endpoint. */
    readonly h2?: boolean
  },
): Peer {
  const { name, port, command, h2 = false } = options
  const tls =
    'tls: { ca: ca.crt, name: bench.test, certificate: { cert: client.crt, key: client.key } }'
  const protocol = h2 ? secure ? 'h2' : 'h2c' : 'h1'
  const file = join(folder, `${name.replaceAll(' ', '-')}.yaml`)
  return {
    name,
    port,
    async start(core) {
      writeFileSync(
        file,
        `listeners:
  - address: 127.0.0.1:${port}
    tls:
      - names: [bench.test]
        certificate: { cert: server.crt, key: server.key }
        clients: { mode: require, ca: ca.crt, depth: 3 }
accessLog: { to: 'off' }
limits: { requestsPerConnection: 100000000 }
upstreams:
  up:
    endpoints: [{ address: 127.0.0.1:${h2 ? ports.h2 : ports.h1} }]
    protocol: ${protocol}
    ${secure ? tls : ''}
    keepAlive: { connections: 128 }
apis:
  - name: bench
    match: { hosts: [bench.test], paths: [/*] }
    upstream: up
    plans: [{ name: partners, type: mtls }]
applications:
  - name: acme
    certificates: [{ cert: client.crt }]
    subscriptions: [{ api: bench, plan: partners }]
`,
      )
      const [program = '', ...args] = command
      const child = pinned(core, program, [...args, 'run', '-c', file])
      await listening(port)
      return { pid: child.pid ?? 0, stop: () => void child.kill('SIGINT') }
    },
  }
}

/** User and system time of a process so far, in microseconds. */
export function cpuMicros(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  // Fields 14 and 15 of proc(5), in clock ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

function pinned(core: number, program: string, args: readonly string[]): ChildProcess {
  return spawn('taskset', ['-c', String(core), program, ...args], {
    stdio: ['ignore', 'ignore', process.env['BENCH_LOG'] === undefined ? 'ignore' : 'inherit'],
    env: process.env,
  })
}

/** nginx's worker does the work, its master waits. */
function childOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  return Number(children[0])
}

async function listening(port: number): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = createConnection({ host: '127.0.0.1', port }, () => resolve(true))
      socket.on('error', () => resolve(false)).on('connect', () => socket.destroy())
    })
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`Nothing listens on port ${port}`)
}
