import { FIRST_WINDOW, FRAME_HEAD } from './frames.ts'
import { FrameWriter } from './frame-writer.ts'
import { type Counted, Guards } from './guards.ts'
import { firstSettings, type PeerSettings } from './settings.ts'
import { StreamTable } from './stream-table.ts'
import { Closed, ClosedStreams, type Stream } from './streams.ts'
import { H2Error, type H2Fault, type H2Limits, type H2Options, type H2Sink } from './types.ts'
import { ReceiveWindow } from './windows.ts'

const RST_SIZE = FRAME_HEAD + 4

/** What both directions of a connection share: its streams, its windows, and how it ends. */
export class Session {
  readonly sink: H2Sink
  readonly server: boolean
  readonly limits: H2Limits
  readonly guards: Guards
  readonly writer: FrameWriter
  readonly streams: StreamTable = new StreamTable()
  readonly closed: ClosedStreams = new ClosedStreams()
  /** Streams with something in their queue. */
  readonly queued: Set<Stream> = new Set()
  readonly receiveWindow: ReceiveWindow
  sendWindow: number = FIRST_WINDOW
  peer: PeerSettings = firstSettings()
  /** The window that new streams have towards us; our own once the other side acknowledged it. */
  initialReceive: number
  /** The latest stream that the client opened, and the latest of these that we took on. */
  lastPeerId = 0
  lastTakenId = 0
  /** A client's next stream. */
  nextId = 1
  /** We take, or the other side takes, no new streams. */
  draining = false
  goneAway = false
  /** Nothing is read or written any more. */
  over = false

  constructor(sink: H2Sink, { role, limits, write, now }: H2Options) {
    this.sink = sink
    this.server = role === 'server'
    this.limits = limits
    this.guards = new Guards(limits, now)
    this.writer = new FrameWriter(write)
    this.initialReceive = Math.max(FIRST_WINDOW, limits.streamWindow)
    this.receiveWindow = new ReceiveWindow(Math.max(FIRST_WINDOW, limits.connectionWindow))
  }

  /** Whether nobody has opened the stream yet. */
  isIdle(id: number): boolean {
    if (this.server) return id % 2 === 0 || id > this.lastPeerId
    return id % 2 === 0 || id >= this.nextId
  }

  /** A connection error (RFC 9113 section 5.4.1): GOAWAY, and the end. */
  fail(code: number, detail: string, clause: string): void {
    if (this.over) return
    this.end(code, detail)
    this.sink.onFault({ code, detail, clause })
  }

  /** Sends GOAWAY; every stream is over without a word. */
  end(code: number, detail: string): void {
    if (this.over) return
    this.over = true
    this.writer.goaway(this.lastTakenId, code, detail)
    this.writer.flush()
    for (const stream of this.streams.values()) stream.gone = stream.cut = true
    this.streams.clear()
    this.queued.clear()
  }

  /** A stream error (RFC 9113 section 5.4.2): RST_STREAM, and the user is told. The other side's fault, so it counts. */
  failStream(stream: Stream, fault: H2Fault): void {
    this.reset(stream, fault.code)
    this.writer.answered(RST_SIZE)
    this.sink.onReset(stream, fault)
    this.count('resets')
    this.checkAnswers()
  }

  /** Resets a stream that has no state here, again through the other side's doing. */
  refuse(id: number, code: number): void {
    this.writer.reset(id, code)
    this.writer.answered(RST_SIZE)
    this.closed.remember(id, Closed.ResetByUs)
    this.count('resets')
    this.checkAnswers()
  }

  /** Sends RST_STREAM. */
  reset(stream: Stream, code: number): void {
    if (stream.gone) return
    this.writer.reset(stream.id, code)
    this.drop(stream, Closed.ResetByUs)
  }

  /** Forgets a stream before its time; what its user holds is given back, since it may never be. */
  drop(stream: Stream, ending: number): void {
    stream.cut = true
    this.#remove(stream, ending)
    const held = stream.held
    stream.held = 0
    this.giveBack(held)
  }

  /** Forgets a stream whose both sides have ended. */
  closeIfDone(stream: Stream): void {
    if (!stream.gone && stream.localEnded && stream.remoteEnded) this.#remove(stream, Closed.Ended)
  }

  /** Gives bytes back to the connection's window. */
  giveBack(bytes: number): void {
    if (this.over || bytes === 0) return
    const increment = this.receiveWindow.give(bytes)
    if (increment > 0) this.writer.windowUpdate(0, increment)
  }

  /** Counts what costs us; past its limit the connection ends. */
  count(kind: Counted): void {
    if (this.over || !this.guards.passed(kind)) return
    const { [kind]: limit, span } = this.limits
    const detail = `Count ${kind}: more than ${limit} in ${span} ms`
    this.fail(H2Error.EnhanceYourCalm, detail, kind)
  }

  /** Ends the connection where too many answers wait for a peer that does not read them. */
  checkAnswers(): void {
    const limit = this.limits.pendingControl
    if (this.over || this.writer.answers <= limit) return
    const detail = `Answer control frames: more than ${limit} bytes wait`
    this.fail(H2Error.EnhanceYourCalm, detail, 'pendingControl')
  }

  #remove(stream: Stream, ending: number): void {
    stream.gone = true
    stream.queue.length = 0
    this.queued.delete(stream)
    this.streams.delete(stream.id)
    this.closed.remember(stream.id, ending)
  }
}

/** A fault against the protocol itself. */
export function protocolFault(detail: string, section: string): H2Fault {
  return { code: H2Error.Protocol, detail, clause: `RFC 9113 section ${section}` }
}
