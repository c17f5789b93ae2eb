/** Upstreams on loopback, and handlers that forward to them. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import {
  createFetchHandler,
  type ExchangeRecord,
  type FetchClient,
  type FetchHost,
} from '../../../runtimes/fetch/mod.ts'

/** What an upstream does with a request. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A real upstream, over HTTP/1.1. */
export interface Upstream {
  /** 127.0.0.1:port. */
  readonly address: string
  /** The requests that came. */
  readonly requests: readonly IncomingMessage[]
}

/** Starts an upstream, which goes with the test. */
export async function upstream(t: Test, answer: Answer = telling): Promise<Upstream> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}

/** An address where nobody listens. */
export async function nobody(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `127.0.0.1:${port}`
}

/** Tells the client what was asked. */
const telling: Answer = (request, response) => {
  response.setHeader('Content-Type', 'text/plain')
  response.end(`${request.method} ${request.url}`)
}

/** A route for everything to these endpoints. */
export function toAll(endpoints: readonly string[], upstream: object = {}): object {
  return {
    match: { paths: ['/*'] },
    upstream: { endpoints: endpoints.map((address) => ({ address })), ...upstream },
  }
}

/** A handler together with what it told of its exchanges. */
export interface Scene {
  ask(url: string, init?: RequestInit, client?: Partial<FetchClient>): Promise<Response>
  readonly records: readonly ExchangeRecord[]
}

/** A handler for a configuration that can be used. */
export function scene(configuration: Record<string, unknown>, host: FetchHost = {}): Scene {
  const records: ExchangeRecord[] = []
  const onExchange = (record: ExchangeRecord) => void records.push(record)
  const handle = createFetchHandler(configuration, { onExchange, ...host })
  return {
    records,
    ask: (url, init, client = {}) =>
      handle(new Request(new URL(url, 'https://api.test'), init), {
        address: '203.0.113.7',
        ...client,
      }),
  }
}

/** The code of a refusal that is told as JSON. */
export async function codeOf(response: Response): Promise<string> {
  const { code } = await response.json() as { code: string }
  return `${response.status} ${code}`
}

/** The status of a response whose body does not matter, and is read all the same. */
export async function statusOf(response: Response): Promise<number> {
  await response.text()
  return response.status
}

/** When a stream has closed, however it came to that. */
export function closed(stream: { on(event: 'close', then: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => void stream.on('close', resolve))
}

/** Asks for refusals as JSON. */
export const json: { readonly headers: { readonly Accept: string } } = {
  headers: { Accept: 'application/json' },
}
