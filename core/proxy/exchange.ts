import { decide, refusal, refusalLook } from '../decide/mod.ts'
import type {
  CompiledEndpoint,
  CompiledListener,
  Filtering,
  Forward,
  Local,
  LookOptions,
  Peer,
  Refusal,
  RefusalCode,
  Refuse,
} from '../decide/mod.ts'
import { endToEnd, getHeader } from '../wire/mod.ts'
import type { HeaderList, RequestHead, ResponseHead } from '../wire/mod.ts'
import { AnswerBound } from './answer-bound.ts'
import { Filtered, type FilteredResponse, lookOfStop } from './filtered.ts'
import { passingTrailers } from './header-classes.ts'
import { HeldBody } from './held-body.ts'
import { askLocally, concat, LOCAL_BODY_SIZE } from './local.ts'
import type { LocalAnswer, LocalHandler } from './local.ts'
import { hopsLeft, oneHopLess } from './hops.ts'
import { answerTime, below, nameIn, optionsFor, pickerFor, prefaceOf, timesFor } from './passage.ts'
import type { Picker } from './picker.ts'
import type { DialResult } from './pool.ts'
import { recordOf } from './record.ts'
import type { Http1Options } from './request-head.ts'
import type { Runtime } from './runtime.ts'
import type {
  ClientSide,
  ClientUser,
  RequestFault,
  ServerSide,
  ServerUser,
  UpstreamFault,
} from './sides.ts'
import { joinEnds } from './switching.ts'
import { isIdempotent, MAX_REPEATS, NO_TRAILERS, wantsUpgrade } from './traits.ts'
import { upstreamStatus } from './upstream-status.ts'

/**
 * One request and its response: identify, read, decide, forward or refuse, record. It knows neither
 * sockets nor the HTTP versions spoken on its two sides.
 */
export class Exchange implements ClientUser, ServerUser {
  readonly head: RequestHead
  readonly #runtime: Runtime
  readonly #client: ClientSide
  readonly #startedAt: number
  readonly #time: number
  #handler: LocalHandler | undefined
  #route = ''
  #style: LookOptions['style'] = 'native'
  #forward: Forward | undefined
  #filtered: Filtered | undefined
  /** A response whose body is changed as a whole. */
  #held: HeldBody | undefined
  #peer: Peer | undefined
  #picker: Picker | undefined
  #endpoint: CompiledEndpoint | undefined
  #upstream: ServerSide | undefined
  #upstreamSince = -1
  #upstreamTook = -1
  /** What came of the body before an upstream connection stood; bounded by holding the client. */
  #early: Uint8Array[] = []
  #requestTrailers: HeaderList | undefined
  #bodySent = false
  #repeats = 0
  #corked = false
  #status = 0
  #requestBytes = 0
  #responseBytes = 0
  #refusal: Refusal | undefined
  #switching: ResponseHead | undefined
  /** The fields of the endpoint's answer, as they came. */
  #answered: HeaderList = NO_TRAILERS
  #over = false
  #bound: AnswerBound | undefined

  constructor(runtime: Runtime, client: ClientSide, head: RequestHead) {
    this.#runtime = runtime
    this.#client = client
    this.head = head
    this.#time = runtime.ports.clock.now()
    this.#startedAt = runtime.ports.clock.monotonic()
  }

  readonly #failed = (error: unknown): void => {
    this.#runtime.failed(error)
    if (this.#status === 0) this.#refuse(refusal('INTERNAL_ERROR', String(error)))
    else this.#breakOff('INTERNAL_ERROR', String(error))
  }

  /** Phase **identify**: at once where the verdict stands, else when it has been found. */
  start(): void {
    const peer = this.#client.connection.peerFor(this.head, this.#time)
    if (!(peer instanceof Promise)) return this.#decide(peer)
    this.#await(peer, (found) => this.#decide(found))
  }

  /** Goes on once something is known; what the client sends meanwhile waits. */
  #await<T>(promise: Promise<T>, next: (found: T) => void): void {
    this.#client.holdBody()
    promise.then((found) => this.#over || next(found)).catch(this.#failed)
  }

