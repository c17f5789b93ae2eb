import { connect, type TLSSocket } from 'node:tls'
import { Buffer } from 'node:buffer'
import { DEFAULT_H2_LIMITS, H2Connection, plainLatin1 } from '../../../core/wire/mod.ts'
import type { H2Sink, HeaderList } from '../../../core/wire/mod.ts'
import type { LoadOptions } from './load.ts'

const FIELDS: HeaderList = [
  ...[':method', 'GET', ':scheme', 'https', ':authority', 'bench.test', ':path', '/orders/17?x=1'],
  ...['user-agent', 'bench/1.0', 'accept', '*/*', 'accept-encoding', 'gzip'],
  ...['cookie', 'session=0123456789abcdef'],
]

/** Many streams over few connections, each a closed loop: the next request leaves when the last answer is whole. */
export class LoadH2 {
  readonly #options: LoadOptions
  readonly #sockets: TLSSocket[] = []
  /** Answers so far. */
  answers = 0
  #stopped = false

  /** `options.connections` are streams here, eight to a connection. */
  constructor(options: LoadOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const connections = Math.max(1, Math.round(this.#options.connections / 8))
    await Promise.all(Array.from({ length: connections }, () => this.#connect()))
  }

  stop(): void {
    this.#stopped = true
    for (const socket of this.#sockets) socket.destroy()
  }

  #connect(): Promise<void> {
    const { port, tls } = this.#options
    return new Promise((resolve, reject) => {
      const socket = connect({
        host: '127.0.0.1',
        port,
        servername: 'bench.test',
        ALPNProtocols: ['h2'],
        rejectUnauthorized: false,
        ...(tls && { cert: Buffer.from(tls.cert), key: Buffer.from(tls.key) }),
      }, () => {
        this.#loop(socket)
        resolve()
      })
      socket.on('error', (error) => this.#stopped || reject(error))
      this.#sockets.push(socket)
    })
  }

  #loop(socket: TLSSocket): void {
    if (socket.alpnProtocol !== 'h2') throw new Error('HTTP/2 was not taken')
    let length = 0
    const sink: H2Sink = {
      onHead: (_, fields) => {
        if (fields[1] !== '200') throw new Error(`Unexpected answer: ${fields}`)
      },
      onHeadTooLarge: () => {},
      onData: (stream, bytes) => {
        length += bytes.length
        h2.consumed(stream, bytes.length)
      },
      onEnd: () => {
        this.answers++
        if (!this.#stopped) h2.open(FIELDS, true)
      },
      onReset: (_, { detail }) => {
        throw new Error(detail)
      },
      onWritable: () => {},
      onGoaway: () => {},
      onFault: ({ detail }) => {
        throw new Error(detail)
      },
    }
    const h2 = new H2Connection(sink, {
      role: 'client',
      limits: { ...DEFAULT_H2_LIMITS, connectionWindow: 16_777_216 },
      latin1: plainLatin1,
      write: (bytes) => void socket.write(bytes),
      now: () => performance.now(),
    })
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      h2.receive(new Uint8Array(chunk))
      h2.flush()
    })
    socket.on('close', () => {
      if (!this.#stopped) {
        throw new Error(`A connection was closed under load after ${length} bytes`)
      }
    })
    h2.start()
    for (let i = 0; i < 8; i++) h2.open(FIELDS, true)
    h2.flush()
  }
}
