import type { HeaderList, SensitiveNames } from '../types.ts'
import { FRAME_SIZE, MAX_31_BITS } from './frames.ts'
import { HpackEncoder } from './hpack-encoder.ts'
import type { Session } from './session.ts'
import type { Stream } from './streams.ts'

const NONE: HeaderList = []
/** Frames cut below this by a window are no progress. */
const DROP = 1024

/** How a head is sent. */
export interface HeadOptions {
  /** Whether nothing follows. */
  readonly ends: boolean
  readonly sensitive?: SensitiveNames
}

/** What leaves: heads, and bodies as far as windows allow (RFC 9113 section 5.2). */
export class Outbound {
  readonly #session: Session
  readonly #encoder = new HpackEncoder()

  constructor(session: Session) {
    this.#session = session
  }

  /** The other side's table for header blocks. */
  allowTable(size: number): void {
    this.#encoder.allow(size)
  }

  head(stream: Stream, fields: HeaderList, { ends, sensitive }: HeadOptions): void {
    this.#session.writer.headers(stream.id, this.#encoder.encode(fields, sensitive), ends)
    if (ends) this.#ended(stream)
  }

  /** Sends what the windows let through and keeps the rest. False: something is kept. */
  data(stream: Stream, bytes: Uint8Array): boolean {
    const sent = stream.queue.length > 0 ? 0 : this.#send(stream, bytes, 0, bytes.length)
    if (sent === bytes.length && stream.queue.length === 0) return true
    if (stream.queue.length === 0) stream.queueFrom = sent
    stream.queue.push(bytes)
    stream.waiting = true
    this.#session.queued.add(stream)
    return false
  }

  finish(stream: Stream, trailers: HeaderList): void {
    stream.trailers = trailers
    if (stream.queue.length === 0) this.#end(stream)
  }

  /** A stream's window grew. */
  pump(stream: Stream): void {
    if (stream.queue.length === 0) return
    while (stream.queue.length > 0 && this.#sendQueued(stream)) {
      // One frame after the other.
    }
    if (stream.queue.length === 0) this.#emptied(stream)
  }

  /** The connection's window grew: each stream sends a frame in its turn. */
  pumpAll(): void {
    const { queued } = this.#session
    const emptied: Stream[] = []
    let active = true
    while (active) {
      active = false
      for (const stream of queued) {
        if (!this.#sendQueued(stream)) continue
        active = true
        if (stream.queue.length > 0) continue
        queued.delete(stream)
        emptied.push(stream)
      }
    }
    for (const stream of emptied) this.#emptied(stream)
  }

  /** The initial window changed by `delta`, for open streams as well. False: beyond what a window may be. */
  shiftWindows(delta: number): boolean {
    for (const stream of this.#session.streams.values()) {
      stream.sendWindow += delta
      if (stream.sendWindow > MAX_31_BITS) return false
    }
    if (delta > 0) this.pumpAll()
    return true
  }

  #emptied(stream: Stream): void {
    const { queued, sink } = this.#session
    if (stream.gone) return
    queued.delete(stream)
    if (stream.trailers !== undefined) return this.#end(stream)
    if (!stream.waiting) return
    stream.waiting = false
    sink.onWritable(stream)
  }

  /** Sends one frame of the queue. False: no window. */
  #sendQueued(stream: Stream): boolean {
    const first = stream.queue[0]
    if (first === undefined) return false
    const from = stream.queueFrom
    const sent = this.#send(stream, first, from, Math.min(first.length, from + FRAME_SIZE))
    stream.queueFrom += sent
    if (stream.queueFrom === first.length) {
      stream.queue.shift()
      stream.queueFrom = 0
    }
    return sent > 0
  }

  /** Sends `bytes` from `from` to `to` as far as the windows reach; how many. */
  #send(stream: Stream, bytes: Uint8Array, from: number, to: number): number {
    const session = this.#session
    const window = Math.max(0, Math.min(session.sendWindow, stream.sendWindow))
    const end = Math.min(to, from + window)
    for (let at = from; at < end; at += FRAME_SIZE) {
      session.writer.data(stream.id, bytes, at, Math.min(end, at + FRAME_SIZE), false)
    }
    // A window that lets through drops where there is more explains no further WINDOW_UPDATE (CVE-2019-9511).
    if (end === to || end - from >= DROP) session.guards.sent(end - from)
    session.sendWindow -= end - from
    stream.sendWindow -= end - from
    return end - from
  }

  #end(stream: Stream): void {
    const { writer } = this.#session
    const trailers = stream.trailers ?? NONE
    if (trailers.length > 0) writer.headers(stream.id, this.#encoder.encode(trailers), true)
    else if (!writer.endLast(stream.id)) writer.data(stream.id, EMPTY, 0, 0, true)
    this.#ended(stream)
  }

  #ended(stream: Stream): void {
    stream.localEnded = true
    this.#session.closeIfDone(stream)
  }
}

const EMPTY = new Uint8Array(0)