  /** Phase **decide**. */
  #decide(peer: Peer): void {
    this.#peer = peer
    if (this.head.method === 'CONNECT') {
      return this.#refuse(refusal('METHOD_UNSUPPORTED', `CONNECT to "${this.head.target}"`))
    }
    const { connection } = this.#client
    this.#handler = connection.facts.handler
    if (this.#handler !== undefined) return this.#local()
    const { listener } = connection
    if (listener === undefined) return this.#refuse(refusal('DRAINING', 'The listener is gone'))
    this.#style = listener.style
    const login = connection.login.check(listener, this.head)
    if (!(login instanceof Promise)) return this.#admit(peer, listener, login)
    this.#await(login, (refused) => this.#admit(peer, listener, refused))
  }

  #admit(peer: Peer, listener: CompiledListener, refused: Refusal | undefined): void {
    if (refused !== undefined) return this.#refuse(refused)
    const decision = decide(this.#runtime.snapshot, listener, this.head, peer, this.#time)
    this.#route = decision.route?.name ?? ''
    this.#style = decision.route?.style ?? listener.style
    if (decision.kind === 'local') return this.#hand(decision, peer)
    if (decision.kind === 'pending') {
      return this.#await(decision.check(this.#time), () => this.#decide(peer))
    }
    if (decision.filtering !== undefined) return this.#filter(decision, decision.filtering)
    this.#proceed(decision)
  }

