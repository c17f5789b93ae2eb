import type { Latin1 } from '../types.ts'
import { ControlFrames } from './control-frames.ts'
import type { FrameUser } from './frame-reader.ts'
import { Flag, type Frame, FrameType } from './frames.ts'
import { HeaderBlock } from './header-block.ts'
import { MessageFrames } from './message-frames.ts'
import type { Outbound } from './outbound.ts'
import type { Session } from './session.ts'
import { H2Error, type H2Fault } from './types.ts'

/** Sorts frames as they come, and keeps header blocks together. */
export class Inbound implements FrameUser {
  readonly #session: Session
  readonly #control: ControlFrames
  readonly #messages: MessageFrames
  /** SETTINGS has come. */
  #greeted = false
  #block: HeaderBlock | undefined

  constructor(session: Session, outbound: Outbound, latin1: Latin1) {
    this.#session = session
    this.#control = new ControlFrames(session, outbound)
    this.#messages = new MessageFrames(session, latin1)
  }

  onFrame(frame: Frame): boolean {
    const session = this.#session
    if (session.over || !this.#inPlace(frame)) return false
    switch (frame.type) {
      case FrameType.Data:
        this.#messages.onData(frame)
        break
      case FrameType.Headers:
        this.#onBlock(new HeaderBlock(frame, session.limits), frame)
        break
      case FrameType.Continuation:
        this.#onBlock(this.#block, frame)
        break
      case FrameType.PushPromise:
        this.#fail('Read PUSH_PROMISE: not allowed', session.server ? '8.4' : '6.5.2')
        break
      default:
        // Frames of unknown types are ignored (RFC 9113 section 5.5), and counted.
        if (frame.type > FrameType.Continuation) session.count('controls')
        else this.#control.onFrame(frame)
    }
    return !session.over
  }

  onBroken({ code, detail, clause }: H2Fault): void {
    this.#session.fail(code, detail, clause)
  }

  /** Whether a frame may come now. */
  #inPlace({ type, flags, id }: Frame): boolean {
    if (!this.#greeted) {
      if (type !== FrameType.Settings || (flags & Flag.Ack) !== 0) {
        return this.#fail(`Read first frame of type ${type}: not SETTINGS`, '3.4')
      }
      this.#greeted = true
    }
    const open = this.#block
    const continues = type === FrameType.Continuation
    if (open === undefined ? !continues : continues && id === open.id) return true
    const detail = open === undefined
      ? `Read CONTINUATION of stream ${id}: no header block is open`
      : `Read frame of type ${type} on stream ${id}: a header block of stream ${open.id} is open`
    return this.#fail(detail, '6.10')
  }

  #onBlock(block: HeaderBlock | undefined, frame: Frame): void {
    if (block === undefined) return
    if (frame.id === 0) return void this.#fail('Read HEADERS: on stream 0', '6.2')
    const fault = block === this.#block ? block.add(frame) : block.start(frame)
    if (fault !== undefined) return this.onBroken(fault)
    this.#block = block.complete ? undefined : block
    if (block.complete) this.#messages.onBlock(block)
  }

  #fail(detail: string, section: string): false {
    this.#session.fail(H2Error.Protocol, detail, `RFC 9113 section ${section}`)
    return false
  }
}
