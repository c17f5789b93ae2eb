import { refusal } from '../decide/mod.ts'
import type { AffinityFacts, CompiledEndpoint, Forward, Refusal } from '../decide/mod.ts'
import { affinityFacts, HeldBody, Picker } from '../proxy/mod.ts'
import type { FilteredResponse } from '../proxy/mod.ts'
import { outgoingHeaders, type OutgoingParts } from './outgoing.ts'
import { BODILESS, bodyTooLarge, hasBody } from './request.ts'
import { type Answer, answerOf, listOf, wholeResponse } from './response.ts'
import { Silence } from './silence.ts'
import type { FetchHost } from './types.ts'
import { type BodyWatcher, watched } from './watched.ts'

/** What one exchange is made of once it may go on. */
export interface ForwardingParts extends OutgoingParts {
  readonly host: FetchHost
  /** The longest request body in bytes; 0 sets no bound. */
  readonly bodySize: number
  /** Epoch milliseconds. */
  readonly now: number
  /** Called once, after the response's last byte; with the reason where it broke off. */
  readonly onOver: (fault: Refusal | undefined) => void
}

/** Methods that may be sent twice (RFC 9110 section 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/**
 * The way upstream and back of one request. `fetch` does not tell what of a request was sent when it failed, so
 * only what may be sent twice, and still can, goes to a second endpoint.
 */
export class Forwarding {
  readonly #parts: ForwardingParts
  readonly #abort = new AbortController()
  readonly #silence: Silence
  /** The time within which an answer has to begin; undefined: there is no bound. */
  readonly #bound: Silence | undefined
  readonly #onGone = (): void => this.#stop(refusal('CLIENT_GONE', 'The request was aborted'))
  #fault: Refusal | undefined
  #answered = false
  #picker: Picker | undefined
  /** The endpoint that was asked last. */
  endpoint: CompiledEndpoint | undefined
  /** The answer's; 0: there is none. */
  status = 0
  requestBytes = 0
  responseBytes = 0
  /** How long the last endpoint took to answer, in milliseconds; -1: it did not. */
  took = -1

