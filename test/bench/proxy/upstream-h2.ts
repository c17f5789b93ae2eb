import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Buffer } from 'node:buffer'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { DEFAULT_H2_LIMITS, H2Connection, plainLatin1 } from '../../../core/wire/mod.ts'
import type { H2Sink } from '../../../core/wire/mod.ts'

/** What an endpoint is to be. */
export interface UpstreamOptions {
  readonly bodyLength: number
  /** Plain TCP where it is left out. */
  readonly tls?: TlsOptions
}

/** Starts an endpoint that answers every request of HTTP/2 with the same body. Returns its port. */
export function startH2Upstream({ bodyLength, tls }: UpstreamOptions): Promise<number> {
  const body = new Uint8Array(bodyLength).fill(0x78)
  return listen((socket) => serve(socket, body), tls && { ...tls, ALPNProtocols: ['h2'] })
}

/** Starts one that takes GET of HTTP/1.1 alone, and does next to nothing for it. Returns its port. */
export function startH1Upstream({ bodyLength, tls }: UpstreamOptions): Promise<number> {
  const head =
    `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${bodyLength}\r\n\r\n`
  const answer = head + 'x'.repeat(bodyLength)
  return listen((socket) => {
    let text = ''
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      const parts = (text + chunk.toString('latin1')).split('\r\n\r\n')
      text = parts.pop() ?? ''
      if (parts.length > 0) socket.write(answer.repeat(parts.length))
    })
  }, tls)
}

async function listen(
  serve: (socket: Socket) => void,
  tls: TlsOptions | undefined,
): Promise<number> {
  const server = tls === undefined
    ? createServer({ noDelay: true }, serve)
    : createTlsServer(tls, serve)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

function serve(socket: Socket, body: Uint8Array): void {
  const head = [':status', '200', 'content-type', 'text/plain', 'content-length', `${body.length}`]
  const sink: H2Sink = {
    onHead: (stream) => {
      h2.head(stream, head, false)
      h2.data(stream, body)
      h2.finish(stream, [])
    },
    onHeadTooLarge: () => {},
    onData: (stream, bytes) => h2.consumed(stream, bytes.length),
    onEnd: () => {},
    onReset: () => {},
    onWritable: () => {},
    onGoaway: () => {},
    onFault: ({ detail }) => {
      throw new Error(detail)
    },
  }
  const h2 = new H2Connection(sink, {
    role: 'server',
    limits: { ...DEFAULT_H2_LIMITS, concurrentStreams: 1000 },
    latin1: plainLatin1,
    write: (bytes) => void socket.write(bytes),
    now: () => performance.now(),
  })
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    h2.receive(new Uint8Array(chunk))
    h2.flush()
  })
  h2.start()
  h2.flush()
}
