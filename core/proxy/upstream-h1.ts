import type { Duplex, DuplexHandler } from '../port/mod.ts'
import { chunkHead, lastChunk, ResponseParser, SMALL_CHUNK, wholeChunk } from '../wire/mod.ts'
import type { HeaderList, ResponseSink } from '../wire/mod.ts'
import { forwardedHead } from './request-head.ts'
import type { ServerSide, ServerUser, TakenOver, UpstreamFault, UpstreamRequest } from './sides.ts'
import type { Mortal } from './ticker.ts'
import type { UpstreamOptions } from './upstream-options.ts'

const CRLF = '\r\n'

/** What an upstream connection tells the pool that owns it. */
export interface UpstreamOwner {
  /** The exchange is over and the connection can serve another. */
  onFree(connection: UpstreamH1): void
  onGone(connection: UpstreamH1): void
}

/** What an HTTP/1.1 connection needs besides. */
export interface UpstreamH1Options extends UpstreamOptions {
  readonly owner: UpstreamOwner
}

/** One HTTP/1.1 connection to an endpoint, serving one exchange at a time. */
export class UpstreamH1 implements DuplexHandler, ServerSide, Mortal {
  deadline: number = Infinity
  /** Exchanges that were served before the present one. */
  served = 0
  readonly goodUntil: number
  readonly #options: UpstreamH1Options
  readonly #duplex: Duplex
  readonly #parser: ResponseParser
  #user: ServerUser | undefined
  #chunked = false
  #sent = false
  #answered = false
  #heard = false
  #keepAlive = false
  /** Why the connection ended, once it has. */
  #ending: string | undefined
  #held = false
  #stuck = false
  #rest: Uint8Array | undefined
  #readTimeout = Infinity
  #sendTimeout = Infinity

