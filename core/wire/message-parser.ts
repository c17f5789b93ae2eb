import { CR, LF } from './characters.ts'
import { ChunkedReader } from './chunked.ts'
import { type Role, wireError } from './errors.ts'
import { FieldReader } from './fields.ts'
import { plainLatin1 } from './latin1.ts'
import { headEnd, HeldLine, type Lines } from './lines.ts'
import type { BodyFraming, HeaderList, Latin1, WireError } from './types.ts'

/** Bounds on one message, in bytes. */
export interface MessageLimits {
  /** The whole head, and once more the trailer section. */
  readonly headSize: number
  /** Fields of a head, and once more of a trailer section. */
  readonly headerCount: number
  /** The body; 0: no bound. */
  readonly bodySize: number
}

/** Who is told what a message holds, whatever its head looks like. */
export interface BodySink {
  /** A piece of the body: a view on the chunk that was pushed, not a copy. */
  onBody(bytes: Uint8Array): void
  /** The message is whole. */
  onEnd(trailers: HeaderList): void
}

/** How the body that follows a head is delimited. */
export interface Frame {
  readonly framing: BodyFraming
  readonly length: number
}

/** What a parser of either kind of message depends on. */
export interface MessageOptions {
  readonly role: Role
  readonly limits: MessageLimits
  readonly latin1: Latin1 | undefined
}

const HEAD = 0
const LENGTH = 1
const CHUNKED = 2
const CLOSE = 3
const DONE = 4
const SPENT = 5

/** Empty lines that may come before a start line (RFC 9112 section 2.2). */
const MAX_EMPTY_LINES = 2

/**
 * What requests and responses have in common: lines, fields, bodies. A head that lies whole in one chunk is read
 * in place; of others, the beginning of an unfinished line is kept. Complete lines are judged as they come, so
 * that the outcome does not depend on how the bytes were cut.
 */
export abstract class MessageParser {
  readonly role: Role
  protected readonly fields: FieldReader
  readonly #limits: MessageLimits
  readonly #latin1: Latin1
  readonly #sink: BodySink
  readonly #held: HeldLine = new HeldLine()
  readonly #lines: Lines = { bytes: new Uint8Array(0), text: '', start: 0, end: 0 }
  #chunked: ChunkedReader | undefined
  #state: number = HEAD
  /** Tells messages apart, for sinks that call `next` from within `onEnd`. */
  #number = 0
  /** A head of this message was read, and another one follows it. */
  #interim = false
  #started = false
  #emptyLines = 0
  /** Bytes of this head that were taken so far. */
  #taken = 0
  #left = 0

  constructor(sink: BodySink, options: MessageOptions) {
    this.role = options.role
    this.#limits = options.limits
    this.#latin1 = options.latin1 ?? plainLatin1
    this.#sink = sink
    this.fields = new FieldReader(options.role, options.limits.headerCount)
  }

  /** Reads the start line; the index after it, or what is wrong with it. */
  protected abstract startLine(lines: Lines): number | WireError
  /** What a start line cannot begin with, found before the line is whole. */
  protected abstract startOfLine(bytes: Uint8Array, length: number): WireError | undefined
  /** The head is read: says what follows, `head` for another head, or what is wrong. */
  protected abstract headRead(): Frame | 'head' | WireError
  /** Tells the sink. */
  protected abstract headReady(): void
  protected abstract failed(error: WireError): void
  protected abstract headTooLarge(started: boolean, held: string): WireError

  /** Whether nothing of a next message has come yet. */
  get idle(): boolean {
    return this.#state === HEAD && this.#taken === 0 && !this.#interim
  }

  /** Whether the message was read to its end, and `next` may be called. */
  get done(): boolean {
    return this.#state === DONE
  }

  /**
   * Takes bytes from `offset` on, to the end of one message at most. Returns the index of the first byte that
   * was not taken: it belongs to the next message, after `next`. After an error everything is taken.
   */
  push(chunk: Uint8Array, offset = 0): number {
    const number = this.#number
    let at = offset
    while (this.#state === HEAD && at < chunk.length && this.#number === number) {
      at = this.#head(chunk, at)
    }
    if (at >= chunk.length || this.#number !== number) return at
    switch (this.#state) {
      case LENGTH:
        return this.#lengthBody(chunk, at)
      case CHUNKED:
        return this.#after(chunk, this.#chunked!.push(chunk, at))
      case CLOSE:
        this.#sink.onBody(chunk.subarray(at))
        return chunk.length
      case DONE:
        return at
      default:
        return chunk.length
    }
  }

  /** Gets ready for the next message of the connection. */
  protected restart(): void {
    this.#state = HEAD
    this.#number++
    this.#interim = false
    this.#emptyLines = 0
    this.#beginHead()
  }

  /** Tells no more about this message; whatever comes is swallowed. */
  abandon(): void {
    this.#state = SPENT
    this.#chunked?.stop()
  }

  /** The connection ended. Where a message was cut off by it, says so; where it ends a body, ends it. */
  eof(): WireError | undefined {
    const before = this.#state
    if (before === DONE || before === SPENT || this.idle) return undefined
    this.#state = SPENT
    if (before === CLOSE) {
      this.#state = DONE
      this.#sink.onEnd([])
      return undefined
    }
    const what = before === HEAD ? 'head' : 'body'
    const detail = `Read ${what}: the connection ended before it was whole`
    return wireError(this.role.malformed, detail, 'RFC 9112 section 8')
  }

  #beginHead(): void {
    this.#started = false
    this.#taken = 0
    this.#held.clear()
    this.fields.reset()
  }

