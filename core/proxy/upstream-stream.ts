import { H2Error, requestFieldsFor, responseFromFields, trailerFieldsFor } from '../wire/mod.ts'
import type { H2Fault, H2Stream, HeaderList, RequestHead, ResponseHead } from '../wire/mod.ts'
import { asksForTrailers, forwardedFields } from './request-head.ts'
import type { ServerSide, ServerUser, TakenOver, UpstreamFault, UpstreamRequest } from './sides.ts'
import { StreamDuplex } from './stream-duplex.ts'
import type { Mortal } from './ticker.ts'
import type { UpstreamH2 } from './upstream-h2.ts'
import { acceptOf, asSwitching, isWebSocket, withoutKey } from './websocket.ts'

/** Where a stream is ended by the endpoint's wish (RST_STREAM, GOAWAY), not by its fault. */
const ENDED_BY_PEER: ReadonlySet<string> = new Set(['RFC 9113 section 6.4', 'RFC 9113 section 6.8'])

/** One exchange's stream of an upstream connection. */
export class UpstreamStream implements ServerSide, Mortal {
  deadline: number = Infinity
  place: number = -1
  /** Its place among the connection's streams, and whether it takes part in the present arrival: the owner's. */
  seat: number = -1
  noted = false
  user: ServerUser | undefined
  #arrivalUser: ServerUser | undefined
  readonly #owner: UpstreamH2
  #stream: H2Stream | undefined
  #request: RequestHead | undefined
  #times: Pick<UpstreamRequest, 'readTimeout' | 'sendTimeout'> | undefined
  #duplex: StreamDuplex | undefined
  #held = false
  #waiting = false
  /** Windows do not let through all that was sent. */
  #queued = false
  #owed = 0
  #heard = false
  /** The request is whole. */
  #sent = false
  /** Our side of the stream has not ended. */
  #open = false

  constructor(owner: UpstreamH2) {
    this.#owner = owner
  }

  begin(request: UpstreamRequest): void {
    this.user = request.user
    this.#request = request.head
    this.#times = request
    if (!request.forward.upgrade) return this.#send(requestFields(request, this.#owner), request)
    // What the endpoint takes is known once it has told its settings.
    void this.#owner.ready.then(() => this.user === request.user && this.#tunnel(request))
  }

  /** Asks for a tunnel (RFC 8441 section 4). */
  #tunnel(request: UpstreamRequest): void {
    const { h2 } = this.#owner
    if (!isWebSocket(request.head) || (h2.canOpen && !h2.takesExtendedConnect)) {
      const detail = `The endpoint takes no "${request.head.upgrade}" over HTTP/2`
      return this.fault({ code: 'UPGRADE_UNSUPPORTED', detail, stale: false, untouched: false })
    }
    this.#send(tunnelFields(request, this.#owner), request)
    if (this.#stream !== undefined) this.#duplex = this.#makeDuplex(this.#stream)
  }

