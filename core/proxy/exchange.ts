import { decide, refusal, refusalBody } from '../decide/mod.ts'
import type {
  AffinityFacts,
  CompiledEndpoint,
  Forward,
  Local,
  Peer,
  Refusal,
  RefusalCode,
} from '../decide/mod.ts'
import { endToEnd, getHeader, isForbiddenTrailer } from '../wire/mod.ts'
import type { HeaderList, RequestHead, ResponseHead } from '../wire/mod.ts'
import { HeaderClass } from './header-classes.ts'
import { askLocally, LOCAL_BODY_SIZE } from './local.ts'
import type { LocalAnswer, LocalHandler } from './local.ts'
import { nameIn, prefaceOf, timesFor } from './passage.ts'
import { Picker } from './picker.ts'
import type { DialResult } from './pool.ts'
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
import { tunnel } from './tunnel.ts'

const NO_TRAILERS: HeaderList = []

/** Methods that may be sent twice (RFC 9110 section 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'PUT',
  'DELETE',
  'TRACE',
])

/** How often a request that no endpoint looked at is sent again to the same one. */
const MAX_REPEATS = 3

/**
 * Protocols that carry requests: through a tunnel of them, requests would pass that nobody decides on (RFC 9113
 * section 3.1, RFC 2817).
 */
