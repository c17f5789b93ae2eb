import { CR, HEX_VALUE, LF, quote } from './characters.ts'
import { type Role, wireError } from './errors.ts'
import { FieldReader } from './fields.ts'
import { HeldLine, type Lines } from './lines.ts'
import type { HeaderList, Latin1, WireError } from './types.ts'

/** Bounds on what a chunked body may carry besides its data. */
export interface ChunkedLimits {
  /** Bytes of all chunk extensions together, and of the trailer section. */
  readonly headSize: number
  readonly headerCount: number
  /** Bytes of data; 0: no bound. */
  readonly bodySize: number
}

/** Who takes what a chunked body holds. */
export interface ChunkedSink {
  onChunkData(bytes: Uint8Array): void
  onChunkedEnd(trailers: HeaderList): void
  onChunkedError(error: WireError): void
}

/** What a reader of a chunked body depends on. */
export interface ChunkedOptions {
  readonly role: Role
  readonly limits: ChunkedLimits
  readonly latin1: Latin1
}

const SIZE = 0
const DATA = 1
const DATA_CR = 2
const DATA_LF = 3
const TRAILERS = 4
const FINISHED = 5

/** The longest line that says a chunk's size and its extensions. */
const MAX_SIZE_LINE = 4096
/** Sixteen digits and CR LF; what a line has beyond counts as extension. */
const PLAIN_SIZE_LINE = 18

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const QUOTED = '"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*"'
const EXTENSION = `[\\t ]*;[\\t ]*${TOKEN}(?:[\\t ]*=[\\t ]*(?:${TOKEN}|${QUOTED}))?`
/** chunk-size [ chunk-ext ] CRLF (RFC 9112 section 7.1). */
const SIZE_LINE = new RegExp(`^([0-9A-Fa-f]+)(?:${EXTENSION})*\\r\\n$`)

/** Reads the chunked transfer coding (RFC 9112 section 7.1). Extensions are checked and dropped. */
export class ChunkedReader {
  readonly #sink: ChunkedSink
  readonly #role: Role
  readonly #limits: ChunkedLimits
  readonly #latin1: Latin1
  readonly #held: HeldLine = new HeldLine()
  readonly #trailers: FieldReader
  #state = FINISHED
  /** Bytes of the current chunk that are still to come. */
  #left = 0
  #total = 0
  /** Bytes of extensions, then of trailers, so far. */
  #overhead = 0

  constructor(sink: ChunkedSink, options: ChunkedOptions) {
    this.#sink = sink
    this.#role = options.role
    this.#limits = options.limits
    this.#latin1 = options.latin1
    this.#trailers = new FieldReader(options.role, options.limits.headerCount)
  }

  /** Gets ready for a body's first byte. */
  start(): void {
    this.#state = SIZE
    this.#total = 0
    this.#overhead = 0
    this.#held.clear()
  }

  /** Wants no more, whatever comes. */
  stop(): void {
    this.#state = FINISHED
  }

