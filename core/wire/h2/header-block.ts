import { Flag, type Frame, readUint31 } from './frames.ts'
import { protocolFault } from './session.ts'
import { H2Error, type H2Fault, type H2Limits } from './types.ts'

/** Compressed blocks this many times longer than the list they may hold are not waited for. */
const PATIENCE = 4

/** One header block: HEADERS and the CONTINUATION frames behind it (RFC 9113 section 4.3). */
export class HeaderBlock {
  readonly #limits: H2Limits
  readonly id: number
  readonly ends: boolean
  /** The stream that its priority depends on. */
  dependsOn = 0
  complete = false
  #parts: Uint8Array[] = []
  #length = 0
  #continuations = -1

  constructor(frame: Frame, limits: H2Limits) {
    this.#limits = limits
    this.id = frame.id
    this.ends = (frame.flags & Flag.EndStream) !== 0
  }

  /** Takes HEADERS, without padding and priority. */
  start(frame: Frame): H2Fault | undefined {
    if (!unpad(frame)) return protocolFault('Read HEADERS: more padding than payload', '6.2')
    if ((frame.flags & Flag.Priority) !== 0) {
      if (frame.end - frame.start < 5) {
        const detail = 'Read HEADERS: cut off within its priority'
        return { code: H2Error.FrameSize, detail, clause: 'RFC 9113 section 6.2' }
      }
      this.dependsOn = readUint31(frame.bytes, frame.start)
      frame.start += 5
    }
    return this.add(frame)
  }

  /** Takes CONTINUATION. */
  add({ flags, bytes, start, end }: Frame): H2Fault | undefined {
    this.#parts.push(bytes.subarray(start, end))
    this.#length += end - start
    this.complete = (flags & Flag.EndHeaders) !== 0
    const { continuations, headSize } = this.#limits
    if (++this.#continuations > continuations) {
      const detail = `Read header block: more than ${continuations} CONTINUATION frames`
      return { code: H2Error.EnhanceYourCalm, detail, clause: 'continuations' }
    }
    if (this.#length > headSize * PATIENCE) {
      const detail = `Read header block: far more than ${headSize} bytes`
      return { code: H2Error.EnhanceYourCalm, detail, clause: 'headSize' }
    }
    return undefined
  }

  /** The whole block. */
  get bytes(): Uint8Array {
    if (this.#parts.length === 1) return this.#parts[0]!
    const whole = new Uint8Array(this.#length)
    let at = 0
    for (const part of this.#parts) {
      whole.set(part, at)
      at += part.length
    }
    return whole
  }
}

/** Takes padding off a frame of HEADERS or DATA. False: there is more of it than payload. */
export function unpad(frame: Frame): boolean {
  if ((frame.flags & Flag.Padded) === 0) return true
  if (frame.start === frame.end) return false
  const padding = frame.bytes[frame.start++]!
  frame.end -= padding
  return frame.end >= frame.start
}