  #head(chunk: Uint8Array, offset: number): number {
    const budget = this.#limits.headSize - this.#taken
    if (this.#held.length === 0 && chunk[offset] !== CR) {
      const end = headEnd(chunk, offset, Math.min(chunk.length, offset + budget))
      if (end > 0) return this.#after(chunk, this.#read(chunk, offset, end))
    }
    return this.#oneLine(chunk, offset, budget)
  }

  #oneLine(chunk: Uint8Array, offset: number, budget: number): number {
    const limit = Math.min(chunk.length, offset + budget)
    const lf = chunk.indexOf(LF, offset)
    const whole = lf >= 0 && lf < limit
    const end = whole ? lf + 1 : limit
    if (whole && this.#held.length === 0) this.#read(chunk, offset, end)
    else {
      this.#held.hold(chunk, offset, end)
      this.#taken += end - offset
      if (whole) this.#readHeld()
      else if (end < chunk.length) this.#tooLarge()
      else this.#early()
    }
    return this.#after(chunk, end)
  }

  #readHeld(): void {
    const length = this.#held.length
    this.#held.clear()
    this.#taken -= length
    this.#read(this.#held.bytes, 0, length)
  }

  #early(): void {
    if (this.#started) return
    const error = this.startOfLine(this.#held.bytes, this.#held.length)
    if (error !== undefined) this.#fail(error)
  }

  #tooLarge(): void {
    const held = this.#latin1(this.#held.bytes, 0, this.#held.length)
    this.#fail(this.headTooLarge(this.#started, held))
  }

  /** Reads whole lines up to the head's empty line; the index after the last one read. */
  #read(bytes: Uint8Array, start: number, end: number): number {
    const lines = this.#lines
    lines.bytes = bytes
    lines.text = this.#latin1(bytes, start, end)
    lines.start = start
    lines.end = end
    const next = this.#started ? start : this.#start(lines)
    if (next < 0) return end
    const read = this.fields.read(lines, next)
    if (typeof read === 'object') {
      this.#fail(read)
      return end
    }
    this.#taken += read - start
    if (this.fields.complete) this.#headEnds()
    return read
  }

  /** The index after the start line, or -1 where there is none. */
  #start(lines: Lines): number {
    if (lines.text === '\r\n' && this.#emptyLines < MAX_EMPTY_LINES) {
      this.#emptyLines++
      return -1
    }
    const next = this.startLine(lines)
    if (typeof next === 'number') {
      this.#started = true
      return next
    }
    this.#fail(next)
    return -1
  }

  #headEnds(): void {
    const frame = this.headRead()
    if (frame === 'head') {
      this.headReady()
      this.#interim = true
      if (this.#state === HEAD) this.#beginHead()
      return
    }
    if ('code' in frame) return this.#fail(frame)
    this.#frame(frame)
    const state = this.#state
    this.headReady()
    if (state === DONE && this.#state === DONE) this.#sink.onEnd([])
  }

  #frame({ framing, length }: Frame): void {
    this.#left = length
    if (framing === 'chunked') {
      this.#chunked ??= this.#chunkedReader()
      this.#chunked.start()
      this.#state = CHUNKED
    } else if (framing === 'until-close') this.#state = CLOSE
    else this.#state = framing === 'length' && length > 0 ? LENGTH : DONE
  }

  #chunkedReader(): ChunkedReader {
    const sink = {
      onChunkData: (bytes: Uint8Array): void => this.#sink.onBody(bytes),
      onChunkedEnd: (trailers: HeaderList): void => {
        this.#state = DONE
        this.#sink.onEnd(trailers)
      },
      onChunkedError: (error: WireError): void => this.#fail(error),
    }
    return new ChunkedReader(sink, {
      role: this.role,
      limits: this.#limits,
      latin1: this.#latin1,
    })
  }

  #lengthBody(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.#left)
    this.#left -= end - at
    this.#sink.onBody(end - at === chunk.length ? chunk : chunk.subarray(at, end))
    if (this.#left > 0 || this.#state !== LENGTH) return this.#after(chunk, end)
    this.#state = DONE
    this.#sink.onEnd([])
    return end
  }

  /** How far a chunk was taken: all of it once nothing more is told. */
  #after(chunk: Uint8Array, end: number): number {
    return this.#state === SPENT ? chunk.length : end
  }

  #fail(error: WireError): void {
    this.#state = SPENT
    this.failed(error)
  }
}
