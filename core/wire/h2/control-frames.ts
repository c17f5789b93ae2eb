import { Flag, type Frame, FrameType, MAX_31_BITS, readUint31, readUint32 } from './frames.ts'
import type { Outbound } from './outbound.ts'
import { protocolFault, type Session } from './session.ts'
import { readSettings } from './settings.ts'
import { Closed, type Stream } from './streams.ts'
import { H2Error, type H2Fault } from './types.ts'

/** Payload sizes of frames that have but one (RFC 9113 sections 6.3, 6.4, 6.7 and 6.9). */
const SIZES: Readonly<Record<number, number>> = {
  [FrameType.Priority]: 5,
  [FrameType.RstStream]: 4,
  [FrameType.Ping]: 8,
  [FrameType.WindowUpdate]: 4,
}

const SECTIONS: Readonly<Record<number, string>> = {
  [FrameType.Priority]: '6.3',
  [FrameType.RstStream]: '6.4',
  [FrameType.Settings]: '6.5',
  [FrameType.Ping]: '6.7',
  [FrameType.Goaway]: '6.8',
  [FrameType.WindowUpdate]: '6.9',
}

/** Reads frames that carry no message (RFC 9113 sections 6.3 to 6.9). */
export class ControlFrames {
  readonly #session: Session
  readonly #outbound: Outbound
  /** Whether the other side acknowledged our settings. */
  #acknowledged = false

  constructor(session: Session, outbound: Outbound) {
    this.#session = session
    this.#outbound = outbound
  }

  onFrame(frame: Frame): void {
    if (!this.#fits(frame)) return
    switch (frame.type) {
      case FrameType.Priority:
        return this.#onPriority(frame)
      case FrameType.RstStream:
        return this.#onReset(frame)
      case FrameType.Settings:
        return this.#onSettings(frame)
      case FrameType.Ping:
        return this.#onPing(frame)
      case FrameType.Goaway:
        return this.#onGoaway(frame)
      case FrameType.WindowUpdate:
        return this.#onWindowUpdate(frame)
    }
  }

  /** Size, and whether the frame belongs to the connection or to a stream. */
  #fits({ type, id, start, end }: Frame): boolean {
    const session = this.#session
    const size = SIZES[type]
    const section = SECTIONS[type] ?? '6'
    const ofConnection = type === FrameType.Settings || type === FrameType.Ping ||
      type === FrameType.Goaway
    if (type !== FrameType.WindowUpdate && (id === 0) !== ofConnection) {
      const detail = `Read frame of type ${type} on stream ${id}: not its place`
      session.fail(H2Error.Protocol, detail, `RFC 9113 section ${section}`)
      return false
    }
    if (size === undefined || end - start === size) return true
    const detail = `Read frame of type ${type}: ${end - start} bytes`
    const clause = `RFC 9113 section ${section}`
    const stream = type === FrameType.Priority ? session.streams.get(id) : undefined
    if (stream === undefined) session.fail(H2Error.FrameSize, detail, clause)
    else session.failStream(stream, { code: H2Error.FrameSize, detail, clause })
    return false
  }

