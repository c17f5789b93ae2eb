import { parseAuthority } from './authority.ts'
import { isToken, quote } from './characters.ts'
import { connectionOptions } from './connection.ts'
import { REQUEST, wireError } from './errors.ts'
import { CHUNKED, frameOf, UNSAID } from './framing.ts'
import type { Lines } from './lines.ts'
import { type BodySink, type Frame, MessageParser } from './message-parser.ts'
import { checkMethod, readRequestLine, type RequestLine } from './request-line.ts'
import { type Destination, destinationOf } from './request-target.ts'
import type { BodyFraming, Latin1, RequestHead, WireError } from './types.ts'

/** Bounds on a request, in bytes but for `headerCount`. */
export interface RequestLimits {
  readonly headSize: number
  readonly targetSize: number
  readonly headerCount: number
  /** 0: no bound. */
  readonly bodySize: number
}

/** Who is told what a connection's requests hold. */
export interface RequestSink extends BodySink {
  onHead(head: RequestHead): void
  /** The last call about this connection. `head` is there where it was read before the error. */
  onError(error: WireError, head: RequestHead | undefined): void
}

/** What a {@linkcode RequestParser} depends on. */
export interface RequestParserOptions {
  readonly limits: RequestLimits
  readonly latin1?: Latin1
}

/**
 * Reads requests (RFC 9112) from a connection's bytes, one after the other: `push` until `onEnd`, then `next`.
 * Whatever two readers might understand differently is an error, and an error ends the connection.
 */
export class RequestParser extends MessageParser {
  readonly #sink: RequestSink
  readonly #limits: RequestLimits
  readonly #line: RequestLine = { method: '', target: '', pathLength: 0, version: '1.1' }
  #head: RequestHead | undefined
  /** The Host read last and what it means: a connection's requests mostly repeat it. */
  #hostField: string | undefined
  #host = ''

  constructor(sink: RequestSink, options: RequestParserOptions) {
    super(sink, { role: REQUEST, limits: options.limits, latin1: options.latin1 })
    this.#sink = sink
    this.#limits = options.limits
  }

  /** Gets ready for the next request. Call it after `onEnd`. */
  next(): void {
    this.#head = undefined
    this.restart()
  }

  protected startLine(lines: Lines): number | WireError {
    return readRequestLine(lines, this.#line, this.#limits.targetSize)
  }

  protected startOfLine(bytes: Uint8Array, length: number): WireError | undefined {
    return checkMethod(bytes, length)
  }

  protected headRead(): Frame | WireError {
    const { method, version } = this.#line
    const destination = this.#destination()
    if ('code' in destination) return destination
    const { target, path, query, authority, host } = destination
    const http10 = version === '1.0'
    const frame = frameOf(this.fields, http10, REQUEST)
    if (typeof frame === 'object') return frame
    const framing = framingOf(frame)
    const length = frame > 0 ? frame : 0
    const { keepAlive, upgrade } = connectionOptions(this.fields, http10)
    const expectContinue = this.#expectsContinue(frame)
    this.#head = {
      method,
      target,
      path,
      query,
      authority,
      host,
      version,
      headers: this.fields.headers,
      framing,
      length,
      keepAlive,
      upgrade,
      expectContinue,
    }
    const { bodySize } = this.#limits
    if (bodySize > 0 && length > bodySize) {
      const detail = `Read Content-Length "${length}": more than ${bodySize}`
      return wireError('BODY_TOO_LARGE', detail, 'RFC 9110 section 15.5.14')
    }
    return this.#head
  }

  protected headReady(): void {
    this.#sink.onHead(this.#head!)
  }

  protected failed(error: WireError): void {
    this.#sink.onError(error, this.#head)
  }

  protected headTooLarge(started: boolean, held: string): WireError {
    const detail = `Read head: more than ${this.#limits.headSize} bytes`
    const method = held.slice(0, held.indexOf(' '))
    const inTarget = !started && held.includes(' ') && isToken(method)
    const code = inTarget ? 'TARGET_TOO_LONG' : 'HEAD_TOO_LARGE'
    return wireError(code, detail, inTarget ? 'RFC 9112 section 3' : 'RFC 6585 section 5')
  }

  #destination(): Destination | WireError {
    const { count, value } = this.fields.host
    if (count > 1) return badHost(value, 'more than one field')
    if (count === 0 && this.#line.version === '1.1') return badHost('', 'no field')
    if (count === 1 && value !== this.#hostField) {
      const parsed = parseAuthority(value)
      if (parsed === undefined) return badHost(value, 'malformed')
      this.#hostField = value
      this.#host = parsed.host
    }
    const destination = destinationOf(this.#line, count === 0 ? '' : value, this.#host)
    if ('code' in destination) return destination
    // RFC 9112 section 3.2.2: the target's authority replaces a Host that differs.
    if (count === 1) this.fields.headers[this.fields.host.index] = destination.authority
    return destination
  }

  // RFC 9110 section 10.1.1: not in HTTP/1.0, and not where no content follows.
  #expectsContinue(frame: number): boolean {
    const { count, value } = this.fields.expect
    if (count === 0 || this.#line.version === '1.0') return false
    return frame !== UNSAID && frame !== 0 && value.toLowerCase() === '100-continue'
  }
}

function framingOf(frame: number): BodyFraming {
  if (frame === UNSAID) return 'none'
  return frame === CHUNKED ? 'chunked' : 'length'
}

function badHost(value: string, found: string): WireError {
  const detail = `Read Host ${quote(value)}: ${found}`
  return wireError(REQUEST.malformed, detail, 'RFC 9112 section 3.2')
}
