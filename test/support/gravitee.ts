/** A running gateway, asked as Gravitee's users ask theirs. */
import { Buffer } from 'node:buffer'
import { readFileSync, writeFileSync } from 'node:fs'
import { type IncomingHttpHeaders, request as plainRequest } from 'node:http'
import { request, type RequestOptions } from 'node:https'
import type { Test } from 'tap'
import type { KeyPairFiles, Pki } from './pki.ts'
import { Sallyport } from './sallyport.ts'
import type { TestUpstream } from './upstream.ts'

/** Where the two versions of the API are. */
export const V2 = '/management/v2/environments/DEFAULT'
export const V1 = '/management/organizations/DEFAULT/environments/DEFAULT'

/** An answer to a request. */
export interface Answer {
  readonly status: number
  readonly type: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Asks, and reads the whole answer. */
export function collect(
  ask: typeof request,
  options: RequestOptions,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    ask(options as never, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          type: String(answer.headers['content-type'] ?? ''),
          headers: answer.headers,
          body: Buffer.concat(chunks).toString(),
        }))
    }).on('error', reject).end()
  })
}

/** A gateway with Gravitee's Management API, whose administrator is `admin` with that password. */
export class Gateway {
  readonly program: Sallyport
  #admin = ''
  #ports = new Map<string, number>()

  constructor(t: Test, file: string, env: Record<string, string> = {}) {
    this.program = new Sallyport(t, ['run', '-c', file], { env })
  }

  async started(...listeners: string[]): Promise<this> {
    for (const name of ['admin', ...listeners]) {
      const pattern = new RegExp(`"Listening","listener":"${name}","address":"([^"]+)"`)
      const address = (await this.program.said(pattern))[1] ?? ''
      this.#ports.set(name, Number(address.split(':').at(-1)))
      if (name === 'admin') this.#admin = address
    }
    return this
  }

  port(name: string): number {
    return this.#ports.get(name) ?? 0
  }

  // deno-lint-ignore no-explicit-any
  async manage(method: string, path: string, body?: unknown): Promise<any> {
    const response = await fetch(`http://${this.#admin}${path}`, {
      method,
      headers: {
        'Authorization': `Basic ${btoa('admin:admin')}`,
        'Content-Type': 'application/json',
        'Connection': 'close',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === '' ? {} : JSON.parse(text)
  }

  get(
    listener: string,
    path: string,
    client?: KeyPairFiles,
    headers: Record<string, string> = {},
    method = 'GET',
  ): Promise<Answer> {
    const to = {
      method,
      host: '127.0.0.1',
      port: this.port(listener),
      path,
      agent: false as const,
      headers,
    }
    const shown = client === undefined ? {} : { cert: client.chain, key: client.key }
    return listener === 'plain' || listener === 'http'
      ? collect(plainRequest as never, to)
      : collect(request, { ...to, ...shown, servername: 'gw.test', rejectUnauthorized: false })
  }

  /** An API with one mTLS plan, started. */
  async api(
    path: string,
    upstream: TestUpstream,
    security = 'MTLS',
    more: Record<string, unknown> = {},
  ): Promise<{ api: string; plan: string }> {
    const { id: api } = await this.manage('POST', `${V2}/apis`, {
      name: path,
      apiVersion: '1',
      definitionVersion: 'V4',
      type: 'PROXY',
      listeners: [{ type: 'HTTP', paths: [{ path }], entrypoints: [{ type: 'http-proxy' }] }],
      endpointGroups: [{
        name: 'default-group',
        type: 'http-proxy',
        endpoints: [{
          name: 'default',
          type: 'http-proxy',
          configuration: { target: `http://${upstream.address}/base` },
        }],
      }],
      ...more,
    })
    const { id: plan } = await this.manage('POST', `${V2}/apis/${api}/plans`, {
      definitionVersion: 'V4',
      name: 'plan',
      description: 'x',
      mode: 'STANDARD',
      security: { type: security, configuration: {} },
      validation: 'AUTO',
    })
    await this.manage('POST', `${V2}/apis/${api}/plans/${plan}/_publish`)
    await this.manage('POST', `${V2}/apis/${api}/_start`)
    return { api, plan }
  }

  /** An application with these certificates, subscribed. */
  async subscribed(
    plan: string,
    ...clients: KeyPairFiles[]
  ): Promise<{ application: string; subscription: string }> {
    const { id: application } = await this.manage('POST', `${V1}/applications`, {
      name: 'partner',
      description: 'x',
      settings: {
        tls: {
          client_certificates: clients.map(({ certFile }, at) => ({
            name: `c${at}`,
            certificate: readFileSync(certFile, 'utf8'),
          })),
        },
      },
    })
    const { id: subscription } = await this.manage(
      'POST',
      `${V1}/applications/${application}/subscriptions?plan=${plan}`,
      {},
    )
    return { application, subscription }
  }
}

/** The listeners that all of these configurations begin with; others may follow. Their certificate is `server.crt`. */
export const LISTENERS: string = `listeners:
  - name: secure
    address: 127.0.0.1:0
    style: gravitee
    tls: [{ certificate: { cert: server.crt, key: server.key }, clients: { mode: request } }]
  - name: plain
    address: 127.0.0.1:0
    style: gravitee
    trustedProxies: { cidrs: [127.0.0.1/32], clientCertificateHeader: X-Gravitee-Client-Cert }
`

/** A configuration with a TLS listener, `secure`, and one behind a proxy, `plain`. Its certificate is `server.crt`. */
export function configuration(pki: Pki, name: string): string {
  const file = pki.path(`${name}.yaml`)
  writeFileSync(
    file,
    `${LISTENERS}store: { folder: ${name}-data }
admin:
  address: 127.0.0.1:0
  dialects: { apisix: false, gcore: false, gravitee: { users: [{ name: admin, password: admin }] } }
`,
  )
  return file
}
