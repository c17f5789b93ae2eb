import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { Buffer } from 'node:buffer'

/** Where and how a load is put. */
export interface LoadOptions {
  readonly port: number
  readonly tls: { readonly cert: Uint8Array; readonly key: Uint8Array } | undefined
  readonly connections: number
  readonly request: string
  /** The length of a whole response's body, to know where one ends. */
  readonly bodyLength: number
}

/** A closed loop: each connection sends its next request when the answer to the last one is whole. */
export class Load {
  readonly #options: LoadOptions
  readonly #sockets: Socket[] = []
  /** Answers so far. */
  answers = 0
  #stopped = false

  constructor(options: LoadOptions) {
    this.#options = options
  }

  /** Opens the connections and starts the loop. */
  async start(): Promise<void> {
    const { connections } = this.#options
    await Promise.all(Array.from({ length: connections }, () => this.#connect()))
    for (const socket of this.#sockets) this.#loop(socket)
  }

  stop(): void {
    this.#stopped = true
    for (const socket of this.#sockets) socket.destroy()
  }

  #connect(): Promise<void> {
    const { port, tls } = this.#options
    const host = '127.0.0.1'
    return new Promise((resolve, reject) => {
      const socket = tls === undefined
        ? connectTcp({ host, port, noDelay: true }, resolve)
        : connectTls({
          host,
          port,
          cert: Buffer.from(tls.cert),
          key: Buffer.from(tls.key),
          servername: 'bench.test',
          rejectUnauthorized: false,
        }, resolve)
      socket.on('error', (error) => this.#stopped || reject(error))
      this.#sockets.push(socket)
    })
  }

  #loop(socket: Socket): void {
    const { request, bodyLength } = this.#options
    let got = ''
    socket.setEncoding('latin1')
    socket.on('data', (text) => {
      got += text
      const end = got.indexOf('\r\n\r\n')
      if (end < 0 || got.length < end + 4 + bodyLength) return
      if (!got.startsWith('HTTP/1.1 200') || got.length > end + 4 + bodyLength) {
        throw new Error(`Unexpected answer: ${got.slice(0, 200)}`)
      }
      got = ''
      this.answers++
      if (!this.#stopped) socket.write(request)
    })
    socket.on('close', () => {
      if (!this.#stopped) throw new Error('A connection was closed under load')
    })
    socket.write(request)
  }
}
