import { type Frame, FRAME_HEAD, FRAME_SIZE, PREFACE, readUint31 } from './frames.ts'
import { H2Error, type H2Fault } from './types.ts'

/** Who takes frames. */
export interface FrameUser {
  /** False: nothing more is wanted. */
  onFrame(frame: Frame): boolean
  onBroken(fault: H2Fault): void
}

/** Cuts a connection's bytes into frames (RFC 9113 section 4.1), however they come. */
export class FrameReader {
  readonly #user: FrameUser
  readonly #frame: Frame = {
    type: 0,
    flags: 0,
    id: 0,
    bytes: new Uint8Array(0),
    start: 0,
    end: 0,
  }
  /** How much of the preface has come. */
  #prefaced: number
  /** The beginning of a frame whose rest has not come. */
  #held: Uint8Array = new Uint8Array(FRAME_HEAD)
  #heldLength = 0
  #stopped = false

  constructor(user: FrameUser, role: 'server' | 'client') {
    this.#user = user
    this.#prefaced = role === 'server' ? 0 : PREFACE.length
  }

  /** Takes the next bytes. Payloads are views of them where they came in one piece. */
  push(chunk: Uint8Array): void {
    let at = this.#prefaced < PREFACE.length ? this.#preface(chunk) : 0
    if (this.#heldLength > 0) at = this.#fill(chunk, at)
    while (!this.#stopped && chunk.length - at >= FRAME_HEAD) {
      const end = at + FRAME_HEAD + payloadLength(chunk, at)
      if (!this.#fits(chunk, at) || end > chunk.length) break
      this.#hand(chunk, at, end)
      at = end
    }
    if (!this.#stopped && at < chunk.length) this.#fill(chunk, at)
  }

  /** Ends reading: what comes from now on is swallowed. */
  stop(): void {
    this.#stopped = true
  }

  #preface(chunk: Uint8Array): number {
    let at = 0
    while (at < chunk.length && this.#prefaced < PREFACE.length) {
      if (chunk[at++] !== PREFACE[this.#prefaced++]) {
        this.#break(H2Error.Protocol, 'Read preface: other bytes', 'RFC 9113 section 3.4')
        return chunk.length
      }
    }
    return at
  }

  /** Adds to the frame that is held; hands it on where it is whole. The index after what was taken. */
  #fill(chunk: Uint8Array, from: number): number {
    let at = from
    while (!this.#stopped && at < chunk.length) {
      const started = this.#heldLength >= FRAME_HEAD
      const total = started ? FRAME_HEAD + payloadLength(this.#held, 0) : FRAME_HEAD
      const piece = chunk.subarray(at, at + total - this.#heldLength)
      this.#held.set(piece, this.#heldLength)
      this.#heldLength += piece.length
      at += piece.length
      if (this.#heldLength < total) return at
      if (!started && !this.#began()) continue
      const held = this.#held
      const length = this.#heldLength
      // The payload may be kept by its reader: it is never written over.
      this.#held = new Uint8Array(FRAME_HEAD)
      this.#heldLength = 0
      this.#hand(held, 0, length)
      return at
    }
    return at
  }

  /** A frame's head is whole. True: so is the frame. */
  #began(): boolean {
    if (!this.#fits(this.#held, 0)) return false
    const length = payloadLength(this.#held, 0)
    if (length === 0) return true
    const whole = new Uint8Array(FRAME_HEAD + length)
    whole.set(this.#held)
    this.#held = whole
    return false
  }

  // RFC 9113 section 4.2 lets a stream end alone where the frame was DATA; going on is not worth it.
  #fits(bytes: Uint8Array, at: number): boolean {
    const length = payloadLength(bytes, at)
    if (length <= FRAME_SIZE) return true
    const detail = `Read frame of ${length} bytes: more than ${FRAME_SIZE}`
    this.#break(H2Error.FrameSize, detail, 'RFC 9113 section 4.2')
    return false
  }

  #hand(bytes: Uint8Array, at: number, end: number): void {
    const frame = this.#frame
    frame.type = bytes[at + 3]!
    frame.flags = bytes[at + 4]!
    frame.id = readUint31(bytes, at + 5)
    frame.bytes = bytes
    frame.start = at + FRAME_HEAD
    frame.end = end
    if (!this.#user.onFrame(frame)) this.#stopped = true
  }

  #break(code: number, detail: string, clause: string): void {
    this.#stopped = true
    this.#user.onBroken({ code, detail, clause })
  }
}

function payloadLength(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
}
