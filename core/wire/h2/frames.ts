import { latin1Bytes } from '../latin1.ts'

/** Types of frames (RFC 9113 section 6). */
export const FrameType = {
  Data: 0,
  Headers: 1,
  Priority: 2,
  RstStream: 3,
  Settings: 4,
  PushPromise: 5,
  Ping: 6,
  Goaway: 7,
  WindowUpdate: 8,
  Continuation: 9,
} as const

/** Flags of frames; which of them mean something depends on the type. */
export const Flag = {
  EndStream: 0x1,
  Ack: 0x1,
  EndHeaders: 0x4,
  Padded: 0x8,
  Priority: 0x20,
} as const

/** Bytes in front of a frame's payload (RFC 9113 section 4.1). */
export const FRAME_HEAD = 9

/** The payload that everyone takes, and all that we take (RFC 9113 section 4.2). */
export const FRAME_SIZE = 16_384

/** The largest window, and the largest identifier of a stream. */
export const MAX_31_BITS = 0x7fff_ffff

/** The window that a stream and a connection begin with (RFC 9113 section 6.9.2). */
export const FIRST_WINDOW = 65_535

/** What a client sends first (RFC 9113 section 3.4). */
export const PREFACE: Uint8Array = latin1Bytes('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** One frame as read; the object is filled again for the next. The payload is `bytes` from `start` to `end`. */
export interface Frame {
  type: number
  flags: number
  id: number
  bytes: Uint8Array
  start: number
  end: number
}

/** The 32-bit number at `at`, without its first bit: reserved wherever a number is read. */
export function readUint31(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at) & MAX_31_BITS
}

/** The 32-bit number at `at`. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>>
    0
}

/** Writes a 32-bit number at `at`. */
export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
