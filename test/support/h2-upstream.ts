import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import type { Test } from 'tap'
import { H2Peer, type H2PeerOptions, type TestStream } from './h2.ts'

/** What an HTTP/2 upstream does with the streams it gets. */
export interface H2UpstreamOptions extends H2PeerOptions {
  /** Speaks TLS; else HTTP/2 from the first byte on. */
  readonly tls?: TlsOptions
  /** Told of each request's head; `okay` where left out. */
  readonly answer?: (stream: TestStream, connection: number) => void
}

/** A scripted HTTP/2 upstream that keeps whatever it was sent. */
export class TestH2Upstream {
  readonly connections: H2Peer[] = []
  readonly requests: TestStream[] = []
  readonly #server: Server
  readonly #waiting = new Set<() => void>()

  constructor(options: H2UpstreamOptions) {
    const { tls, answer = okayH2 } = options
    const take = (socket: Socket): void => {
      const peer = new H2Peer(socket, 'server', options)
      const index = this.connections.push(peer) - 1
      peer.onRequest = (stream) => {
        this.requests.push(stream)
        answer(stream, index)
        for (const again of [...this.#waiting]) again()
      }
    }
    this.#server = tls === undefined
      ? createServer({ noDelay: true }, take)
      : createTlsServer({ ALPNProtocols: ['h2'], ...tls }, take)
    this.#server.on('tlsClientError', () => {})
  }

  /** 127.0.0.1:port. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  /** The request with this number, once its head has come; from 0. */
  async request(index: number): Promise<TestStream> {
    return await new Promise((resolve) => {
      const again = (): void => {
        const found = this.requests[index]
        if (found === undefined) return
        this.#waiting.delete(again)
        resolve(found)
      }
      this.#waiting.add(again)
      again()
    })
  }

  close(): Promise<void> {
    for (const connection of this.connections) connection.close()
    return new Promise((resolve) => void this.#server.close(() => resolve()))
  }
}

/** Starts an upstream on loopback; it ends with the test. */
export async function startH2Upstream(
  t: Test,
  options: H2UpstreamOptions = {},
): Promise<TestH2Upstream> {
  const upstream = new TestH2Upstream(options)
  await upstream.listen()
  t.teardown(() => upstream.close())
  return upstream
}

/** Answers with the request's path. */
export function okayH2(stream: TestStream): void {
  stream.answer(200, `got ${stream.field(':path')}`)
}
