/** Names and values in turn, as received: `[name, value, name, value, …]`. Values are Latin-1 text without outer white space. */
export type HeaderList = string[]

/** Names, in lower case, of fields whose sender wants them in nobody's compression table (RFC 7541 section 7.1.3). */
export type SensitiveNames = ReadonlySet<string> | undefined

/** How a message's body is delimited (RFC 9112 section 6.3). */
export type BodyFraming = 'none' | 'length' | 'chunked' | 'until-close'

/** A request's head, checked and normalised, the same for every version of HTTP. */
export interface RequestHead {
  readonly method: string
  /** As to be forwarded: origin-form, or `*`, or authority-form for CONNECT; dot segments are resolved. */
  readonly target: string
  /** The target's path, percent-encoding normalised (RFC 3986 section 6.2.2), for matching. */
  readonly path: string
  /** From `?` on, or empty. */
  readonly query: string
  /** Host or :authority as received, empty where an HTTP/1.0 request has none. */
  readonly authority: string
  /** `authority` in lower case without port and trailing dot. */
  readonly host: string
  readonly version: '1.0' | '1.1' | '2'
  readonly headers: HeaderList
  readonly framing: BodyFraming
  /** The body's length in bytes where `framing` is `length`. */
  readonly length: number
  /** Whether the client wants the connection to stay. */
  readonly keepAlive: boolean
  /** The protocols of an `Upgrade` that `Connection` names; empty otherwise. */
  readonly upgrade: string
  /** Whether the client waits for 100 (Continue). */
  readonly expectContinue: boolean
  readonly sensitive?: SensitiveNames
}

/** A response's head, checked. */
export interface ResponseHead {
  readonly status: number
  readonly reason: string
  readonly version: '1.0' | '1.1' | '2'
  readonly headers: HeaderList
  readonly framing: BodyFraming
  readonly length: number
  readonly keepAlive: boolean
  readonly sensitive?: SensitiveNames
}

/** What is wrong with bytes from outside. */
export type WireErrorCode =
  | 'MALFORMED_REQUEST'
  | 'HEAD_TOO_LARGE'
  | 'TARGET_TOO_LONG'
  | 'BODY_TOO_LARGE'
  | 'VERSION_UNSUPPORTED'
  | 'TRANSFER_CODING_UNSUPPORTED'
  | 'MALFORMED_RESPONSE'

/** Bytes that break the rules; `clause` is the rule, such as `RFC 9112 section 5.1`. A value, never thrown. */
export interface WireError {
  readonly code: WireErrorCode
  readonly detail: string
  readonly clause: string
}

/** Turns bytes into Latin-1 text: one character a byte. Platforms have quicker ones than the core. */
export type Latin1 = (bytes: Uint8Array, start: number, end: number) => string
