import type { Buffer } from 'node:buffer'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import type { Test } from 'tap'
import { type Message, readMessage } from './message.ts'
import { Wire } from './wire.ts'

/** What an upstream does with the connections it gets. */
export interface UpstreamOptions {
  /** Speaks TLS. */
  readonly tls?: TlsOptions & { readonly allowHalfOpen?: boolean }
  /** Takes connections as they are; requests are not read then. */
  readonly raw?: (connection: Wire, index: number) => void
  /** Answers a whole request; what it returns is sent. */
  readonly answer?: (request: UpstreamRequest) => string | undefined
  readonly host?: string
  readonly port?: number
  /** Leaves its own side of a connection open when the other side ends. */
  readonly halfOpen?: boolean
}

/** A request that an upstream got. */
export interface UpstreamRequest extends Message {
  readonly connection: Wire
  /** Which connection of the upstream's it came by, and which request of this connection it was; from 0. */
  readonly connectionIndex: number
  readonly index: number
}

/** A scripted upstream that keeps whatever it was sent. */
export class TestUpstream {
  readonly connections: Wire[] = []
  readonly requests: UpstreamRequest[] = []
  readonly #server: Server
  readonly #waiting = new Set<() => void>()

  constructor(options: UpstreamOptions) {
    const { tls, raw, answer = okay, halfOpen = false } = options
    const take = (socket: Socket): void => {
      const wire = new Wire(socket)
      const index = this.connections.push(wire) - 1
      if (raw !== undefined) raw(wire, index)
      else void this.#serve(wire, { index, answer })
      this.#changed()
    }
    this.#server = tls === undefined
      ? createServer({ noDelay: true, allowHalfOpen: halfOpen }, take)
      : createTlsServer(tls, take)
    this.#server.on('tlsClientError', () => {})
  }

  /** 127.0.0.1:port. */
  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  listen(host: string, port: number): Promise<void> {
    return new Promise((resolve) => this.#server.listen({ host, port }, resolve))
  }

  /** The request with this number, once it has come; from 0. */
  async request(index: number): Promise<UpstreamRequest> {
    return await this.#when(() => this.requests[index])
  }

  /** The connection with this number, once it stands; from 0. */
  async connection(index: number): Promise<Wire> {
    return await this.#when(() => this.connections[index])
  }

  close(): Promise<void> {
    for (const connection of this.connections) connection.close()
    return new Promise((resolve) => void this.#server.close(() => resolve()))
  }

  async #serve(
    wire: Wire,
    options: { readonly index: number; readonly answer: (request: UpstreamRequest) => unknown },
  ): Promise<void> {
    for (let index = 0;; index++) {
      const message = await wire.message().catch(() => undefined)
      if (message === undefined) return
      const request = { ...message, connection: wire, connectionIndex: options.index, index }
      this.requests.push(request)
      this.#changed()
      const answer = options.answer(request)
      if (typeof answer === 'string') wire.send(answer)
    }
  }

  #when<T>(look: () => T | undefined): Promise<T> {
    return new Promise((resolve) => {
      const again = (): void => {
        const found = look()
        if (found === undefined) return
        this.#waiting.delete(again)
        resolve(found)
      }
      this.#waiting.add(again)
      again()
    })
  }

  #changed(): void {
    for (const again of [...this.#waiting]) again()
  }
}

/** Starts an upstream on loopback; it ends with the test. */
export async function startUpstream(t: Test, options: UpstreamOptions = {}): Promise<TestUpstream> {
  const upstream = new TestUpstream(options)
  await upstream.listen(options.host ?? '127.0.0.1', options.port ?? 0)
  t.teardown(() => upstream.close())
  return upstream
}

/** A response with its length. */
export function okay(request: { readonly start: string } | string): string {
  const body = typeof request === 'string' ? request : `got ${request.start}`
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

/** Whether bytes hold a whole message. */
export function isWhole(bytes: Buffer): boolean {
  return readMessage(bytes) !== undefined
}