  constructor(parts: ForwardingParts) {
    this.#parts = parts
    const readTimeout = readTimeoutOf(parts.forward)
    this.#silence = new Silence(readTimeout, () => this.#onSilent())
    const { answer } = parts.forward.route.config.upstreamTimes
    const late = (): void =>
      this.#stop(refusal('ANSWER_TIMEOUT', `No answer began within ${answer} ms`))
    this.#bound = answer === undefined ? undefined : new Silence(answer, late)
    this.#bound?.wait()
    parts.request.signal?.addEventListener('abort', this.#onGone)
    if (parts.request.signal?.aborted) this.#onGone()
  }

  /** Asks endpoints, one after the other, for an answer. `onOver` is called for answers alone. */
  async send(): Promise<Response | Refusal> {
    const { forward, now, request, head } = this.#parts
    const { peer } = this.#parts
    const facts = (): AffinityFacts =>
      forward.filtering?.facts ?? affinityFacts(head, peer, forward.grant)
    const picker = this.#picker = new Picker(forward.upstream, { now, facts })
    const repeatable = !hasBody(request) && IDEMPOTENT.has(head.method)
    for (;;) {
      const endpoint = picker.next()
      if (endpoint === undefined) return this.#refused(picker.exhausted())
      const found = await this.#ask(endpoint)
      const own = this.#fault !== undefined && this.#fault.code !== 'UPSTREAM_TIMEOUT'
      if ('code' in found && own) return this.#refused(found)
      if (!('code' in found) || found.code === 'UPSTREAM_MALFORMED') {
        picker.succeeded(this.status, Math.max(0, this.took))
        return 'code' in found ? this.#refused(found) : found
      }
      picker.failed(found)
      if (!repeatable || this.#fault !== undefined) picker.stop()
    }
  }

  async #ask(endpoint: CompiledEndpoint): Promise<Response | Refusal> {
    const { host, forward } = this.#parts
    this.endpoint = endpoint
    const since = performance.now()
    try {
      if (this.#fault !== undefined) return this.#fault
      const request = this.#outgoing(endpoint)
      this.#silence.wait()
      const fetchIt = host.fetch ?? ((request: Request) => fetch(request))
      const response = await fetchIt(request, forward.upstream.name)
      this.#bound?.end()
      this.took = performance.now() - since
      return await this.#answer(response)
    } catch (error) {
      if (this.#fault !== undefined) return this.#fault
      return refusal('UPSTREAM_UNREACHABLE', `${endpoint.address}: ${reasonOf(error)}`)
    } finally {
      if (!this.#answered) this.#silence.pause()
    }
  }

  #outgoing(endpoint: CompiledEndpoint): Request {
    const { request, filtered } = this.#parts
    const head = filtered?.head(this.#parts.head) ?? this.#parts.head
    const scheme = endpoint.tls === undefined ? 'http' : 'https'
    const body = hasBody(request) && !BODILESS.has(head.method)
      ? request.body as ReadableStream<Uint8Array>
      : undefined
    const init: RequestInit & { duplex: 'half' } = {
      method: head.method,
      headers: outgoingHeaders(this.#parts),
      body: body === undefined ? null : watched(body, this.#uploading()),
      redirect: 'manual',
      signal: this.#abort.signal,
      duplex: 'half',
    }
    return new Request(`${scheme}://${endpoint.address}${endpoint.path}${head.target}`, init)
  }

  #uploading(): BodyWatcher {
    const { bodySize } = this.#parts
    // Before the answer comes, the endpoint's silence counts only while the client's bytes are with it.
    const wait = (): void => this.#answered ? undefined : this.#silence.wait()
    return {
      wanted: () => this.#answered ? undefined : this.#silence.pause(),
      passed: (bytes) => {
        this.requestBytes += bytes
        const filtered = this.#parts.filtered?.exceeds(this.requestBytes) === true
        if (filtered || bodySize > 0 && this.requestBytes > bodySize) {
          const fault = bodyTooLarge(filtered ? this.requestBytes - 1 : bodySize)
          this.#stop(fault)
          throw new Error(fault.detail)
        }
        wait()
      },
      ended: wait,
      failed: (error) => this.#stop(refusal('CLIENT_GONE', reasonOf(error))),
      cancelled: wait,
    }
  }

  async #answer(response: Response): Promise<Response | Refusal> {
    const came = answerOf(response)
    const body = response.body as ReadableStream<Uint8Array> | null
    const { answer, change } = 'code' in came ? { answer: came } : this.#changed(came)
    if (change !== undefined) return await this.#whole(change, body)
    const passes = !('code' in answer) && answer.hasBody
    if (!passes) void body?.cancel().catch(() => {})
    if ('code' in answer) return answer
    this.#answered = true
    this.status = answer.status
    this.#silence.pause()
    if (passes && body !== null) {
      return new Response(watched(body, this.#downloading()) as BodyInit, answer)
    }
    this.#over(undefined)
    return new Response(null, answer)
  }

  /** What the filters make of an answer's head, and of its body. */
  #changed(came: Answer): { answer: Answer; change?: FilteredResponse } {
    const { filtered } = this.#parts
    if (filtered === undefined) return { answer: came }
    const head = { status: came.status, headers: listOf(came.headers) }
    const changed = filtered.respond(head, this.endpoint)
    const { status, headers, body } = changed
    const list = new Headers()
    for (let i = 0; i + 1 < headers.length; i += 2) list.append(headers[i]!, headers[i + 1]!)
    const statusText = status === came.status ? came.statusText : ''
    const answer = { ...came, status, statusText, headers: list }
    return body === undefined ? { answer } : { answer, change: changed }
  }

  /** An answer whose body is changed as a whole. */
  async #whole(
    change: FilteredResponse,
    body: ReadableStream<Uint8Array> | null,
  ): Promise<Response | Refusal> {
    const held = new HeldBody(change)
    for await (const bytes of body ?? []) {
      if (held.push(bytes)) continue
      return refusal('UPSTREAM_MALFORMED', `A body of more than ${HeldBody.MOST} bytes`)
    }
    this.#answered = true
    this.status = change.status
    this.#silence.pause()
    const whole = held.whole()
    this.responseBytes = whole.body.length
    this.#over(undefined)
    return wholeResponse(whole, this.#parts.request)
  }

  #downloading(): BodyWatcher {
    return {
      wanted: () => this.#silence.wait(),
      passed: (bytes) => {
        this.#silence.pause()
        this.responseBytes += bytes
      },
      ended: () => this.#over(undefined),
      failed: (error) =>
        this.#over(
          this.#fault ?? refusal('UPSTREAM_CLOSED', `${this.#name()}: ${reasonOf(error)}`),
        ),
      cancelled: () => this.#over(refusal('CLIENT_GONE', 'The response was cancelled')),
    }
  }

  #onSilent(): void {
    const ms = readTimeoutOf(this.#parts.forward)
    this.#stop(refusal('UPSTREAM_TIMEOUT', `${this.#name()}: silent for ${ms} ms`))
  }

  #name(): string {
    return this.endpoint?.address ?? ''
  }

  #stop(fault: Refusal): void {
    if (this.#fault !== undefined) return
    this.#fault = fault
    this.#abort.abort(new DOMException(fault.detail, 'AbortError'))
  }

  #refused(found: Refusal): Refusal {
    this.#end()
    return found
  }

  #over(fault: Refusal | undefined): void {
    this.#end()
    this.#parts.onOver(fault)
  }

  #end(): void {
    this.#picker?.over()
    this.#silence.end()
    this.#bound?.end()
    this.#parts.request.signal?.removeEventListener('abort', this.#onGone)
  }
}

/** The route's, or the upstream's. */
function readTimeoutOf({ route, upstream }: Forward): number {
  return route.config.upstreamTimes.read ?? upstream.config.readTimeout
}

/** What an error says, with its cause: `fetch` tells what happened only there. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message
}