  // Priorities are no longer followed (RFC 9113 section 5.3.2), but a wrong one was always an error.
  #onPriority({ id, bytes, start }: Frame): void {
    const session = this.#session
    if (readUint31(bytes, start) !== id) return session.count('controls')
    const fault = protocolFault(`Read PRIORITY of stream ${id}: depends on itself`, '5.3.1')
    const stream = session.streams.get(id)
    if (stream === undefined) session.fail(fault.code, fault.detail, fault.clause)
    else session.failStream(stream, fault)
  }

  #onReset({ id, bytes, start }: Frame): void {
    const session = this.#session
    if (session.isIdle(id)) return this.#onIdle('RST_STREAM', id)
    const stream = session.streams.get(id)
    if (stream === undefined) return session.count('controls')
    const code = readUint32(bytes, start)
    const detail = `Read RST_STREAM of stream ${id}: code ${code}`
    session.drop(stream, Closed.ResetByPeer)
    session.sink.onReset(stream, { code, detail, clause: 'RFC 9113 section 6.4' })
    // A client's resets are what rapid reset is made of (CVE-2023-44487); a server can reset no more than we opened.
    session.count(session.server ? 'resets' : 'controls')
  }

  #onSettings(frame: Frame): void {
    const session = this.#session
    const length = frame.end - frame.start
    const acknowledges = (frame.flags & Flag.Ack) !== 0
    if (acknowledges ? length > 0 : length % 6 !== 0) {
      const detail = `Read SETTINGS: ${length} bytes`
      return session.fail(H2Error.FrameSize, detail, 'RFC 9113 section 6.5')
    }
    if (acknowledges) return this.#onSettingsAck()
    const { initialWindow } = session.peer
    const fault = readSettings(frame, session.peer, session.server ? 'server' : 'client')
    if (fault !== undefined) return session.fail(fault.code, fault.detail, fault.clause)
    session.peer.told = true
    this.#outbound.allowTable(session.peer.headerTableSize)
    session.writer.settingsAck()
    if (!this.#outbound.shiftWindows(session.peer.initialWindow - initialWindow)) {
      return this.#onOverflow(undefined)
    }
    session.count('controls')
    session.checkAnswers()
  }

  /** Our own windows hold from now on; before, the other side may have kept to the standard's. */
  #onSettingsAck(): void {
    const session = this.#session
    if (this.#acknowledged) return session.count('controls')
    this.#acknowledged = true
    session.initialReceive = session.limits.streamWindow
    for (const stream of session.streams.values()) {
      stream.receiveWindow.resize(session.initialReceive)
    }
  }

  #onPing({ flags, bytes, start, end }: Frame): void {
    const session = this.#session
    if ((flags & Flag.Ack) === 0) session.writer.pingAck(bytes.subarray(start, end))
    session.count('controls')
    session.checkAnswers()
  }

  #onGoaway({ bytes, start, end }: Frame): void {
    const session = this.#session
    if (end - start < 8) {
      const detail = `Read GOAWAY: ${end - start} bytes`
      return session.fail(H2Error.FrameSize, detail, 'RFC 9113 section 6.8')
    }
    const lastId = readUint31(bytes, start)
    const code = readUint32(bytes, start + 4)
    const clause = 'RFC 9113 section 6.8'
    session.goneAway = true
    session.sink.onGoaway({ code, detail: `Read GOAWAY: code ${code}`, clause })
    if (!session.server) this.#unseen(lastId)
    session.count('controls')
  }

  /** Streams that the server says it never saw: they may be tried elsewhere. */
  #unseen(lastId: number): void {
    const session = this.#session
    const detail = `Read GOAWAY: the last stream was ${lastId}`
    const fault = { code: H2Error.RefusedStream, detail, clause: 'RFC 9113 section 6.8' }
    for (const stream of session.streams.values()) {
      if (stream.id <= lastId || stream.gone) continue
      session.drop(stream, Closed.ResetByPeer)
      session.sink.onReset(stream, fault)
    }
  }

  #onWindowUpdate({ id, bytes, start }: Frame): void {
    const session = this.#session
    const increment = readUint31(bytes, start)
    if (id === 0) {
      if (increment === 0) return this.#onNoIncrement(undefined)
      session.sendWindow += increment
      if (session.sendWindow > MAX_31_BITS) return this.#onOverflow(undefined)
      session.count('windowUpdates')
      return session.over ? undefined : this.#outbound.pumpAll()
    }
    if (session.isIdle(id)) return this.#onIdle('WINDOW_UPDATE', id)
    const stream = session.streams.get(id)
    session.count('windowUpdates')
    if (stream === undefined || stream.gone) return
    if (increment === 0) return this.#onNoIncrement(stream)
    stream.sendWindow += increment
    if (stream.sendWindow > MAX_31_BITS) return this.#onOverflow(stream)
    this.#outbound.pump(stream)
  }

  #onIdle(name: string, id: number): void {
    const detail = `Read ${name} of stream ${id}: not opened`
    this.#session.fail(H2Error.Protocol, detail, 'RFC 9113 section 5.1')
  }

  #onNoIncrement(stream: Stream | undefined): void {
    this.#failEither(stream, protocolFault('Read WINDOW_UPDATE: an increment of 0', '6.9'))
  }

  #onOverflow(stream: Stream | undefined): void {
    const detail = 'Widen window: more than 2^31-1'
    const clause = 'RFC 9113 section 6.9.1'
    this.#failEither(stream, { code: H2Error.FlowControl, detail, clause })
  }

  #failEither(stream: Stream | undefined, fault: H2Fault): void {
    if (stream === undefined) this.#session.fail(fault.code, fault.detail, fault.clause)
    else this.#session.failStream(stream, fault)
  }
}
