import { H2Error, responseFieldsFor, trailerFieldsFor } from '../wire/mod.ts'
import type {
  H2Stream,
  HeaderList,
  RequestHead,
  ResponseHead,
  SensitiveNames,
} from '../wire/mod.ts'
import type { ClientH2 } from './client-h2.ts'
import type { ClientConnection } from './connection.ts'
import { Exchange } from './exchange.ts'
import { Leftover } from './leftover.ts'
import type { Runtime } from './runtime.ts'
import type { ClientSide, OutgoingResponse, TakenOver } from './sides.ts'
import { StreamDuplex } from './stream-duplex.ts'
import type { Mortal } from './ticker.ts'
import { withoutAccept } from './websocket.ts'

/** What a stream begins with. */
export interface ClientStreamOptions {
  readonly runtime: Runtime
  readonly head: RequestHead
  /** Whether the client sends nothing behind the head. */
  readonly ends: boolean
  /** Whether what follows the head is a tunnel's. */
  readonly tunnels: boolean
}

/** One stream of a client's HTTP/2 connection: one exchange. */
export class ClientStream implements ClientSide, Mortal {
  deadline: number = Infinity
  place: number = -1
  /** Its place among the connection's streams, and whether it takes part in the present arrival: the owner's. */
  seat: number = -1
  noted = false
  readonly connection: ClientConnection
  readonly #runtime: Runtime
  readonly #owner: ClientH2
  readonly #stream: H2Stream
  readonly #head: RequestHead
  readonly #duplex: StreamDuplex | undefined
  #exchange: Exchange | undefined
  /** A response's head, until it is known whether a body follows. */
  #response: HeaderList | undefined
  #sensitive: SensitiveNames
  #held = false
  /** Bytes of the request's body whose window has not been given back, and all of them. */
  #owed = 0
  #received = 0
  #requestWhole: boolean
  /** Whether the client may still send something. */
  #open: boolean
  #waiting = false
  /** Windows do not let through all that was sent. */
  #queued = false

  constructor(owner: ClientH2, stream: H2Stream, options: ClientStreamOptions) {
    const { runtime, head, ends, tunnels } = options
    this.#owner = owner
    this.connection = owner.connection
    this.#stream = stream
    this.#runtime = runtime
    this.#head = head
    this.#requestWhole = head.framing === 'none'
    this.#open = !ends
    this.#duplex = tunnels ? this.#makeDuplex() : undefined
  }

  get arriving(): boolean {
    return this.#owner.arriving
  }

  /** Starts the exchange. */
  start(): void {
    this.#runtime.ticker.add(this)
    this.#touch()
    this.#exchange = new Exchange(this.#runtime, this, this.#head)
    this.#exchange.start()
  }

