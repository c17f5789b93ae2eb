import type { HeaderList, SensitiveNames } from '../types.ts'
import { BodyCount } from './body-count.ts'
import type { H2Stream } from './types.ts'
import { ReceiveWindow } from './windows.ts'

/** A stream that is open or half-closed (RFC 9113 section 5.1). */
export class Stream implements H2Stream {
  readonly id: number
  user: unknown = undefined
  sensitive: SensitiveNames = undefined
  /** The other side has sent END_STREAM. */
  remoteEnded = false
  /** We have. */
  localEnded = false
  /** Over: nothing more is sent, nor told. */
  gone = false
  /** Over before its time. */
  cut = false
  /** The message's head was read; a response's interim heads do not count. */
  headRead = false
  interim = 0
  /** The rest of the message goes to nobody, since its head was too large. */
  deaf = false
  /** Whether the request was HEAD, whose answer names a length that it does not have. */
  readonly forHead: boolean
  readonly body: BodyCount = new BodyCount()
  readonly receiveWindow: ReceiveWindow
  /** Bytes that the user has and did not give back. */
  held = 0
  sendWindow: number
  /** What waits for a window, first to last; of the first, `queueFrom` bytes have gone. */
  readonly queue: Uint8Array[] = []
  queueFrom = 0
  /** What ends the stream behind the queue. */
  trailers: HeaderList | undefined
  /** The user was told to wait. */
  waiting = false

  constructor(id: number, receiveWindow: number, sendWindow: number, forHead = false) {
    this.id = id
    this.receiveWindow = new ReceiveWindow(receiveWindow)
    this.sendWindow = sendWindow
    this.forHead = forHead
  }
}

/** How a stream came to its end. */
export const Closed = { Unknown: 0, Ended: 1, ResetByUs: 2, ResetByPeer: 3 } as const

const MEMORY = 256

/** Remembers how recent streams ended, so that late frames are told from wrong ones. */
export class ClosedStreams {
  /** A stream's number and its ending, each at a place that its number gives. */
  readonly #endings = new Int32Array(MEMORY)

  remember(id: number, ending: number): void {
    const number = id >> 1
    this.#endings[number % MEMORY] = (number << 2) | ending
  }

  /** One of {@linkcode Closed}'s values. */
  ending(id: number): number {
    const number = id >> 1
    const kept = this.#endings[number % MEMORY]!
    return kept >>> 2 === number ? kept & 3 : Closed.Unknown
  }
}