  /** Phase **filter**: what the route has in the way of a request may answer it, or make it wait. */
  #filter(decision: Forward | Refuse, filtering: Filtering): void {
    const { snapshot, limits, random, ports } = this.#runtime
    const means = { snapshot, limits, random, now: this.#time }
    const filtered = this.#filtered = new Filtered(filtering, means)
    const stop = filtered.run()
    if (stop !== undefined) {
      const accept = getHeader(this.head.headers, 'accept')
      const { refusal, ...look } = lookOfStop(stop, { accept, style: this.#style })
      this.#refusal = refusal
      return this.#respond({ ...look, reason: '' })
    }
    if (filtered.delay < 1) return this.#proceed(decision)
    this.#client.holdBody()
    ports.clock.after(filtered.delay, () => this.#over || this.#proceed(decision))
  }

  #proceed(decision: Forward | Refuse): void {
    if (decision.kind === 'refuse') return this.#refuse(decision.refusal)
    this.#forward = decision
    if (hopsLeft(this.head) === 0) return this.#lastHop()
    const asked = { head: this.head, peer: this.#peer as Peer, now: this.#time }
    this.#picker = pickerFor(this.#runtime, decision, asked)
    const answer = answerTime(decision, this.#client.connection.listener)
    if (answer !== undefined) {
      const late = refusal('ANSWER_TIMEOUT', `No answer began within ${answer} ms`)
      const at = this.#startedAt + answer
      this.#bound = new AnswerBound(this.#runtime.ticker, at, () => this.#refuse(late))
    }
    this.#attempt()
  }

  /** A request that may go no further is answered as by its last recipient (RFC 9110 section 7.6.2). */
  #lastHop(): void {
    const { method } = this.head
    if (method !== 'OPTIONS') {
      return this.#refuse(refusal('METHOD_UNSUPPORTED', `${method} ends here`))
    }
    this.#respond({ status: 200, headers: [], reason: '', body: new Uint8Array(0) })
  }

  /** Phase **forward**: the next endpoint, over a connection that stands or a new one. */
  #attempt(fresh = false): void {
    const picker = this.#picker as Picker
    const endpoint = picker.next(this.#runtime.ports.clock.now())
    if (endpoint === undefined) return this.#refuse(picker.exhausted())
    this.#endpoint = endpoint
    this.#upstreamSince = this.#runtime.ports.clock.monotonic()
    const { upstream } = picker
    const name = endpoint.namedByHost ? nameIn(this.#hostFor(endpoint)) : undefined
    const pool = this.#runtime.pools.of(upstream, endpoint, name)
    const upgrade = wantsUpgrade(this.head)
    const idle = fresh ? undefined : pool.take(this.#time, upgrade)
    if (idle !== undefined) return this.#attach(idle)
    this.#client.holdBody()
    const { connection } = this.#client
    const preface = prefaceOf(upstream, connection.facts.ends)
    const connectTimeout = this.#times.connect
    pool.dial(this.#time, { upgrade, preface, connectTimeout })
      .then((result) => this.#dialed(result)).catch(this.#failed)
  }

  get #times(): ReturnType<typeof timesFor> {
    return timesFor(this.#forward as Forward, this.#client.connection.listener)
  }

  /** The Host that is sent. */
  #hostFor(endpoint: CompiledEndpoint): string {
    return this.#filtered?.host ??
      (this.#forward as Forward).upstream.hostFor(this.head.authority, endpoint)
  }

  #dialed(result: DialResult): void {
    if (this.#over) {
      if ('side' in result) result.side.destroy()
      return
    }
    if ('side' in result) return this.#attach(result.side)
    // Nothing has been sent, so any request may go elsewhere.
    this.#picker?.failed(result.fault)
    this.#attempt()
  }

  #attach(upstream: ServerSide): void {
    this.#upstream = upstream
    const hasBody = this.head.framing !== 'none'
    if (hasBody) upstream.cork()
    this.#corked = hasBody
    const { read: readTimeout, send: sendTimeout } = this.#times
    const forward = this.#forwardOptions()
    const asked = this.#filtered?.head(this.head) ?? this.head
    const head = below(this.#endpoint?.path ?? '', oneHopLess(asked))
    upstream.begin({ head, forward, user: this, readTimeout, sendTimeout })
    for (const bytes of this.#early.splice(0)) this.#sendBody(bytes)
    if (this.#requestTrailers !== undefined) upstream.finish(this.#requestTrailers)
    else this.#client.wantBody()
    if (!this.#client.arriving) this.onRequestArrived()
  }

  #forwardOptions(): Http1Options {
    const { connection } = this.#client
    const options = optionsFor(this.#runtime, this.#forward as Forward, {
      connection,
      host: this.#hostFor(this.#endpoint as CompiledEndpoint),
      trusted: (this.#peer as Peer).trustedProxy,
      upgrade: wantsUpgrade(this.head),
    })
    return this.#filtered?.options(options, connection.facts.ends.destination.port) ?? options
  }

  onRequestBody(bytes: Uint8Array): void {
    this.#requestBytes += bytes.length
    if (this.#over) return
    if (this.#filtered?.exceeds(this.#requestBytes) === true) {
      return this.onRequestBroken('BODY_TOO_LARGE', 'More than a filter allows')
    }
    if (this.#upstream !== undefined) return this.#sendBody(bytes)
    if (this.#handler !== undefined && this.#requestBytes > LOCAL_BODY_SIZE) {
      return this.#refuse(refusal('BODY_TOO_LARGE', `More than ${LOCAL_BODY_SIZE} bytes`))
    }
    this.#early.push(bytes)
    if (this.#handler === undefined) this.#client.holdBody()
  }

  #sendBody(bytes: Uint8Array): void {
    this.#bodySent = true
    if (!(this.#upstream as ServerSide).send(bytes)) this.#client.holdBody()
  }

  onRequestEnd(trailers: HeaderList): void {
    this.#requestTrailers = passingTrailers(trailers, this.#runtime.classes, this.head.headers)
    if (this.#handler !== undefined && !this.#over) return this.#local()
    this.#upstream?.finish(this.#requestTrailers)
  }

  /** What one arrival from the client brought has been handed over. */
  onRequestArrived(): void {
    if (!this.#corked) return
    this.#corked = false
    this.#upstream?.uncork()
  }

  onRequestBroken(code: RequestFault, detail: string): void {
    this.#letGo()
    if (this.#status === 0) this.#refuse(refusal(code, detail))
    else this.#breakOff(code, detail)
  }

  onClientGone(reason: string, code: 'CLIENT_GONE' | 'DRAINING' = 'CLIENT_GONE'): void {
    if (this.#over) return
    this.#letGo()
    this.#refusal = refusal(code, reason)
    this.#record()
  }

  onClientDrain(): void {
    this.#upstream?.want()
  }

  onUpstreamDrain(): void {
    if (this.#requestTrailers === undefined) this.#client.wantBody()
  }

  onArrival(begins: boolean): void {
    if (begins) return this.#client.cork()
    this.#client.uncork()
    if (this.#switching !== undefined) this.#switch(this.#switching)
  }

  onResponseHead(head: ResponseHead): void {
    if (head.status === 101) {
      this.#switching = head
      return this.#bound?.over()
    }
    if (head.status < 200) return this.#client.inform(head)
    this.#upstreamTook = this.#runtime.ports.clock.monotonic() - this.#upstreamSince
    this.#picker?.succeeded(head.status, this.#upstreamTook)
    this.#answered = head.headers
    this.#bound?.over()
    const headers = endToEnd(head.headers)
    const more = this.#picker?.remember(head.headers) ?? NO_TRAILERS
    for (const text of more) headers.push(text)
    if (head.status >= 500) headers.push(...upstreamStatus(this.#style, head.status, this.#picker))
    this.#runtime.date.addTo(headers)
    const plain: FilteredResponse = { status: head.status, headers, body: undefined }
    const response = this.#filtered?.respond(plain, this.#endpoint) ?? plain
    if (response.body !== undefined) {
      this.#held = new HeldBody(response)
      return
    }
    this.#status = response.status
    this.#client.respond({
      status: response.status,
      reason: response.status === head.status ? head.reason : '',
      headers: response.headers,
      sensitive: head.sensitive,
      openEnded: head.framing === 'chunked' || head.framing === 'until-close',
      bodiless: head.framing === 'none',
    })
  }

  onResponseBody(bytes: Uint8Array): void {
    if (this.#held !== undefined) return this.#hold(this.#held, bytes)
    this.#responseBytes += bytes.length
    if (!this.#client.send(bytes)) this.#upstream?.hold()
  }

  #hold(held: HeldBody, bytes: Uint8Array): void {
    if (held.push(bytes)) return
    this.#held = undefined
    this.#letGo()
    this.#refuse(refusal('UPSTREAM_MALFORMED', `A body of more than ${HeldBody.MOST} bytes`))
  }

  onResponseEnd(trailers: HeaderList): void {
    this.#upstream = undefined
    const held = this.#held
    this.#held = undefined
    if (held !== undefined) return this.#send({ ...held.whole(), reason: '' })
    this.#finish(passingTrailers(trailers, this.#runtime.classes, this.#answered))
  }

  onUpstreamFault(fault: UpstreamFault): void {
    this.#upstream = undefined
    this.#held = undefined
    this.#corked = false
    if (this.#status !== 0) return this.#breakOff(fault.code, fault.detail)
    const repeatable = fault.untouched || fault.stale && isIdempotent(this.head.method)
    if (repeatable && !this.#bodySent && this.#repeats++ < MAX_REPEATS) {
      // A kept connection that closes before any answer says nothing about the endpoint: ask it anew.
      this.#picker?.again()
      return this.#attempt(true)
    }
    this.#picker?.failed(fault)
    const elsewhere = this.#forward?.upstream.config.retryUnanswered === true && !this.#bodySent
    if (elsewhere && isIdempotent(this.head.method)) return this.#attempt()
    this.#refuse(refusal(fault.code, fault.detail))
  }

  #switch(head: ResponseHead): void {
    this.#switching = undefined
    const upstream = wantsUpgrade(this.head) ? this.#upstream?.takeOver() : undefined
    if (upstream === undefined) {
      this.#letGo()
      return this.#refuse(refusal('UPSTREAM_MALFORMED', 'The endpoint switched protocols unasked'))
    }
    const { ticker } = this.#runtime
    const idleMs = (this.#forward as Forward).upstream.config.readTimeout
    const onOver = (sent: number, received: number): void => {
      this.#requestBytes = sent
      this.#responseBytes = received
      this.#record()
    }
    this.#status = 101
    if (!joinEnds(this.#client, upstream, { head, ticker, idleMs, onOver })) this.#status = 0
  }

  /** Leaves the request to what answers within the process, which believes in a certificate that counts alone. */
  #hand({ handler, certificate }: Local, peer: Peer): void {
    this.#handler = this.#runtime.ports.handlers(handler)
    this.#peer = { ...peer, certificate }
    if (this.#handler !== undefined) return this.#local()
    this.#refuse(refusal('NO_ENDPOINT', `Nothing here answers as "${handler}"`))
  }

  /** Answers within the process once the request is whole. */
  #local(): void {
    if (this.#requestTrailers === undefined) return this.#client.wantBody()
    const request = {
      head: this.head,
      body: concat(this.#early.splice(0)),
      peer: this.#peer as Peer,
    }
    askLocally(this.#handler as LocalHandler, request).then((answer) => {
      if (this.#over) return
      this.#respond({ ...answer, reason: '' })
    }).catch(this.#failed)
  }

  /** Phase **refuse**. */
  #refuse(refusal: Refusal): void {
    if (this.#over) return
    this.#letGo()
    this.#refusal = refusal
    this.#early = []
    this.#status = refusal.status
    const accept = getHeader(this.head.headers, 'accept')
    const look = refusalLook(refusal, { accept, style: this.#style })
    this.#filtered?.refused(refusal, look)
    const told = upstreamStatus(this.#style, refusal.status, this.#picker)
    const headers = [...look.headers, ...refusal.headers ?? [], ...told]
    this.#respond({ ...look, headers, reason: '', body: new TextEncoder().encode(look.body) })
  }

  /** Sends an answer that is there as a whole, through the filters. */
  #respond(answer: LocalAnswer & { readonly reason: string }): void {
    const changed = this.#filtered?.respond(answer, undefined)
    if (changed === undefined) return this.#send(answer)
    const { status, headers, body } = changed
    this.#send({ status, headers, reason: '', body: body?.(answer.body) ?? answer.body })
  }

  #send(answer: LocalAnswer & { readonly reason: string }): void {
    const { status, reason, headers, body } = answer
    const bodiless = this.head.method === 'HEAD' || status === 204 || status === 304
    this.#status = status
    this.#client.cork()
    const length = status === 204 ? [] : ['Content-Length', String(body.length)]
    const fields = [...headers, ...length]
    this.#runtime.date.addTo(fields)
    // Gravitee's gateway keeps no connection that it had to answer so.
    const last = this.#style === 'gravitee' && status >= 500 && this.#refusal !== undefined
    this.#client.respond({ status, reason, headers: fields, openEnded: false, bodiless, last })
    if (!bodiless) {
      this.#client.send(body)
      this.#responseBytes = body.length
    }
    this.#client.uncork()
    this.#finish(NO_TRAILERS)
  }

  #breakOff(code: RefusalCode, detail: string): void {
    if (this.#over) return
    this.#refusal = refusal(code, detail)
    this.#record()
    this.#client.cut()
  }

  #letGo(): void {
    this.#upstream?.destroy()
    this.#upstream = undefined
  }

  #finish(trailers: HeaderList): void {
    this.#record()
    this.#client.finish(trailers)
  }

  /** Phase **record**. */
  #record(): void {
    this.#over = true
    this.#bound?.over()
    this.#picker?.over()
    const { clock, observer } = this.#runtime.ports
    observer.exchange(recordOf({
      facts: this.#client.connection.facts,
      head: this.head,
      peer: this.#peer,
      route: this.#route,
      forward: this.#forward,
      filtered: this.#filtered,
      refusal: this.#refusal,
      status: this.#status,
      endpoint: this.#endpoint?.address ?? '',
      time: this.#time,
      requestBytes: this.#requestBytes,
      responseBytes: this.#responseBytes,
      duration: clock.monotonic() - this.#startedAt,
      upstreamDuration: this.#upstreamTook,
    }))
  }
}
