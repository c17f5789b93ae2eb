import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import type { Test } from 'tap'
import { DEFAULT_H2_LIMITS, H2Connection, plainLatin1 } from '../../core/wire/mod.ts'
import type { H2Fault, H2Limits, H2Sink, H2Stream, HeaderList } from '../../core/wire/mod.ts'
import { tlsClient, type TlsOptions } from './client.ts'

const PATIENCE_MS = 10_000

/** How a peer differs from one that takes all it gets. */
export interface H2PeerOptions {
  readonly limits?: Partial<H2Limits>
  readonly connectProtocol?: boolean
  /** Whether what comes is given back at once, so that more may come. */
  readonly reads?: boolean
}

/** Lets tests wait for something that events bring about. */
class Awaited {
  readonly #waiting = new Set<() => void>()

  until<T>(what: string, look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#waiting.delete(again)
        clearTimeout(timer)
      }
      const again = (): void => {
        const found = look()
        if (found === undefined) return
        settle()
        resolve(found)
      }
      const timer = setTimeout(() => {
        settle()
        reject(new Error(`Wait for ${what}: not within ${PATIENCE_MS} ms`))
      }, PATIENCE_MS)
      this.#waiting.add(again)
      again()
    })
  }

  changed(): void {
    for (const again of [...this.#waiting]) again()
  }
}

/** A stream as a test sees it, from either side. */
export class TestStream {
  readonly peer: H2Peer
  readonly stream: H2Stream
  /** Interim heads, in order. */
  readonly interim: HeaderList[] = []
  fields: HeaderList | undefined
  readonly chunks: Buffer[] = []
  bytes = 0
  trailers: HeaderList | undefined
  /** The other side's END_STREAM has come. */
  ended = false
  reset: H2Fault | undefined
  /** Called as windows open again. */
  onWritable: () => void = () => {}

  constructor(peer: H2Peer, stream: H2Stream) {
    this.peer = peer
    this.stream = stream
  }

  /** The value of a field of the head. */
  field(name: string): string | undefined {
    return fieldOf(this.fields ?? [], name)
  }

  get status(): number {
    return Number(this.field(':status'))
  }

  get body(): string {
    return Buffer.concat(this.chunks).toString('latin1')
  }

  head(fields: HeaderList, ends = false): void {
    this.peer.h2.head(this.stream, fields, ends)
    this.peer.h2.flush()
  }

  /** False: wait for `onWritable`. */
  send(data: string | Uint8Array): boolean {
    const bytes = typeof data === 'string' ? new Uint8Array(Buffer.from(data, 'latin1')) : data
    const room = this.peer.h2.data(this.stream, bytes)
    this.peer.h2.flush()
    return room
  }

  finish(trailers: HeaderList = []): void {
    this.peer.h2.finish(this.stream, trailers)
    this.peer.h2.flush()
  }

  cancel(code = 8): void {
    this.peer.h2.reset(this.stream, code)
    this.peer.h2.flush()
  }

  /** Head, body and end in one. */
  answer(status: number, body: string, more: HeaderList = []): void {
    this.head([':status', String(status), ...more], body === '')
    if (body === '') return
    this.send(body)
    this.finish()
  }

  /** Sends pieces for as long as windows and socket take them, `bytes` in all. Returns how many were sent. */
  async flood(bytes: number): Promise<number> {
    const piece = new Uint8Array(16_384)
    let sent = 0
    while (sent < bytes && this.reset === undefined && !this.peer.closed) {
      sent += piece.length
      if (this.send(piece) && this.peer.socket.writableLength < 1_000_000) continue
      await new Promise<void>((resolve) => this.onWritable = resolve)
    }
    return sent
  }

  until<T>(what: string, look: () => T | undefined): Promise<T> {
    return this.peer.until(`${what} on stream ${this.stream.id}`, look)
  }

  /** Resolves once the message is whole; rejects where the stream is reset before. */
  async whole(): Promise<this> {
    await this.until('the end', () => this.ended || this.reset !== undefined || undefined)
    if (!this.ended) throw new Error(`Read a whole message: ${this.reset?.detail}`)
    return this
  }

  async gotHead(): Promise<this> {
    await this.until('a head', () => this.fields ?? this.reset)
    return this
  }

  /** Resolves with the code that the other side reset the stream with. */
  async gone(): Promise<number> {
    return await this.until('a reset', () => this.reset?.code)
  }
}

/** One end of an HTTP/2 connection in a test. */
export class H2Peer {
  readonly h2: H2Connection
  readonly socket: Socket
  readonly streams: TestStream[] = []
  readonly goaways: H2Fault[] = []
  fault: H2Fault | undefined
  closed = false
  /** Told of each whole head that a client sends. */
  onRequest: (stream: TestStream) => void = () => {}
  reads: boolean
  readonly #awaited = new Awaited()

  constructor(socket: Socket, role: 'client' | 'server', options: H2PeerOptions = {}) {
    this.socket = socket
    this.reads = options.reads ?? true
    this.h2 = new H2Connection(this.#sink(), {
      role,
      limits: { ...DEFAULT_H2_LIMITS, ...options.limits },
      latin1: plainLatin1,
      write: (bytes) => void (this.socket.destroyed || this.socket.write(bytes)),
      connectProtocol: options.connectProtocol ?? false,
      now: () => performance.now(),
    })
    socket.on('data', (chunk: Buffer) => this.take(chunk))
    socket.on('error', () => {})
    socket.on('drain', () => {
      for (const stream of this.streams) stream.onWritable()
    })
    socket.on('end', () => socket.end())
    socket.on('close', () => {
      this.closed = true
      for (const stream of this.streams) stream.onWritable()
      this.#awaited.changed()
    })
    this.h2.start()
    this.h2.flush()
  }

  /** Takes bytes that the other side sent. */
  take(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.h2.receive(new Uint8Array(bytes))
    this.h2.flush()
    this.#awaited.changed()
  }

  /** Opens a stream. `body`: undefined sends none, and the stream is left open where `open` says so. */
  request(fields: HeaderList, options: { body?: string; open?: boolean } = {}): TestStream {
    const { body, open = false } = options
    const ends = body === undefined && !open
    const opened = this.h2.open(fields, ends)
    if (opened === undefined) throw new Error('Open a stream: there is no room')
    const stream = this.#add(opened)
    if (body !== undefined) {
      stream.send(body)
      if (!open) stream.finish()
    }
    this.h2.flush()
    return stream
  }

  /** GET, answered whole. */
  async get(path: string, more: HeaderList = []): Promise<TestStream> {
    return await this.request([...requestFields('GET', path), ...more]).whole()
  }

  until<T>(what: string, look: () => T | undefined): Promise<T> {
    return this.#awaited.until(what, look)
  }

  async gone(): Promise<void> {
    await this.until('the end of the connection', () => this.closed || undefined)
  }

  /** The stream with this number among those that the other side opened, or we did; from 0. */
  async stream(index: number): Promise<TestStream> {
    return await this.until(`stream no. ${index}`, () => this.streams[index])
  }

  /** Gives back what was held. */
  readOn(): void {
    this.reads = true
    for (const stream of this.streams) this.h2.consumed(stream.stream, stream.bytes)
    this.h2.flush()
  }

  close(): void {
    this.socket.destroy()
  }

  #add(stream: H2Stream): TestStream {
    const made = new TestStream(this, stream)
    stream.user = made
    this.streams.push(made)
    return made
  }

  #sink(): H2Sink {
    const of = (stream: H2Stream): TestStream =>
      stream.user as TestStream | undefined ?? this.#add(stream)
    return {
      onHead: (stream, fields) => {
        const mine = of(stream)
        const status = fieldOf(fields, ':status') ?? ''
        if (/^1..$/.test(status)) mine.interim.push(fields)
        else mine.fields = fields
        if (status === '') this.onRequest(mine)
      },
      onHeadTooLarge: (stream) => void (of(stream).ended = true),
      onData: (stream, bytes) => {
        const mine = of(stream)
        mine.bytes += bytes.length
        if (mine.bytes < 4_000_000) mine.chunks.push(Buffer.from(bytes))
        if (this.reads) this.h2.consumed(stream, bytes.length)
      },
      onEnd: (stream, trailers) => {
        const mine = of(stream)
        mine.ended = true
        mine.trailers = trailers
      },
      onReset: (stream, fault) => {
        const mine = of(stream)
        mine.reset = fault
        mine.onWritable()
      },
      onWritable: (stream) => of(stream).onWritable(),
      onGoaway: (fault) => void this.goaways.push(fault),
      onFault: (fault) => void (this.fault = fault),
    }
  }
}

/** The pseudo-fields of a request. */
export function requestFields(method: string, path: string, authority = 'test.com'): HeaderList {
  return [':method', method, ':scheme', 'https', ':authority', authority, ':path', path]
}

/** The first value of a field. */
export function fieldOf(fields: HeaderList, name: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] === name) return fields[i + 1]
  }
  return undefined
}

/** Opens an HTTP/2 connection over TLS; it ends with the test. */
export async function h2Client(
  t: Test,
  port: number,
  options: TlsOptions & H2PeerOptions = {},
): Promise<H2Peer> {
  const wire = await tlsClient(t, port, { ...options, more: { ALPNProtocols: ['h2'] } })
  if (wire.closed) throw new Error(`Connect: ${wire.error?.message}`)
  const peer = new H2Peer(wire.socket, 'client', options)
  // The gateway's settings may have come with the end of the handshake, before anybody listened here.
  peer.take(wire.bytes)
  wire.forget = true
  return peer
}
