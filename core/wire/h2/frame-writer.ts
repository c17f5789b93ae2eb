import { latin1Bytes } from '../latin1.ts'
import { Flag, FRAME_HEAD, FRAME_SIZE, FrameType, PREFACE, writeUint32 } from './frames.ts'

/** Room that is taken at once. */
const SLAB = 32_768
/** Less than this is not worth keeping. */
const SCRAP = 1024
const MAX_DETAIL = 256

/** What the last writer left of its room: handed around, so that idle connections hold none. */
let spare: Uint8Array | undefined

/** Gathers frames until they are handed on in one piece. */
export class FrameWriter {
  readonly #write: (bytes: Uint8Array) => void
  #room: Uint8Array | undefined
  #at = 0
  #answers = 0
  /** Where the flags of the frame written last stand, where that is DATA or a head of stream `#lastId`. */
  #lastFlags = 0
  #lastId = 0

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write
  }

  /** Bytes gathered and not handed on. */
  get gathered(): number {
    return this.#at
  }

  /** Of these, bytes that answer frames which we did not ask for. */
  get answers(): number {
    return this.#answers
  }

  /** Hands on what was gathered. The bytes are the receiver's. */
  flush(): void {
    const room = this.#room
    if (room === undefined || this.#at === 0) return
    const bytes = room.subarray(0, this.#at)
    const rest = room.subarray(this.#at)
    const worth = rest.length >= SCRAP && rest.length <= SLAB
    if (worth && rest.length > (spare?.length ?? 0)) spare = rest
    this.#room = undefined
    this.#at = 0
    this.#answers = 0
    this.#lastId = 0
    this.#write(bytes)
  }

  preface(): void {
    this.#reserve(PREFACE.length).set(PREFACE, this.#at)
    this.#at += PREFACE.length
  }

  /** One DATA frame with `bytes` from `from` to `to`. */
  data(id: number, bytes: Uint8Array, from: number, to: number, ends: boolean): void {
    const flagsAt = this.#at + 4
    const room = this.#head(FrameType.Data, ends ? Flag.EndStream : 0, id, to - from)
    room.set(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to), this.#at)
    this.#at += to - from
    this.#lastFlags = flagsAt
    this.#lastId = ends ? 0 : id
  }

  /** HEADERS, and CONTINUATION for what does not fit. */
  headers(id: number, block: Uint8Array, ends: boolean): void {
    const flagsAt = this.#at + 4
    let from = 0
    let type: number = FrameType.Headers
    do {
      const to = Math.min(block.length, from + FRAME_SIZE)
      const flags = (to === block.length ? Flag.EndHeaders : 0) |
        (ends && from === 0 ? Flag.EndStream : 0)
      const whole = to - from === block.length
      const room = this.#head(type, flags, id, to - from)
      room.set(whole ? block : block.subarray(from, to), this.#at)
      this.#at += to - from
      from = to
      type = FrameType.Continuation
    } while (from < block.length)
    this.#lastFlags = flagsAt
    this.#lastId = ends ? 0 : id
  }

  /** Sets END_STREAM on the frame written last, where it is the stream's and not handed on yet. */
  endLast(id: number): boolean {
    if (this.#lastId !== id || this.#room === undefined) return false
    this.#room[this.#lastFlags]! |= Flag.EndStream
    this.#lastId = 0
    return true
  }

  reset(id: number, code: number): void {
    this.#number(FrameType.RstStream, id, code)
  }

  windowUpdate(id: number, increment: number): void {
    this.#number(FrameType.WindowUpdate, id, increment)
  }

  /** Identifiers and values in turn. */
  settings(pairs: readonly number[]): void {
    const room = this.#head(FrameType.Settings, 0, 0, pairs.length * 3)
    for (let i = 0; i < pairs.length; i += 2) {
      room[this.#at] = pairs[i]! >> 8
      room[this.#at + 1] = pairs[i]!
      writeUint32(room, this.#at + 2, pairs[i + 1]!)
      this.#at += 6
    }
    this.#lastId = 0
  }

  settingsAck(): void {
    this.#head(FrameType.Settings, Flag.Ack, 0, 0)
    this.#lastId = 0
    this.#answers += FRAME_HEAD
  }

  pingAck(opaque: Uint8Array): void {
    this.#head(FrameType.Ping, Flag.Ack, 0, opaque.length).set(opaque, this.#at)
    this.#at += opaque.length
    this.#lastId = 0
    this.#answers += FRAME_HEAD + opaque.length
  }

  /** Counts a frame that is written next, or was, as an answer. */
  answered(bytes: number): void {
    this.#answers += bytes
  }

  goaway(lastId: number, code: number, detail: string): void {
    const debug = latin1Bytes(detail.slice(0, MAX_DETAIL))
    const room = this.#head(FrameType.Goaway, 0, 0, 8 + debug.length)
    writeUint32(room, this.#at, lastId)
    writeUint32(room, this.#at + 4, code)
    room.set(debug, this.#at + 8)
    this.#at += 8 + debug.length
    this.#lastId = 0
  }

  #number(type: number, id: number, value: number): void {
    writeUint32(this.#head(type, 0, id, 4), this.#at, value)
    this.#at += 4
    this.#lastId = 0
  }

  /** Writes a frame's head and makes room for its payload. */
  #head(type: number, flags: number, id: number, length: number): Uint8Array {
    const room = this.#reserve(FRAME_HEAD + length)
    const at = this.#at
    room[at] = length >> 16
    room[at + 1] = length >> 8
    room[at + 2] = length
    room[at + 3] = type
    room[at + 4] = flags
    writeUint32(room, at + 5, id)
    this.#at = at + FRAME_HEAD
    return room
  }

  #reserve(bytes: number): Uint8Array {
    const needed = this.#at + bytes
    const room = this.#room
    if (room !== undefined && room.length >= needed) return room
    let larger: Uint8Array
    if (room === undefined && spare !== undefined && spare.length >= needed) {
      larger = spare
      spare = undefined
    } else larger = new Uint8Array(Math.max(SLAB, needed + (this.#at > 0 ? needed : 0)))
    if (room !== undefined) larger.set(room.subarray(0, this.#at))
    this.#room = larger
    return larger
  }
}
