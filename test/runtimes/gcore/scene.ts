/** A gateway in a process of its own, configured over the load-balancer API while it runs. */
import { Buffer } from 'node:buffer'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { plainClient, tlsClient, type TlsOptions } from '../../support/client.ts'
import { freePort } from '../../support/free-port.ts'
import type { Message } from '../../support/message.ts'
import { Sallyport } from '../../support/sallyport.ts'
import { GcoreClient } from '../../core/dialect/gcore/client.ts'

const TOKEN = '1234$abcdef'

/** A gateway and its API. */
export interface Balanced {
  readonly program: Sallyport
  readonly client: GcoreClient
  readonly admin: string
}

/** Starts the gateway of a folder, which keeps its store. */
export async function startGcore(
  t: Test,
  folder: string,
  { workers = 1, addresses = '127.0.0.1', store = '' }: {
    readonly workers?: number
    readonly addresses?: string
    /** A line of the configuration; of a control plane, which opens no listeners for clients. */
    readonly store?: string
  } = {},
): Promise<Balanced> {
  const file = join(folder, 'gateway.yaml')
  writeFileSync(
    file,
    `listeners: [{ name: plain, address: 127.0.0.1:0 }]
workers: ${workers}
${store}
admin:
  address: 127.0.0.1:0
  dialects:
    apisix: false
    gravitee: false
    gcore: { key: ${TOKEN}, addresses: [${addresses}] }
`,
  )
  const program = new Sallyport(t, ['run', '-c', file])
  const said = await program.said(/"Listening","listener":"admin","address":"([^"]+)"/)
  if (store === '') await program.said(/"Listening","listener":"plain"/)
  const admin = `http://${said[1]}`
  const send = (request: Request): Promise<Response> => {
    request.headers.set('connection', 'close')
    return fetch(request)
  }
  return { program, admin, client: new GcoreClient(send, { base: admin, token: TOKEN }) }
}

/** The body of a secret in the documents' form. */
export function encoded(name: string, content: string | Uint8Array): Record<string, string> {
  return {
    name,
    secret_type: 'certificate',
    payload: Buffer.from(content).toString('base64'),
    payload_content_type: 'application/octet-stream',
    payload_content_encoding: 'base64',
  }
}

/** Makes a secret of a file, and gives its id. */
export async function secretOf(client: GcoreClient, file: string, version = 'v1'): Promise<string> {
  const secret = await client.create('secrets', encoded('some-secret', readFileSync(file)), version)
  return secret.id as string
}

/** One request on a connection of its own; undefined where it gets no answer. */
export async function request(
  t: Test,
  port: number,
  { path = '/', host = 'web.test', fields = [], tls, from }: {
    readonly path?: string
    readonly host?: string
    readonly fields?: readonly string[]
    readonly tls?: TlsOptions
    readonly from?: string
  } = {},
): Promise<Message | undefined> {
  const wire = tls === undefined
    ? await plainClient(t, port, from === undefined ? {} : { from })
    : await tlsClient(t, port, tls)
  const more = fields.map((each) => `${each}\r\n`).join('')
  wire.send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}\r\n`)
  const message = await wire.message().catch(() => undefined)
  wire.close()
  return message
}

/** A pool in front of one or more ports of this machine. */
export function poolOf(...ports: readonly number[]): Record<string, unknown> {
  return {
    name: 'backend-pool',
    protocol: 'HTTP',
    lb_algorithm: 'ROUND_ROBIN',
    members: ports.map((protocol_port) => ({ address: '127.0.0.1', protocol_port })),
  }
}

/** A load balancer with one listener on a free port. */
export async function oneListener(
  change: Readonly<Record<string, unknown>>,
): Promise<{ readonly port: number; readonly body: Record<string, unknown> }> {
  const port = await freePort()
  const listener = { name: 'front', protocol: 'HTTP', protocol_port: port, ...change }
  return { port, body: { name: 'web-lb', listeners: [listener] } }
}