const HTTP_ITSELF = /(^|,)\s*(h2c?|http|tls)\b/i

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
  #forward: Forward | undefined
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
  #over = false

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
    this.#client.holdBody()
    peer.then((found) => this.#over || this.#decide(found)).catch(this.#failed)
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
    const decision = decide(this.#runtime.snapshot, listener, this.head, peer, this.#time)
    this.#route = decision.route?.name ?? ''
    if (decision.kind === 'refuse') return this.#refuse(decision.refusal)
    if (decision.kind === 'local') return this.#hand(decision, peer)
    this.#forward = decision
    this.#picker = this.#newPicker(decision)
    this.#attempt()
  }

  #newPicker({ upstream, grant }: Forward): Picker {
    const facts = (): AffinityFacts => {
      return { head: this.head, peer: this.#peer as Peer, consumer: grant?.application ?? '' }
    }
    const onHealth = this.#runtime.onHealth
    return new Picker(upstream, { now: this.#time, facts, onHealth })
  }

  /** Phase **forward**: the next endpoint, over a connection that stands or a new one. */
  #attempt(fresh = false): void {
    const picker = this.#picker as Picker
    const endpoint = picker.next(this.#runtime.ports.clock.now())
    if (endpoint === undefined) return this.#refuse(picker.exhausted())
    this.#endpoint = endpoint
    this.#upstreamSince = this.#runtime.ports.clock.monotonic()
    const { upstream } = picker
    const name = upstream.namedByHost ? nameIn(this.#hostFor(endpoint)) : undefined
    const pool = this.#runtime.pools.of(upstream, endpoint, name)
    const upgrade = this.#wantsUpgrade()
    const idle = fresh ? undefined : pool.take(this.#time, upgrade)
    if (idle !== undefined) return this.#attach(idle)
    this.#client.holdBody()
    const { connection } = this.#client
    const preface = prefaceOf(upstream, connection.facts.ends)
    const connectTimeout = timesFor(this.#forward as Forward, connection.listener).connect
    pool.dial(this.#time, { upgrade, preface, connectTimeout })
      .then((result) => this.#dialed(result)).catch(this.#failed)
  }

  /** The Host that is sent. */
  #hostFor(endpoint: CompiledEndpoint): string {
    return (this.#forward as Forward).upstream.hostFor(this.head.authority, endpoint)
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
    const times = timesFor(this.#forward as Forward, this.#client.connection.listener)
    const [readTimeout, sendTimeout] = [times.read, times.send]
    const forward = this.#forwardOptions()
    upstream.begin({ head: this.head, forward, user: this, readTimeout, sendTimeout })
    for (const bytes of this.#early.splice(0)) this.#sendBody(bytes)
    if (this.#requestTrailers !== undefined) upstream.finish(this.#requestTrailers)
    else this.#client.wantBody()
    if (!this.#client.arriving) this.onRequestArrived()
  }

  #forwardOptions(): Http1Options {
    const forward = this.#forward as Forward
    const { connection } = this.#client
    const endpoint = this.#endpoint as CompiledEndpoint
    return {
      classes: this.#runtime.classes,
      host: this.#hostFor(endpoint),
      clientFields: connection.clientFields,
      added: forward.added,
      owned: forward.owned,
      forwardedHeaders: connection.listener?.forwardedHeaders ?? 'set',
      trusted: (this.#peer as Peer).trustedProxy,
      address: connection.facts.address,
      upgrade: this.#wantsUpgrade(),
    }
  }

  #wantsUpgrade(): boolean {
    const { upgrade, framing } = this.head
    return upgrade !== '' && framing === 'none' && !HTTP_ITSELF.test(upgrade)
  }

  onRequestBody(bytes: Uint8Array): void {
    this.#requestBytes += bytes.length
    if (this.#over) return
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
    this.#requestTrailers = this.#allowed(trailers)
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
      return
    }
    if (head.status < 200) return this.#client.inform(head)
    this.#upstreamTook = this.#runtime.ports.clock.monotonic() - this.#upstreamSince
    this.#picker?.succeeded(head.status, this.#upstreamTook)
    this.#status = head.status
    this.#client.respond({
      status: head.status,
      reason: head.reason,
      headers: [...endToEnd(head.headers), ...this.#picker?.remember(head.headers) ?? []],
      openEnded: head.framing === 'chunked' || head.framing === 'until-close',
      bodiless: head.framing === 'none',
    })
  }

  onResponseBody(bytes: Uint8Array): void {
    this.#responseBytes += bytes.length
    if (!this.#client.send(bytes)) this.#upstream?.hold()
  }

  onResponseEnd(trailers: HeaderList): void {
    this.#upstream = undefined
    this.#finish(this.#allowed(trailers))
  }

  /** Trailers that cannot be taken for fields of the head (RFC 9110 section 6.5.1). */
  #allowed(trailers: HeaderList): HeaderList {
    if (trailers.length === 0) return trailers
    return trailers.flatMap((name, i) => {
      const passes = i % 2 === 0 && !isForbiddenTrailer(name) &&
        this.#runtime.classes.of(name) === HeaderClass.Pass
      return passes ? [name, trailers[i + 1] as string] : []
    })
  }

  onUpstreamFault(fault: UpstreamFault): void {
    this.#upstream = undefined
    this.#corked = false
    if (this.#status !== 0) return this.#breakOff(fault.code, fault.detail)
    const repeatable = fault.untouched || fault.stale && IDEMPOTENT.has(this.head.method)
    if (repeatable && !this.#bodySent && this.#repeats++ < MAX_REPEATS) {
      // A kept connection that closes before any answer says nothing about the endpoint: ask it anew.
      this.#picker?.again()
      return this.#attempt(true)
    }
    this.#picker?.failed(fault)
    this.#refuse(refusal(fault.code, fault.detail))
  }

  #switch(head: ResponseHead): void {
    this.#switching = undefined
    if (!this.#wantsUpgrade() || this.#upstream === undefined) {
      this.#letGo()
      return this.#refuse(refusal('UPSTREAM_MALFORMED', 'The endpoint switched protocols unasked'))
    }
    const upstream = this.#upstream.takeOver()
    if (upstream === undefined) {
      this.#letGo()
      return this.#refuse(refusal('UPSTREAM_MALFORMED', 'The endpoint switched protocols unasked'))
    }
    const client = this.#client.switchProtocols(
      [...endToEnd(head.headers), 'Connection', 'Upgrade', 'Upgrade', upgradeOf(head)],
    )
    if (client === undefined) {
      upstream.duplex.destroy()
      return upstream.over()
    }
    this.#status = 101
    tunnel({
      client,
      upstream,
      ticker: this.#runtime.ticker,
      idleMs: (this.#forward as Forward).upstream.readTimeout,
      onOver: (sent, received) => {
        this.#requestBytes = sent
        this.#responseBytes = received
        this.#record()
        upstream.over()
        client.over()
      },
    })
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
    this.#refusal = refusal
    this.#early = []
    this.#status = refusal.status
    const { contentType, body } = refusalBody(refusal, getHeader(this.head.headers, 'accept'))
    this.#respond({
      status: refusal.status,
      reason: '',
      headers: ['Content-Type', contentType],
      body: new TextEncoder().encode(body),
    })
  }

  /** Sends an answer that is there as a whole. */
  #respond(answer: LocalAnswer & { readonly reason: string }): void {
    const { status, reason, headers, body } = answer
    const bodiless = this.head.method === 'HEAD' || status === 204 || status === 304
    this.#status = status
    this.#client.cork()
    const length = status === 204 ? [] : ['Content-Length', String(body.length)]
    const fields = [...headers, ...length]
    this.#client.respond({ status, reason, headers: fields, openEnded: false, bodiless })
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
    this.#picker?.over()
    const { clock, observer } = this.#runtime.ports
    const { facts } = this.#client.connection
    const { head } = this
    observer.exchange({
      time: this.#time,
      listener: facts.listenerName(),
      address: this.#peer?.address ?? facts.address,
      sni: facts.sni,
      version: head.version,
      method: head.method,
      host: head.host,
      path: head.path,
      status: this.#status || (this.#refusal?.status ?? 0),
      requestBytes: this.#requestBytes,
      responseBytes: this.#responseBytes,
      duration: clock.monotonic() - this.#startedAt,
      upstreamDuration: this.#upstreamTook,
      route: this.#route,
      plan: this.#forward?.grant?.plan ?? '',
      application: this.#forward?.grant?.application ?? '',
      certificate: this.#peer?.certificate?.fingerprint ?? '',
      endpoint: this.#endpoint?.address ?? '',
      code: this.#refusal?.code ?? '',
      detail: this.#refusal?.detail ?? '',
    })
  }
}

/** What the endpoint switched to. */
function upgradeOf(head: ResponseHead): string {
  return getHeader(head.headers, 'upgrade') ?? ''
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
