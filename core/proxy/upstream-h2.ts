import type { Duplex, DuplexHandler } from '../port/mod.ts'
import { H2Connection, H2Error } from '../wire/mod.ts'
import type { H2Limits, H2Sink, H2Stream } from '../wire/mod.ts'
import { Bag } from './bag.ts'
import { Outbox } from './outbox.ts'
import type { UpstreamFault } from './sides.ts'
import type { Mortal } from './ticker.ts'
import type { UpstreamH2Options } from './upstream-options.ts'
import { UpstreamStream } from './upstream-stream.ts'

/** RFC 9113 section 6.9.1. */
const MAX_WINDOW = 2 ** 31 - 1

/** One HTTP/2 connection to an endpoint, shared by many exchanges. */
export class UpstreamH2 implements DuplexHandler, Mortal {
  deadline: number = Infinity
  readonly goodUntil: number
  readonly options: UpstreamH2Options
  readonly h2: H2Connection
  readonly outbox: Outbox
  /** Settled once the endpoint has told its settings, or is gone. */
  readonly ready: Promise<void>
  readonly #duplex: Duplex
  readonly #streams = new Bag<'seat', UpstreamStream>('seat')
  readonly #arrived: UpstreamStream[] = []
  #arriving = false
  #served = 0
  #ending = false
  #greeted: (() => void) | undefined

  constructor(options: UpstreamH2Options) {
    this.options = options
    this.goodUntil = options.goodUntil
    this.#duplex = options.dialed.duplex
    this.ready = new Promise((resolve) => this.#greeted = resolve)
    this.outbox = new Outbox(this.#duplex, options.clock, () => this.h2.flush())
    this.h2 = new H2Connection(this.#sink(), {
      role: 'client',
      limits: upstreamLimits(options),
      latin1: options.latin1,
      write: (bytes) => this.outbox.write(bytes),
      now: () => options.ticker.now,
    })
    options.ticker.add(this)
    this.#duplex.handle(this)
    this.h2.start()
    this.outbox.stir()
  }

  /** Whether another exchange can be served now. */
  get available(): boolean {
    const { concurrentStreams } = this.options.http2
    return !this.#ending && !this.outbox.full && this.h2.greeted && this.h2.canOpen &&
      this.#streams.size < concurrentStreams
  }

  /** A place for one exchange. */
  stream(): UpstreamStream {
    const side = new UpstreamStream(this)
    this.#streams.add(side)
    this.deadline = Infinity
    if (++this.#served === this.options.requests) this.#ending = true
    return side
  }

  /** Takes no more exchanges; closes once those under way are done. */
  retire(): void {
    this.#ending = true
    this.#maybeEnd()
  }

  /** An exchange is over. */
  left(side: UpstreamStream): void {
    this.#streams.remove(side)
    if (this.#streams.size > 0) return
    this.deadline = this.options.ticker.now + this.options.idleTimeout
    this.#maybeEnd()
  }

  expire(): void {
    if (!this.#ending && this.#streams.size === 0) this.retire()
    else this.#duplex.destroy()
  }

  onData(chunk: Uint8Array): void {
    this.#arriving = true
    this.outbox.hold()
    try {
      this.h2.receive(chunk)
      if (this.h2.greeted) this.#greet()
      for (const side of this.#arrived) side.arrived()
    } catch (error) {
      this.options.onFailure(error)
      this.#duplex.destroy(true)
    }
    for (const side of this.#arrived) side.noted = false
    this.#arrived.length = 0
    this.#arriving = false
    this.outbox.release()
  }

  onEnd(): void {
    this.#loseAll('UPSTREAM_CLOSED', 'The endpoint closed the connection')
    this.#duplex.end()
  }

  onDrain(): void {
    this.outbox.drained()
    for (const side of this.#streams.all()) side.resume()
  }

  onClose(error: Error | undefined): void {
    this.options.ticker.remove(this)
    this.options.onGone(this)
    this.#greet()
    this.#loseAll('UPSTREAM_CLOSED', error?.message ?? 'The endpoint closed the connection')
  }

  #sink(): H2Sink {
    return {
      onHead: (stream, fields, ends) => this.#sideOf(stream)?.onHead(fields, ends),
      onHeadTooLarge: (stream) => {
        this.h2.reset(stream, H2Error.Cancel)
        this.#sideOf(stream)?.broken('The response head is longer than limits.headSize')
      },
      onData: (stream, bytes) => {
        const side = this.#sideOf(stream)
        if (side === undefined) this.h2.consumed(stream, bytes.length)
        else side.onBody(bytes)
      },
      onEnd: (stream, trailers) => this.#sideOf(stream)?.onEnd(trailers),
      onReset: (stream, fault) => this.#sideOf(stream)?.onReset(fault),
      onWritable: (stream) => (stream.user as UpstreamStream | undefined)?.onWritable(),
      onGoaway: () => this.retire(),
      onFault: (fault) => {
        this.#ending = true
        this.#loseAll('UPSTREAM_MALFORMED', `${fault.detail} (${fault.clause})`)
        this.outbox.flush()
        this.#duplex.end()
        this.deadline = this.options.ticker.now + this.options.idleTimeout
      },
    }
  }

  /** The stream's exchange, told that bytes arrive. */
  #sideOf(stream: H2Stream): UpstreamStream | undefined {
    const side = stream.user as UpstreamStream | undefined
    if (side !== undefined && this.#arriving && !side.noted) {
      side.noted = true
      this.#arrived.push(side)
      side.arrives()
    }
    return side
  }

  #loseAll(code: UpstreamFault['code'], detail: string): void {
    this.#ending = true
    for (const side of this.#streams.all()) {
      side.fault({ code, detail, stale: this.h2.greeted, untouched: false })
    }
  }

  #greet(): void {
    this.#greeted?.()
    this.#greeted = undefined
  }

  #maybeEnd(): void {
    if (!this.#ending || this.#streams.size > 0) return
    this.h2.abort(H2Error.NoError, '')
    this.outbox.flush()
    this.#duplex.end()
    this.deadline = this.options.ticker.now + this.options.idleTimeout
  }
}

/**
 * Bounds on an endpoint. The connection's window holds all streams' windows: a client that reads nothing must not keep
 * the others from their answers.
 */
function upstreamLimits({ http2, headSize, headerCount }: UpstreamH2Options): H2Limits {
  const { streamWindow, concurrentStreams } = http2
  const connectionWindow = Math.min(streamWindow * concurrentStreams, MAX_WINDOW)
  return { ...http2, headSize, headerCount, connectionWindow }
}