  /** Takes bytes from `offset` on, up to the body's end at most; the index after the last one taken. */
  push(chunk: Uint8Array, offset: number): number {
    let at = offset
    while (at < chunk.length && this.#state !== FINISHED) {
      if (this.#state === DATA) at = this.#data(chunk, at)
      else if (this.#state === DATA_CR) at = this.#expect(chunk, at, CR)
      else if (this.#state === DATA_LF) at = this.#expect(chunk, at, LF)
      else if (this.#state === SIZE) at = this.#size(chunk, at)
      else at = this.#line(chunk, at)
    }
    return at
  }

  #data(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.#left)
    this.#left -= end - at
    if (this.#left === 0) this.#state = DATA_CR
    this.#sink.onChunkData(chunk.subarray(at, end))
    return end
  }

  #expect(chunk: Uint8Array, at: number, byte: number): number {
    if (chunk[at] !== byte) {
      this.#fail('Read chunk: more data than its size says')
      return chunk.length
    }
    this.#state = byte === CR ? DATA_LF : SIZE
    return at + 1
  }

  /** The common case, digits and CR LF all at hand; anything else is read as a line. */
  #size(chunk: Uint8Array, offset: number): number {
    if (this.#held.length > 0) return this.#line(chunk, offset)
    let at = offset
    let size = 0
    const limit = Math.min(chunk.length, offset + 8)
    while (at < limit) {
      const digit = HEX_VALUE[chunk[at]!]!
      if (digit > 15) break
      size = size * 16 + digit
      at++
    }
    if (at === offset || chunk[at] !== CR || chunk[at + 1] !== LF) return this.#line(chunk, offset)
    this.#chunk(size)
    return at + 2
  }

  #line(chunk: Uint8Array, at: number): number {
    const lf = chunk.indexOf(LF, at)
    const end = lf < 0 ? chunk.length : lf + 1
    const limit = this.#state === SIZE ? MAX_SIZE_LINE : this.#limits.headSize - this.#overhead
    if (this.#held.length + end - at > limit) return this.#tooLong(chunk)
    if (lf >= 0 && this.#held.length === 0) {
      this.#lineRead(chunk, at, end)
      return end
    }
    this.#held.hold(chunk, at, end)
    if (lf >= 0) {
      const length = this.#held.length
      this.#held.clear()
      this.#lineRead(this.#held.bytes, 0, length)
    }
    return end
  }

  #tooLong(chunk: Uint8Array): number {
    if (this.#state === SIZE) this.#failExtensions()
    else {
      const detail = `Read trailers: more than ${this.#limits.headSize} bytes`
      this.#end(wireError(this.#role.headTooLarge, detail, 'RFC 9112 section 7.1.2'))
    }
    return chunk.length
  }

  #lineRead(bytes: Uint8Array, start: number, end: number): void {
    const text = this.#latin1(bytes, start, end)
    if (this.#state === SIZE) this.#sizeLine(text)
    else this.#trailerLine({ bytes, text, start, end })
  }

  #sizeLine(text: string): void {
    const match = SIZE_LINE.exec(text)
    if (match === null) return this.#fail(`Read chunk size ${quote(text)}: malformed`)
    const size = Number.parseInt(match[1]!, 16)
    if (size > Number.MAX_SAFE_INTEGER) {
      return this.#fail(`Read chunk size ${quote(text)}: too large to count`)
    }
    this.#overhead += Math.max(0, text.length - PLAIN_SIZE_LINE)
    if (this.#overhead > this.#limits.headSize) return this.#failExtensions()
    this.#chunk(size)
  }

  #chunk(size: number): void {
    this.#left = size
    this.#total += size
    const { bodySize } = this.#limits
    if (bodySize > 0 && this.#total > bodySize) {
      const detail = `Read chunked body: more than ${bodySize} bytes`
      return this.#end(wireError(this.#role.bodyTooLarge, detail, 'RFC 9110 section 15.5.14'))
    }
    this.#state = size > 0 ? DATA : TRAILERS
    if (size > 0) return
    this.#overhead = 0
    this.#trailers.reset()
  }

  #trailerLine(lines: Lines): void {
    this.#overhead += lines.end - lines.start
    const error = this.#trailers.read(lines, lines.start)
    if (typeof error === 'object') return this.#end(error)
    if (!this.#trailers.complete) return
    this.#state = FINISHED
    this.#sink.onChunkedEnd(this.#trailers.headers)
  }

  // RFC 9112 section 7.1.1: a recipient ought to bound the total length of chunk extensions.
  #failExtensions(): void {
    const detail = 'Read chunk size: too long an extension'
    this.#end(wireError(this.#role.bodyTooLarge, detail, 'RFC 9112 section 7.1.1'))
  }

  #fail(detail: string): void {
    this.#end(wireError(this.#role.malformed, detail, 'RFC 9112 section 7.1'))
  }

  #end(error: WireError): void {
    this.#state = FINISHED
    this.#sink.onChunkedError(error)
  }
}