  /** A piece of the request's body came. */
  onBody(bytes: Uint8Array): void {
    this.#owed += bytes.length
    this.#received += bytes.length
    if (this.#duplex !== undefined) return this.#duplex.onBody(bytes)
    this.#touch()
    const { bodySize } = this.#runtime.snapshot.limits
    if (bodySize > 0 && this.#received > bodySize) {
      this.#exchange?.onRequestBroken('BODY_TOO_LARGE', `Read body: more than ${bodySize} bytes`)
    } else this.#exchange?.onRequestBody(bytes)
    if (!this.#held) this.#giveBack()
  }

  /** The request is whole. */
  onEnd(trailers: HeaderList): void {
    this.#open = false
    if (this.#duplex !== undefined) return this.#duplex.onEnd()
    this.#requestWhole = true
    this.#touch()
    this.#exchange?.onRequestEnd(trailers)
  }

  /** The stream is over before its time. */
  onGone(reason: string, code?: 'CLIENT_GONE' | 'DRAINING'): void {
    const exchange = this.#exchange
    this.#leave()
    this.#duplex?.onGone(reason)
    exchange?.onClientGone(reason, code)
  }

  /** What one arrival brought has been handed over. */
  arrived(): void {
    this.#exchange?.onRequestArrived()
  }

  /** What waited for a window has left. */
  onWritable(): void {
    this.#queued = false
    this.resume()
  }

  /** The connection takes bytes again. */
  resume(): void {
    if (!this.#waiting || this.#queued || this.#owner.outbox.full) return
    this.#waiting = false
    if (this.#exchange === undefined) return this.#duplex?.onWritable()
    this.#touch()
    this.#exchange.onClientDrain()
  }

  expire(): void {
    const { limits } = this.connection
    if (this.#waiting) {
      const exchange = this.#exchange
      this.cut()
      exchange?.onClientGone(`The client took no bytes for ${limits.sendTimeout} ms`)
      return
    }
    const detail = `No body for ${limits.bodyTimeout} ms`
    this.#exchange?.onRequestBroken('REQUEST_TIMEOUT', detail)
    this.#owner.outbox.stir()
  }

  inform(head: ResponseHead): void {
    this.#owner.h2.head(this.#stream, responseFieldsFor(head), false)
    this.#owner.outbox.stir()
  }

  respond(response: OutgoingResponse): void {
    this.#response = responseFieldsFor(response)
    this.#sensitive = response.sensitive
  }

  send(bytes: Uint8Array): boolean {
    this.#sendHead(false)
    const room = this.#owner.h2.data(this.#stream, bytes)
    this.#owner.outbox.stir()
    this.#queued = !room
    if (room && !this.#owner.outbox.full) return true
    this.#waiting = true
    this.#touch()
    return false
  }

  finish(trailers: HeaderList): void {
    const ends = this.#response !== undefined && trailers.length === 0
    this.#sendHead(ends)
    if (!ends) this.#owner.h2.finish(this.#stream, trailerFieldsFor(trailers))
    if (this.#open) new Leftover(this.#runtime.ticker, this.#owner, this.#stream)
    this.#owner.outbox.stir()
    this.#leave()
  }

  cut(): void {
    this.#owner.h2.reset(this.#stream, H2Error.Internal)
    this.#owner.outbox.stir()
    this.#leave()
  }

  holdBody(): void {
    this.#held = true
    this.deadline = Infinity
  }

  wantBody(): void {
    if (!this.#held) return
    this.#held = false
    this.#touch()
    this.#giveBack()
  }

  /** A tunnel of a stream's own stands where the answer is 200 (RFC 8441 section 5). */
  switchProtocols(headers: HeaderList): TakenOver | undefined {
    const duplex = this.#duplex
    if (duplex === undefined) return undefined
    this.#exchange = undefined
    this.deadline = Infinity
    this.#runtime.ticker.remove(this)
    const fields = responseFieldsFor({ status: 200, headers: withoutAccept(headers) })
    this.#owner.h2.head(this.#stream, fields, false)
    this.#owner.outbox.stir()
    return { duplex, rest: undefined, over: () => this.#leave() }
  }

  cork(): void {
    this.#owner.outbox.hold()
  }

  uncork(): void {
    this.#owner.outbox.release()
  }

  #makeDuplex(): StreamDuplex {
    return new StreamDuplex({
      send: (bytes) => this.send(bytes),
      finish: () => {
        this.#owner.h2.finish(this.#stream, [])
        this.#owner.outbox.stir()
      },
      cut: () => {
        this.#owner.h2.reset(this.#stream, H2Error.Cancel)
        this.#owner.outbox.stir()
      },
      giveBack: (bytes) => this.#consumed(bytes),
      hold: () => this.cork(),
      release: () => this.uncork(),
    })
  }

  #sendHead(ends: boolean): void {
    if (this.#response === undefined) return
    this.#owner.h2.head(this.#stream, this.#response, { ends, sensitive: this.#sensitive })
    this.#response = undefined
  }

  #giveBack(): void {
    this.#consumed(this.#owed)
  }

  #consumed(bytes: number): void {
    if (bytes === 0) return
    this.#owed -= bytes
    this.#owner.h2.consumed(this.#stream, bytes)
    this.#owner.outbox.stir()
  }

  #touch(): void {
    const { ticker } = this.#runtime
    const { bodyTimeout, sendTimeout } = this.connection.limits
    // A tunnel has a time of its own.
    const ms = this.#exchange === undefined && this.#duplex !== undefined
      ? Infinity
      : this.#waiting
      ? sendTimeout
      : this.#requestWhole || this.#held
      ? Infinity
      : bodyTimeout
    this.deadline = ticker.now + ms
  }

  #leave(): void {
    this.#exchange = undefined
    this.deadline = Infinity
    this.#giveBack()
    this.#runtime.ticker.remove(this)
    this.#owner.left(this.#stream, this)
  }
}