  #send(fields: HeaderList, { head, forward }: UpstreamRequest): void {
    const ends = head.framing === 'none' && !forward.upgrade
    this.#stream = this.#owner.h2.open(fields, ends, head.sensitive)
    if (this.#stream === undefined) {
      // The connection filled up or went away between the choice and the use of it.
      // Not before the caller has finished with us.
      const detail = 'No stream could be opened'
      const fault = { code: 'UPSTREAM_CLOSED', detail, stale: true, untouched: true } as const
      return queueMicrotask(() => this.fault(fault))
    }
    this.#stream.user = this
    this.#sent = head.framing === 'none'
    this.#open = !ends
    this.#owner.options.ticker.add(this)
    this.#touch()
    this.#owner.outbox.stir()
  }

  send(bytes: Uint8Array): boolean {
    if (this.#stream === undefined) return true
    const room = this.#owner.h2.data(this.#stream, bytes)
    this.#owner.outbox.stir()
    this.#queued = !room
    this.#waiting = !room || this.#owner.outbox.full
    this.#touch()
    return !this.#waiting
  }

  finish(trailers: HeaderList): void {
    if (this.#sent || this.#stream === undefined) return
    this.#sent = true
    this.#open = false
    this.#owner.h2.finish(this.#stream, trailerFieldsFor(trailers))
    this.#owner.outbox.stir()
    this.#touch()
  }

  hold(): void {
    this.#held = true
    this.deadline = Infinity
  }

  want(): void {
    if (!this.#held) return
    this.#held = false
    this.#touch()
    this.#giveBack()
  }

  cork(): void {
    this.#owner.outbox.hold()
  }

  uncork(): void {
    this.#owner.outbox.release()
  }

  takeOver(): TakenOver | undefined {
    const duplex = this.#duplex
    if (duplex === undefined) return undefined
    this.user = undefined
    this.deadline = Infinity
    this.#owner.options.ticker.remove(this)
    return { duplex, rest: undefined, over: () => this.#leave() }
  }

  destroy(): void {
    if (this.#stream !== undefined) {
      this.#owner.h2.reset(this.#stream, H2Error.Cancel)
      this.#owner.outbox.stir()
    }
    this.#leave()
  }

  expire(): void {
    const { readTimeout = 0, sendTimeout = 0 } = this.#times ?? {}
    if (!this.#owner.h2.greeted) this.#owner.retire()
    const detail = this.#waiting
      ? `The endpoint took no bytes of the request for ${sendTimeout} ms`
      : `The endpoint sent nothing for ${readTimeout} ms`
    this.#cancel({ code: 'UPSTREAM_TIMEOUT', detail, stale: false, untouched: false })
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
    if (this.user === undefined) return this.#duplex?.onWritable()
    this.#touch()
    this.user.onUpstreamDrain()
  }

  /** Bytes for this stream begin to come; its user may change before they have. */
  arrives(): void {
    this.#arrivalUser = this.user
    this.user?.onArrival(true)
  }

  /** All that came has been told. */
  arrived(): void {
    this.#arrivalUser?.onArrival(false)
    this.#arrivalUser = undefined
  }

  onHead(fields: HeaderList, ends: boolean): void {
    this.#heard = true
    this.#touch()
    const tunnels = this.#duplex !== undefined
    const head = responseFromFields(fields, ends, tunnels ? 'CONNECT' : this.#request?.method ?? '')
    if ('code' in head) return this.broken(`${head.detail} (${head.clause})`)
    if (tunnels && head.status >= 200) {
      if (head.status < 300) return this.#switch(head)
      this.#duplex = undefined
    }
    const sensitive = this.#stream?.sensitive
    this.user?.onResponseHead(sensitive === undefined ? head : { ...head, sensitive })
  }

  /** The tunnel stands: the exchange hears of it as HTTP/1.1 would tell. */
  #switch(head: ResponseHead): void {
    const request = this.#request as RequestHead
    if (request.version === '2') return this.user?.onResponseHead(asSwitching(head, undefined))
    const { user } = this
    acceptOf(request).then((accept) => {
      if (user === undefined || this.user !== user) return
      user.onArrival(true)
      user.onResponseHead(asSwitching(head, accept))
      user.onArrival(false)
    }).catch(this.#owner.options.onFailure)
  }

  onBody(bytes: Uint8Array): void {
    this.#owed += bytes.length
    if (this.#duplex !== undefined) return this.#duplex.onBody(bytes)
    this.#touch()
    this.user?.onResponseBody(bytes)
    if (!this.#held) this.#giveBack()
  }

  onEnd(trailers: HeaderList): void {
    if (this.#duplex !== undefined) return this.#duplex.onEnd()
    const { user } = this
    // RFC 9113 section 8.1: an answer before the request's end; the rest is not wanted.
    if (this.#open && this.#stream !== undefined) {
      this.#owner.h2.reset(this.#stream, H2Error.Cancel)
    }
    this.#leave()
    user?.onResponseEnd(trailers)
  }

  onReset({ code, detail, clause }: H2Fault): void {
    const what = `${detail} (${clause})`
    if (!ENDED_BY_PEER.has(clause)) {
      return this.fault({
        code: 'UPSTREAM_MALFORMED',
        detail: what,
        stale: false,
        untouched: false,
      })
    }
    const untouched = code === H2Error.RefusedStream
    const reason = `The endpoint reset the stream: ${what}`
    this.fault({ code: 'UPSTREAM_CLOSED', detail: reason, stale: untouched, untouched })
  }

  /** The answer breaks the rules. */
  broken(detail: string): void {
    this.#cancel({ code: 'UPSTREAM_MALFORMED', detail, stale: false, untouched: false })
  }

  /** Tells the exchange that this stream cannot do its part. */
  fault(fault: UpstreamFault): void {
    const { user } = this
    this.#leave()
    if (user === undefined) this.#duplex?.onGone(fault.detail)
    user?.onUpstreamFault({ ...fault, stale: fault.stale && !this.#heard })
  }

  #cancel(fault: UpstreamFault): void {
    if (this.#stream !== undefined) this.#owner.h2.reset(this.#stream, H2Error.Cancel)
    this.#owner.outbox.stir()
    this.fault(fault)
  }

  #giveBack(): void {
    this.#consumed(this.#owed)
  }

  #consumed(bytes: number): void {
    if (bytes === 0 || this.#stream === undefined) return
    this.#owed -= bytes
    this.#owner.h2.consumed(this.#stream, bytes)
    this.#owner.outbox.stir()
  }

  #makeDuplex(stream: H2Stream): StreamDuplex {
    const { h2, outbox } = this.#owner
    return new StreamDuplex({
      send: (bytes) => this.send(bytes),
      finish: () => {
        h2.finish(stream, [])
        outbox.stir()
      },
      cut: () => {
        h2.reset(stream, H2Error.Cancel)
        outbox.stir()
      },
      giveBack: (bytes) => this.#consumed(bytes),
      hold: () => this.cork(),
      release: () => this.uncork(),
    })
  }

  #touch(): void {
    if (this.#held || this.user === undefined) return
    const { ticker } = this.#owner.options
    const { readTimeout = Infinity, sendTimeout = Infinity } = this.#times ?? {}
    // While the request is not whole, the endpoint may well wait for the rest of it; so do we, by the client's time.
    const ms = this.#waiting ? sendTimeout : this.#sent ? readTimeout : Infinity
    this.deadline = ticker.now + ms
  }

  #leave(): void {
    this.#giveBack()
    this.user = undefined
    if (this.#stream !== undefined) this.#stream.user = undefined
    this.deadline = Infinity
    this.#owner.options.ticker.remove(this)
    this.#owner.left(this)
  }
}

function requestFields({ head, forward }: UpstreamRequest, owner: UpstreamH2): HeaderList {
  const headers = forwardedFields(head, forward)
  if (asksForTrailers(head)) headers.push('te', 'trailers')
  if (head.framing === 'length') headers.push('content-length', String(head.length))
  const { scheme } = owner.options
  const { method, target } = head
  return requestFieldsFor({ method, scheme, authority: forward.host, target, headers })
}

function tunnelFields({ head, forward }: UpstreamRequest, owner: UpstreamH2): HeaderList {
  return requestFieldsFor({
    method: 'CONNECT',
    protocol: 'websocket',
    scheme: owner.options.scheme,
    authority: forward.host,
    target: head.target,
    headers: withoutKey(forwardedFields(head, forward)),
  })
}
