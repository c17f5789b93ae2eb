import type { HeaderList, Latin1, SensitiveNames } from '../types.ts'

/** Error codes (RFC 9113 section 7). */
export const H2Error = {
  NoError: 0,
  Protocol: 1,
  Internal: 2,
  FlowControl: 3,
  SettingsTimeout: 4,
  StreamClosed: 5,
  FrameSize: 6,
  RefusedStream: 7,
  Cancel: 8,
  Compression: 9,
  Connect: 10,
  EnhanceYourCalm: 11,
  InadequateSecurity: 12,
  Http11Required: 13,
} as const

/** Bounds on one connection, each with a name, so that a log line can say which was passed. */
export interface H2Limits {
  /** Sum of a head's names, values and 32 bytes each; more is answered 431. */
  readonly headSize: number
  readonly headerCount: number
  /** Streams open at once (SETTINGS_MAX_CONCURRENT_STREAMS). */
  readonly concurrentStreams: number
  /** Bytes of body that a stream, and the connection, may have under way towards us. */
  readonly streamWindow: number
  readonly connectionWindow: number
  /** CONTINUATION frames of one header block. */
  readonly continuations: number
  /** Frames that cost us work and carry nothing, in a span of `span` milliseconds: */
  readonly span: number
  /** streams reset by the peer or by its errors (CVE-2023-44487, CVE-2025-8671) */
  readonly resets: number
  /** PING, SETTINGS, PRIORITY and unknown frames */
  readonly controls: number
  /** DATA without bytes and without END_STREAM */
  readonly emptyData: number
  /** WINDOW_UPDATE beyond what our DATA explains */
  readonly windowUpdates: number
  /** Bytes of answers to control frames that may wait unsent. */
  readonly pendingControl: number
}

/** One stream of a connection. Its user keeps what it wants in `user`. */
export interface H2Stream {
  readonly id: number
  user: unknown
  /** Of the head that came last. */
  readonly sensitive: SensitiveNames
}

/** What a connection was ended for, or a stream. */
export interface H2Fault {
  /** One of {@linkcode H2Error}'s values. */
  readonly code: number
  readonly detail: string
  /** The section of RFC 9113, or the name of the limit that was passed. */
  readonly clause: string
}

/** Who is told what comes over a connection. */
export interface H2Sink {
  /** A head, as a list of fields with its pseudo-fields first: a request's, or a response's (also 1xx). */
  onHead(stream: H2Stream, fields: HeaderList, ends: boolean): void
  /** A head larger than the limit; a server answers 431. Nothing else comes of the message. */
  onHeadTooLarge(stream: H2Stream): void
  /** A piece of the body: the caller gives the bytes' window back with `consumed`. */
  onData(stream: H2Stream, bytes: Uint8Array): void
  /** The other side has sent all; follows `onHead` at once where that said so. */
  onEnd(stream: H2Stream, trailers: HeaderList): void
  /**
   * The stream is over before its time, by the other side's wish or by its fault. A server may do so with NoError when
   * it has answered and needs no more of the request (RFC 9113 section 8.1): all of the answer has been told then.
   */
  onReset(stream: H2Stream, fault: H2Fault): void
  /** What `data` could not send has left; more may follow. */
  onWritable(stream: H2Stream): void
  /** The other side takes no new streams; those it never saw get `onReset` with RefusedStream. */
  onGoaway(fault: H2Fault): void
  /** The connection cannot go on. GOAWAY is written; all streams are over without further calls. */
  onFault(fault: H2Fault): void
}

/** What a connection depends on. */
export interface H2Options {
  readonly role: 'server' | 'client'
  readonly limits: H2Limits
  readonly latin1: Latin1
  /** Takes bytes for the socket. */
  readonly write: (bytes: Uint8Array) => void
  /** Whether a server takes extended CONNECT, and says so (RFC 8441). */
  readonly connectProtocol?: boolean
  /** Milliseconds, never going back. */
  readonly now: () => number
}