  constructor(options: UpstreamH1Options) {
    this.#options = options
    this.goodUntil = options.goodUntil
    this.#duplex = options.dialed.duplex
    this.#parser = new ResponseParser(this.#sink(), {
      limits: { headSize: options.headSize, headerCount: options.headerCount },
      latin1: options.latin1,
    })
    options.ticker.add(this)
    this.#duplex.handle(this)
  }

  /** Whether no exchange holds the connection. */
  get idle(): boolean {
    return this.#user === undefined
  }

  /** Sends a head. Its body follows by `send` and `finish`. */
  begin({ head, forward, user, readTimeout, sendTimeout }: UpstreamRequest): void {
    this.#user = user
    this.#readTimeout = readTimeout
    this.#sendTimeout = sendTimeout
    this.#chunked = head.framing === 'chunked'
    this.#sent =
      this.#answered =
      this.#heard =
      this.#keepAlive =
        false
    this.#parser.next(head.method)
    // It may have ended while it was being checked, before anybody asked.
    if (this.#ending !== undefined) return queueMicrotask(() => this.#gone())
    this.#taken(this.#duplex.write(forwardedHead(head, forward)))
  }

  /** Sends a piece of the body. False: wait for `onUpstreamDrain`. */
  send(bytes: Uint8Array): boolean {
    if (!this.#chunked) return this.#taken(this.#duplex.write(bytes))
    if (bytes.length <= SMALL_CHUNK) return this.#taken(this.#duplex.write(wholeChunk(bytes)))
    this.#duplex.cork()
    this.#duplex.write(chunkHead(bytes.length))
    this.#duplex.write(bytes)
    const room = this.#duplex.write(CRLF)
    this.#duplex.uncork()
    return this.#taken(room)
  }

  /** The request is whole. */
  finish(trailers: HeaderList): void {
    this.#sent = true
    if (this.#chunked) this.#duplex.write(lastChunk(trailers))
    this.#touch()
  }

  /** Stops, and lets on again, the response's body. While held, the endpoint's silence is our doing. */
  hold(): void {
    this.#held = true
    this.deadline = Infinity
    this.#duplex.pause()
  }

  want(): void {
    if (!this.#held) return
    this.#held = false
    this.#touch()
    this.#duplex.resume()
  }

  cork(): void {
    this.#duplex.cork()
  }

  uncork(): void {
    this.#duplex.uncork()
  }

  takeOver(): TakenOver {
    this.#user = undefined
    this.#dropOut()
    const over = (): void => this.#options.owner.onGone(this)
    return { duplex: this.#duplex, rest: this.#rest, over }
  }

  /** Ends the connection; whoever uses it has lost interest. */
  destroy(): void {
    this.#user = undefined
    this.#duplex.destroy()
  }

  /** Waits for the next exchange, until `at` in ticker time. */
  park(at: number): void {
    this.deadline = at
  }

  expire(): void {
    if (this.#user === undefined) return this.#duplex.destroy()
    const what = this.#stuck ? 'took no bytes of the request' : 'sent nothing'
    const ms = this.#stuck ? this.#sendTimeout : this.#readTimeout
    this.#fault('UPSTREAM_TIMEOUT', `The endpoint ${what} for ${ms} ms`)
  }

  onData(chunk: Uint8Array): void {
    const user = this.#user
    // Bytes that nobody asked for would be taken for the next answer.
    if (user === undefined) return this.#duplex.destroy()
    this.#heard = true
    this.#touch()
    try {
      this.#arrive(user, chunk)
    } catch (error) {
      this.#options.onFailure(error)
      this.#duplex.destroy(true)
    }
  }

  #arrive(user: ServerUser, chunk: Uint8Array): void {
    user.onArrival(true)
    const used = this.#parser.push(chunk)
    if (this.#parser.switched) this.#rest = chunk.subarray(used)
    // What follows a whole answer answers nothing (RFC 9112 section 9.2).
    else if (used < chunk.length) this.#keepAlive = false
    this.#maybeFree()
    user.onArrival(false)
  }

  onEnd(): void {
    if (this.#user !== undefined) {
      const user = this.#user
      user.onArrival(true)
      const error = this.#parser.eof()
      if (error !== undefined) this.#fault('UPSTREAM_CLOSED', error.detail)
      else this.#maybeFree()
      user.onArrival(false)
    } else this.#options.owner.onGone(this)
    this.#duplex.end()
  }

  onDrain(): void {
    this.#stuck = false
    this.#touch()
    this.#user?.onUpstreamDrain()
  }

  onClose(error: Error | undefined): void {
    this.#dropOut()
    this.#options.owner.onGone(this)
    this.#ending = error?.message ?? 'The endpoint closed the connection'
    this.#gone()
  }

  #sink(): ResponseSink {
    return {
      onHead: (head) => {
        if (head.status >= 200) this.#keepAlive = head.keepAlive && head.framing !== 'until-close'
        this.#user?.onResponseHead(head)
      },
      onBody: (bytes) => this.#user?.onResponseBody(bytes),
      onEnd: (trailers) => {
        // What follows a 101 is no end: the user takes the connection over.
        if (this.#parser.switched) return
        this.#answered = true
        this.#user?.onResponseEnd(trailers)
      },
      onError: (error) => this.#fault('UPSTREAM_MALFORMED', `${error.detail} (${error.clause})`),
    }
  }

  #fault(code: UpstreamFault['code'], detail: string): void {
    const user = this.#user
    this.#user = undefined
    this.#duplex.destroy()
    user?.onUpstreamFault({
      code,
      detail,
      stale: this.served > 0 && !this.#heard,
      untouched: false,
    })
  }

  #gone(): void {
    this.#fault('UPSTREAM_CLOSED', this.#ending ?? '')
  }

  #dropOut(): void {
    this.#options.ticker.remove(this)
  }

  #touch(): void {
    if (this.#held || this.#user === undefined) return
    const { ticker } = this.#options
    // While the request is not whole, the endpoint may well wait for the rest of it; so do we, by the client's time.
    const ms = this.#stuck ? this.#sendTimeout : this.#sent ? this.#readTimeout : Infinity
    this.deadline = ticker.now + ms
  }

  #taken(room: boolean): boolean {
    this.#stuck = !room
    this.#touch()
    return room
  }

  #maybeFree(): void {
    if (!this.#answered || this.#user === undefined) return
    this.#user = undefined
    this.deadline = Infinity
    this.served++
    // An answer before the request's end leaves the endpoint waiting for the rest.
    if (!this.#keepAlive || !this.#sent) return this.#duplex.destroy()
    if (this.#held) this.#duplex.resume()
    this.#held = false
    this.#options.owner.onFree(this)
  }
}
