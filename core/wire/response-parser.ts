import { CR, FIELD_BYTE, LF, quote, SP } from './characters.ts'
import { connectionOptions } from './connection.ts'
import { RESPONSE, wireError } from './errors.ts'
import { CHUNKED, frameOf, UNSAID } from './framing.ts'
import { withoutFields } from './headers.ts'
import { type Lines, lineText } from './lines.ts'
import { type BodySink, type Frame, MessageParser } from './message-parser.ts'
import type { BodyFraming, Latin1, ResponseHead, WireError } from './types.ts'

/** Bounds on a response, in bytes but for `headerCount`. */
export interface ResponseLimits {
  readonly headSize: number
  readonly headerCount: number
}

/** Who is told what a connection's responses hold. */
export interface ResponseSink extends BodySink {
  /** Interim heads (1xx) come here as well; `onEnd` follows the final one alone. */
  onHead(head: ResponseHead): void
  /** The last call about this connection. */
  onError(error: WireError): void
}

/** What a {@linkcode ResponseParser} depends on. */
export interface ResponseParserOptions {
  readonly limits: ResponseLimits
  readonly latin1?: Latin1
}

/** Interim responses that one request may have. */
const MAX_INTERIM = 8
const MAX_STATUS_LINE_START = 13

/**
 * Reads responses (RFC 9112) from a connection's bytes: `next` with the request's method, then `push` until `onEnd`.
 * Bytes that come while no request is open are an error.
 */
export class ResponseParser extends MessageParser {
  readonly #sink: ResponseSink
  readonly #limits: ResponseLimits
  #method = ''
  #status = 0
  #reason = ''
  #version: '1.0' | '1.1' = '1.1'
  #interim = 0
  #head: ResponseHead | undefined
  #switched = false

  constructor(sink: ResponseSink, options: ResponseParserOptions) {
    const limits = { ...options.limits, bodySize: 0 }
    super(sink, { role: RESPONSE, limits, latin1: options.latin1 })
    this.#sink = sink
    this.#limits = options.limits
  }

  /** Whether the connection left HTTP with the last response: 101, or 2xx to CONNECT. What follows is not HTTP. */
  get switched(): boolean {
    return this.#switched
  }

  /** Gets ready for the answer to a request with `method`. Call it before the first `push`, and after `onEnd`. */
  next(method: string): void {
    this.#method = method
    this.#interim = 0
    this.restart()
  }

  protected startLine(lines: Lines): number | WireError {
    const { bytes, text, start } = lines
    const minor = text.charCodeAt(7)
    const status = threeDigits(bytes, start + 9)
    const after = bytes[start + 12]
    // RFC 9110 section 2.5: a higher minor version is read as the highest that is known.
    const starts = text.startsWith('HTTP/1.') && minor >= 0x30 && minor <= 0x39 &&
      text.charCodeAt(8) === SP && status >= 100 && status < 600
    // The space before an absent reason is missing in the wild; it delimits nothing.
    if (!starts || (after !== SP && after !== CR)) return this.#bad(lines)
    let at = start + MAX_STATUS_LINE_START - (after === SP ? 0 : 1)
    const reasonAt = at
    while (FIELD_BYTE[bytes[at]!] === 1) at++
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return this.#bad(lines)
    this.#status = status
    this.#reason = text.slice(reasonAt - start, at - start)
    this.#version = minor === 0x30 ? '1.0' : '1.1'
    return at + 2
  }

  protected startOfLine(bytes: Uint8Array, length: number): WireError | undefined {
    const expected = 'HTTP/1.'
    for (let i = 0; i < length && i < expected.length; i++) {
      const byte = bytes[i]
      if (i === 0 && byte === CR) return undefined
      if (byte !== expected.charCodeAt(i)) return notHttp()
    }
    return undefined
  }

  protected headRead(): Frame | 'head' | WireError {
    const status = this.#status
    const http10 = this.#version === '1.0'
    this.#switched = status === 101 ||
      (this.#method === 'CONNECT' && status >= 200 && status < 300)
    const bare = this.#switched || status < 200 || status === 204
    // Neither may say how long a body is (RFC 9110 section 8.6): it has none, whatever it says.
    if (bare) return this.#bareHead(status)
    const frame = frameOf(this.fields, http10, RESPONSE)
    if (typeof frame === 'object') return frame
    const bodiless = this.#method === 'HEAD' || status === 304
    const framing = bodiless ? 'none' : framingOf(frame)
    const stays = connectionOptions(this.fields, http10).keepAlive
    const keepAlive = stays && framing !== 'until-close'
    this.#head = this.#makeHead(framing, !bodiless && frame > 0 ? frame : 0, keepAlive)
    return this.#head
  }

  protected headReady(): void {
    this.#sink.onHead(this.#head!)
  }

  protected failed(error: WireError): void {
    this.#sink.onError(error)
  }

  protected headTooLarge(): WireError {
    const detail = `Read response head: more than ${this.#limits.headSize} bytes`
    return wireError(RESPONSE.headTooLarge, detail, 'RFC 9112 section 4')
  }

  #bareHead(status: number): Frame | 'head' | WireError {
    const { contentLength, transferEncoding } = this.fields
    if (contentLength.count + transferEncoding.count > 0) {
      this.fields.headers = withoutFields(this.fields.headers, FRAMING_FIELDS)
    }
    const keepAlive = !this.#switched &&
      connectionOptions(this.fields, this.#version === '1.0').keepAlive
    this.#head = this.#makeHead('none', 0, keepAlive)
    if (status >= 200 || status === 101) return this.#head
    this.#interim++
    if (this.#interim <= MAX_INTERIM) return 'head'
    const detail = `Read response: more than ${MAX_INTERIM} interim responses`
    return wireError(RESPONSE.malformed, detail, 'RFC 9110 section 15.2')
  }

  #makeHead(framing: BodyFraming, length: number, keepAlive: boolean): ResponseHead {
    return {
      status: this.#status,
      reason: this.#reason,
      version: this.#version,
      headers: this.fields.headers,
      framing,
      length,
      keepAlive,
    }
  }

  #bad(lines: Lines): WireError {
    if (!lines.text.startsWith('HTTP/1.')) return notHttp()
    const detail = `Read status line ${quote(lineText(lines, lines.start))}: malformed`
    return wireError(RESPONSE.malformed, detail, 'RFC 9112 section 4')
  }
}

const FRAMING_FIELDS = ['content-length', 'transfer-encoding']

function framingOf(frame: number): BodyFraming {
  if (frame === UNSAID) return 'until-close'
  return frame === CHUNKED ? 'chunked' : 'length'
}

/** The number that three decimal digits make, or NaN. */
function threeDigits(bytes: Uint8Array, at: number): number {
  let value = 0
  for (let i = at; i < at + 3; i++) {
    const digit = bytes[i]! - 0x30
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN
  }
  return value
}

function notHttp(): WireError {
  const detail = 'Read status line: does not start with "HTTP/1."'
  return wireError(RESPONSE.malformed, detail, 'RFC 9112 section 2.3')
}
