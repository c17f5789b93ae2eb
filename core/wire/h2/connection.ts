import type { HeaderList, SensitiveNames } from '../types.ts'
import { FrameReader } from './frame-reader.ts'
import { FIRST_WINDOW, MAX_31_BITS } from './frames.ts'
import { Inbound } from './inbound.ts'
import { type HeadOptions, Outbound } from './outbound.ts'
import { Session } from './session.ts'
import { ownSettings } from './settings.ts'
import { Stream } from './streams.ts'
import { H2Error, type H2Options, type H2Sink, type H2Stream } from './types.ts'

/**
 * One connection of HTTP/2 (RFC 9113), from either side: bytes in by `receive`, messages out by the sink; messages in by
 * `head`, `data` and `finish`, bytes out by `flush`. What is sent on a stream that is over is dropped without a word.
 * After `onFault` or `abort` nothing is read or written any more.
 */
export class H2Connection {
  readonly #session: Session
  readonly #options: H2Options
  readonly #outbound: Outbound
  readonly #reader: FrameReader

  constructor(sink: H2Sink, options: H2Options) {
    this.#options = options
    this.#session = new Session(sink, options)
    this.#outbound = new Outbound(this.#session)
    const inbound = new Inbound(this.#session, this.#outbound, options.latin1)
    this.#reader = new FrameReader(inbound, options.role)
  }

  /** Says hello: SETTINGS and the connection's window, behind the preface where we are the client. `flush` sends it. */
  start(): void {
    const { writer, limits, server } = this.#session
    if (!server) writer.preface()
    writer.settings(ownSettings(this.#options))
    const more = limits.connectionWindow - FIRST_WINDOW
    if (more > 0) writer.windowUpdate(0, more)
  }

  /** Takes the next bytes, cut anywhere. The chunk must not be written to afterwards: bodies are views of it. Never throws. */
  receive(chunk: Uint8Array): void {
    if (!this.#session.over) this.#reader.push(chunk)
  }

  /** Whether a client may open a stream now. */
  get canOpen(): boolean {
    const { server, over, goneAway, draining, nextId, streams, peer } = this.#session
    return !server && !over && !goneAway && !draining && nextId <= MAX_31_BITS &&
      streams.size < peer.concurrentStreams
  }

  /** Sends a request's head on a new stream; undefined where none can be opened now, see {@linkcode canOpen}. */
  open(fields: HeaderList, ends: boolean, sensitive?: SensitiveNames): H2Stream | undefined {
    if (!this.canOpen) return undefined
    const session = this.#session
    const { initialReceive, peer, nextId } = session
    const method = fields[fields.indexOf(':method') + 1]
    const stream = new Stream(nextId, initialReceive, peer.initialWindow, method === 'HEAD')
    session.nextId += 2
    session.streams.add(stream)
    session.guards.worked()
    this.#outbound.head(stream, fields, { ends, sensitive })
    return stream
  }

  /** Sends a response's head, interim ones (1xx) as well: `:status` first. `options`: whether it is all, or more. */
  head(stream: H2Stream, fields: HeaderList, options: boolean | HeadOptions): void {
    const live = liveOf(stream)
    if (live === undefined) return
    const { ends, sensitive } = typeof options === 'boolean' ? { ends: options } : options
    this.#outbound.head(live, fields, { ends, sensitive })
  }

  /**
   * Sends a piece of a body. False: windows do not let all of it through, so that it is kept, and must not be
   * written to; wait for `onWritable`.
   */
  data(stream: H2Stream, bytes: Uint8Array): boolean {
    const live = liveOf(stream)
    return live === undefined || bytes.length === 0 || this.#outbound.data(live, bytes)
  }

  /** Ends our side of the stream behind all that `data` was given. */
  finish(stream: H2Stream, trailers: HeaderList): void {
    const live = liveOf(stream)
    if (live !== undefined) this.#outbound.finish(live, trailers)
  }

  /**
   * Ends a stream before its time, with one of {@linkcode H2Error}'s values. What its user holds is given back. Where
   * the code blames the other side, it counts among `resets`, and may end the connection.
   */
  reset(stream: H2Stream, code: number): void {
    const live = stream as Stream
    if (live.gone) return
    this.#session.reset(live, code)
    if (BLAMING.has(code)) this.#session.count('resets')
  }

  /**
   * Asks for the rest of a request not to be sent (RFC 9113 section 8.1). False where the answer has not left, so
   * that it is too early.
   */
  stop(stream: H2Stream): boolean {
    const live = stream as Stream
    if (live.gone || this.#session.over) return true
    if (!live.localEnded) return false
    this.#session.reset(live, H2Error.NoError)
    return true
  }

  /** Says that `bytes` of what `onData` handed out are dealt with, so that as many more may come. */
  consumed(stream: H2Stream, bytes: number): void {
    const session = this.#session
    const live = stream as Stream
    const given = Math.min(bytes, live.held)
    live.held -= given
    session.giveBack(given)
    if (session.over || live.gone || live.remoteEnded || given === 0) return
    const increment = live.receiveWindow.give(given)
    if (increment > 0) session.writer.windowUpdate(live.id, increment)
  }

  /** Says that no new streams are taken (RFC 9113 section 6.8); those under way go on. New ones are refused. */
  drain(): void {
    const session = this.#session
    if (session.draining || session.over) return
    session.draining = true
    session.writer.goaway(session.lastTakenId, H2Error.NoError, '')
  }

  /** Ends the connection: GOAWAY is handed on at once, and no call follows. */
  abort(code: number, detail: string): void {
    this.#session.end(code, detail)
  }

  /** Hands what was gathered to `write`, as one piece. */
  flush(): void {
    if (!this.#session.over) this.#session.writer.flush()
  }

  /** Whether the other side has told its settings. */
  get greeted(): boolean {
    return this.#session.peer.told
  }

  /** Whether the other side takes extended CONNECT (RFC 8441). */
  get takesExtendedConnect(): boolean {
    return this.#session.peer.connectProtocol
  }

  /** How many streams are open, or half-closed. */
  get streams(): number {
    return this.#session.streams.size
  }

  /** Bytes that wait for `flush`. */
  get gathered(): number {
    return this.#session.writer.gathered
  }
}

/** Codes that say that the other side broke the rules (CVE-2025-8671). */
const BLAMING: ReadonlySet<number> = new Set([
  H2Error.Protocol,
  H2Error.FlowControl,
  H2Error.StreamClosed,
  H2Error.FrameSize,
  H2Error.EnhanceYourCalm,
])

/** The stream, where it can still be sent on. */
function liveOf(stream: H2Stream): Stream | undefined {
  const live = stream as Stream
  return live.gone || live.localEnded || live.trailers !== undefined ? undefined : live
}
