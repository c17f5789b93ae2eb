import type { HeaderList, Latin1 } from '../types.ts'
import { checkTrailers } from './field-checks.ts'
import { Flag, type Frame } from './frames.ts'
import { type HeaderBlock, unpad } from './header-block.ts'
import { HpackDecoder, type HpackResult } from './hpack-decoder.ts'
import { protocolFault, type Session } from './session.ts'
import { Closed, Stream } from './streams.ts'
import { H2Error, type H2Fault } from './types.ts'

const NONE: HeaderList = []
const MAX_INTERIM = 8
const TABLE_SIZE = 4096

/** A block that its connection survives. */
type Read = Extract<HpackResult, { kind: 'fields' | 'too-large' }>

/** Reads messages: heads, bodies and trailers (RFC 9113 section 8.1). */
export class MessageFrames {
  readonly #session: Session
  readonly #decoder: HpackDecoder

  constructor(session: Session, latin1: Latin1) {
    const { headSize, headerCount } = session.limits
    this.#session = session
    this.#decoder = new HpackDecoder(
      { listSize: headSize, fieldCount: headerCount, tableSize: TABLE_SIZE },
      latin1,
    )
  }

  /** A header block is whole. It is decoded in any case, or the table would fall out of step (RFC 9113 section 4.3). */
  onBlock(block: HeaderBlock): void {
    const session = this.#session
    const result = this.#decoder.decode(block.bytes)
    if (result.kind === 'broken') {
      return session.fail(H2Error.Compression, result.detail, 'RFC 9113 section 4.3')
    }
    if (result.kind === 'bomb') {
      const detail = `Read header block: far more than ${session.limits.headSize} bytes`
      return session.fail(H2Error.EnhanceYourCalm, detail, 'headSize')
    }
    const stream = session.streams.get(block.id)
    if (stream !== undefined) return this.#onOpen(stream, block, result)
    if (session.isIdle(block.id)) return this.#onNew(block, result)
    return this.#onClosed(block.id)
  }

  /** DATA (RFC 9113 section 6.1). Windows are charged with all of its payload. */
  onData(frame: Frame): void {
    const session = this.#session
    const { id } = frame
    const charged = frame.end - frame.start
    if (!unpad(frame)) return this.#fail('Read DATA: more padding than payload', '6.1')
    if (session.isIdle(id)) return this.#fail(`Read DATA of stream ${id}: not opened`, '5.1')
    if (!session.receiveWindow.take(charged)) {
      const clause = 'RFC 9113 section 6.9.1'
      return session.fail(H2Error.FlowControl, 'Read DATA: beyond the window', clause)
    }
    const stream = session.streams.get(id)
    if (stream === undefined) {
      session.giveBack(charged)
      // What we reset may still have been under way; the rest is wrong.
      if (session.closed.ending(id) !== Closed.ResetByUs) session.refuse(id, H2Error.StreamClosed)
      return
    }
    const fault = this.#dataFault(stream, frame, charged)
    if (fault !== undefined) {
      session.giveBack(charged)
      return session.failStream(stream, fault)
    }
    this.#takeData(stream, frame, charged)
  }

  #dataFault(stream: Stream, { flags, start, end }: Frame, charged: number): H2Fault | undefined {
    const { id } = stream
    if (stream.remoteEnded) return afterEnd('DATA', id)
    if (!stream.headRead && !stream.deaf) {
      return protocolFault(`Read DATA of stream ${id}: no head before it`, '8.1')
    }
    if (!stream.receiveWindow.take(charged)) {
      const detail = `Read DATA of stream ${id}: beyond the window`
      return { code: H2Error.FlowControl, detail, clause: 'RFC 9113 section 6.9.1' }
    }
    const fits = stream.body.add(end - start)
    if (fits && ((flags & Flag.EndStream) === 0 || stream.body.whole)) return undefined
    return lengthFault(id)
  }

  #takeData(stream: Stream, { flags, bytes, start, end }: Frame, charged: number): void {
    const session = this.#session
    const ends = (flags & Flag.EndStream) !== 0
    const length = end - start
    const unheard = stream.deaf ? charged : charged - length
    session.giveBack(unheard)
    if (ends) stream.remoteEnded = true
    else this.#widen(stream, unheard)
    if (length === 0 && !ends) session.count('emptyData')
    if (length > 0 && !stream.deaf) {
      session.guards.worked()
      stream.held += length
      session.sink.onData(stream, bytes.subarray(start, end))
    }
    if (ends) this.#end(stream, NONE)
  }

  #widen(stream: Stream, bytes: number): void {
    const increment = bytes === 0 ? 0 : stream.receiveWindow.give(bytes)
    if (increment > 0) this.#session.writer.windowUpdate(stream.id, increment)
  }

  /** The user learns that all has come, also where it has ended its own side meanwhile. */
  #end(stream: Stream, trailers: HeaderList): void {
    const session = this.#session
    stream.remoteEnded = true
    if (!stream.cut && !stream.deaf) session.sink.onEnd(stream, trailers)
    session.closeIfDone(stream)
  }

  #onNew(block: HeaderBlock, result: Read): void {
    const session = this.#session
    const { id, ends } = block
    // RFC 9113 section 5.1.1: clients open odd streams, and a server opens none that we did not let it push.
    if (!session.server || id % 2 === 0) return this.#fail(`Open stream ${id}: not theirs`, '5.1.1')
    session.lastPeerId = id
    const full = session.streams.size >= session.limits.concurrentStreams
    if (session.draining || full) return session.refuse(id, H2Error.RefusedStream)
    session.lastTakenId = id
    if (block.dependsOn === id) return session.refuse(id, H2Error.Protocol)
    const stream = new Stream(id, session.initialReceive, session.peer.initialWindow)
    session.streams.add(stream)
    session.guards.worked()
    stream.remoteEnded = ends
    this.#onHead(stream, ends, result)
  }

  #onHead(stream: Stream, ends: boolean, result: Read): void {
    const { sink } = this.#session
    if (result.kind === 'too-large') {
      stream.deaf = true
      return sink.onHeadTooLarge(stream)
    }
    stream.headRead = true
    stream.sensitive = result.sensitive
    if (stream.forHead || isBare(result.fields)) stream.body.none()
    else stream.body.expect(result.fields)
    sink.onHead(stream, result.fields, ends)
    if (ends) this.#end(stream, NONE)
  }

  /** A header block on a stream that is open: a response's head, or trailers. */
  #onOpen(stream: Stream, block: HeaderBlock, result: Read): void {
    const session = this.#session
    if (stream.remoteEnded) return session.failStream(stream, afterEnd('HEADERS', stream.id))
    if (block.dependsOn === stream.id) {
      const detail = `Read HEADERS of stream ${stream.id}: depends on itself`
      return session.failStream(stream, protocolFault(detail, '5.3.1'))
    }
    if (stream.deaf) return block.ends ? this.#end(stream, NONE) : undefined
    if (!stream.headRead) return this.#onResponse(stream, block.ends, result)
    const fault = trailerFault(stream, block.ends, result)
    if (fault !== undefined) return session.failStream(stream, fault)
    this.#end(stream, result.kind === 'fields' ? result.fields : NONE)
  }

  #onResponse(stream: Stream, ends: boolean, result: Read): void {
    const session = this.#session
    const status = result.kind === 'fields' && result.fields[0] === ':status'
      ? result.fields[1]!
      : ''
    if (!/^1[0-9][0-9]$/.test(status) || result.kind !== 'fields') {
      stream.remoteEnded = ends
      this.#onHead(stream, ends, result)
      return
    }
    if (ends || ++stream.interim > MAX_INTERIM) {
      const found = ends ? 'the stream ends' : `more than ${MAX_INTERIM} interim responses`
      const detail = `Read response ${status} of stream ${stream.id}: ${found}`
      return session.failStream(stream, protocolFault(detail, '8.1'))
    }
    session.sink.onHead(stream, result.fields, false)
  }

  /** A header block on a stream that is over (RFC 9113 section 5.1, closed). */
  #onClosed(id: number): void {
    const session = this.#session
    switch (session.closed.ending(id)) {
      case Closed.ResetByUs:
        return
      case Closed.ResetByPeer:
        return session.refuse(id, H2Error.StreamClosed)
      case Closed.Ended: {
        const { code, detail, clause } = afterEnd('HEADERS', id)
        return session.fail(code, detail, clause)
      }
      default:
        return this.#fail(`Open stream ${id}: below one that was opened before`, '5.1.1')
    }
  }

  #fail(detail: string, section: string): void {
    this.#session.fail(H2Error.Protocol, detail, `RFC 9113 section ${section}`)
  }
}

/** Whether a head is that of a response without content (RFC 9110 section 6.4.1). */
function isBare(fields: HeaderList): boolean {
  return fields[0] === ':status' && (fields[1] === '204' || fields[1] === '304')
}

function trailerFault(stream: Stream, ends: boolean, result: Read): H2Fault | undefined {
  const { id } = stream
  if (!ends) return protocolFault(`Read trailers of stream ${id}: no end behind them`, '8.1')
  if (result.kind === 'too-large') {
    const detail = `Read trailers of stream ${id}: too large`
    return { code: H2Error.EnhanceYourCalm, detail, clause: 'headSize' }
  }
  const problem = checkTrailers(result.fields)
  if (problem !== undefined) return protocolFault(problem.detail, problem.section)
  return stream.body.whole ? undefined : lengthFault(id)
}

function afterEnd(name: string, id: number): H2Fault {
  const detail = `Read ${name} of stream ${id}: after its end`
  return { code: H2Error.StreamClosed, detail, clause: 'RFC 9113 section 5.1' }
}

function lengthFault(id: number): H2Fault {
  return protocolFault(`Read DATA of stream ${id}: not as long as Content-Length says`, '8.1.1')
}
