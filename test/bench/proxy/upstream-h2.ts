import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Buffer } from 'node:buffer'
import { DEFAULT_H2_LIMITS, H2Connection, plainLatin1 } from '../../../core/wire/mod.ts'
import type { H2Sink } from '../../../core/wire/mod.ts'

/** Starts an endpoint that answers every request of HTTP/2 with the same body. Returns its port. */
export async function startH2Upstream(bodyLength: number): Promise<number> {
  const body = new Uint8Array(bodyLength).fill(0x78)
  const server = createServer({ noDelay: true }, (socket) => serve(socket, body))
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
