import { graviteeKeys, refusal, refusalLook, statusPage } from '../decide/mod.ts'
import type { CompiledEndpoint, Filtering, LookOptions, Refusal, Snapshot } from '../decide/mod.ts'
import { changesResponse, Passage, runRequest, runResponse } from '../filter/mod.ts'
import type { FilterRefusal, LimitState, ResponseInHand, Stop } from '../filter/mod.ts'
import { withoutFields } from '../wire/mod.ts'
import type { HeaderList, RequestHead } from '../wire/mod.ts'
import { clientFields, type ForwardOptions } from './request-head.ts'

/** What filters need besides the exchange. */
export interface FilteredMeans {
  readonly snapshot: Snapshot
  readonly limits: LimitState
  readonly random: (length: number) => Uint8Array
  /** Epoch milliseconds. */
  readonly now: number
}

/** An answer's head. */
interface Answered {
  readonly status: number
  readonly headers: HeaderList
}

/** An answer's head, with what is to become of its body. */
export interface FilteredResponse {
  readonly status: number
  readonly headers: HeaderList
  /** Makes the body that is sent of the one that came whole; undefined: it goes through as it comes. */
  readonly body: ((came: Uint8Array) => Uint8Array) | undefined
  /** Whether `body` looks at what came. */
  readonly reads?: boolean
}

/** What the filters make of one exchange. */
export class Filtered {
  readonly #filtering: Filtering
  readonly #passage: Passage
  /** The client's. */
  readonly #method: string

  constructor(filtering: Filtering, { snapshot, limits, random, now }: FilteredMeans) {
    const consumers = snapshot.applications
    this.#filtering = filtering
    this.#method = filtering.facts.head.method
    this.#passage = new Passage(filtering.facts, { consumers, limits, random }, now)
  }

  /** Sends the request through; what is returned is the last word on it. */
  run(): Stop | undefined {
    return runRequest(this.#filtering.chain, this.#passage)
  }

  /** How long the request waits before it goes on, in milliseconds. */
  get delay(): number {
    return this.#passage.delay
  }

  /** The client's address, where a filter found another than the connection's. */
  get address(): string | undefined {
    const { facts } = this.#passage
    return facts.moved ? facts.address : undefined
  }

  /** The application that a filter found. */
  get consumer(): string | undefined {
    return this.#passage.consumer?.name
  }

  /** The Host to be sent, where a filter says so. */
  get host(): string | undefined {
    return this.#passage.host
  }

  /** Whether a body of so many bytes is longer than a filter allows. */
  exceeds(bytes: number): boolean {
    const { bodySize = 0 } = this.#passage
    return bodySize > 0 && bytes > bodySize
  }

  /** The head that goes upstream, but for the fields that filters wrote: {@linkcode options} has these. */
  head(head: RequestHead): RequestHead {
    const { rewritten, facts } = this.#passage
    if (!rewritten) return head
    const { method, path, query, target } = facts.head
    return { ...head, method, path, query, target }
  }

  /** How the request is sent, with what filters say about it. */
  options<T extends ForwardOptions>(options: T, port: number): T {
    const { owned, written } = this.#passage
    const { address } = this
    const moved = address === undefined
      ? {}
      : { address, clientFields: clientFields(address, port, this.#passage.facts.client.secure) }
    return { ...options, ...moved, replaced: owned, added: [...options.added, ...written] }
  }

  /** Tells filters of answers why the request is turned away. */
  refused(
    refusal: Refusal,
    { status, body }: { readonly status: number; readonly body: string },
  ): void {
    const { named } = this.#passage.facts
    const keys = graviteeKeys(refusal)
    if (keys.length === 0) return
    named.set('error_key', keys.join(' '))
    named.set('error_status', String(status))
    named.set('error_message', messageIn(body))
  }

  /** Sends an answer's head back through; `endpoint` is who gave it, undefined the gateway itself. */
  respond(
    head: Answered,
    endpoint: CompiledEndpoint | undefined,
  ): FilteredResponse {
    const upstream = endpoint !== undefined
    if (upstream) nameEndpoint(this.#passage.facts.named, endpoint)
    if (!changesResponse(this.#passage)) return this.#framed(head, upstream)
    const hand: ResponseInHand = {
      status: head.status,
      headers: [...head.headers],
      upstream,
      body: undefined,
      change: undefined,
    }
    runResponse(this.#passage, hand)
    const { status, headers, body, change } = hand
    if (body === undefined && change === undefined) return this.#framed(hand, upstream)
    return body === undefined
      ? { status, headers, body: change, reads: true }
      : { status, headers, body: () => body }
  }

  /** Where another method was sent than the client's, of which one is HEAD, the answer is framed anew. */
  #framed({ status, headers }: Answered, upstream: boolean): FilteredResponse {
    const { rewritten, facts } = this.#passage
    const sent = rewritten && upstream ? facts.head.method : this.#method
    if ((sent === 'HEAD') === (this.#method === 'HEAD')) return { status, headers, body: undefined }
    return {
      status,
      headers: withoutFields(headers, ['content-length']),
      body: (came) => came,
      reads: true,
    }
  }
}

/** The words of a refusal, whichever form they have. */
function messageIn(body: string): string {
  if (!body.startsWith('{')) return body
  try {
    return String((JSON.parse(body) as { readonly message?: string }).message ?? '')
  } catch {
    return body
  }
}

function nameEndpoint(named: Map<string, string>, { host, port, address }: CompiledEndpoint): void {
  named.set('balancer_ip', host)
  named.set('balancer_port', String(port))
  named.set('upstream_addr', address)
}

/** What a filter's last word is to the client. */
export interface StopLook {
  readonly refusal: Refusal | undefined
  readonly status: number
  readonly headers: HeaderList
  readonly body: Uint8Array
}

const utf8 = new TextEncoder()

/** Gives a filter's last word its look. */
export function lookOfStop(stop: Stop, options: LookOptions): StopLook {
  if (stop.kind === 'refusal') {
    const refusal = refusalOf(stop)
    if (stop.body !== undefined) {
      const headers = ['Content-Type', 'text/plain; charset=utf-8', ...stop.headers]
      return { refusal, status: refusal.status, headers, body: stop.body }
    }
    const { status, headers, body } = refusalLook(refusal, options)
    return { refusal, status, headers: [...headers, ...stop.headers], body: utf8.encode(body) }
  }
  const { status, headers, body } = stop
  if (body !== undefined) return { refusal: undefined, status, headers, body }
  const page = statusPage(status, options.style)
  const own = page === undefined ? headers : [...page.headers, ...headers]
  return { refusal: undefined, status, headers: own, body: utf8.encode(page?.body ?? '') }
}

function refusalOf({ code, status, detail, told }: FilterRefusal): Refusal {
  return refusal(code, detail, told === undefined ? { status } : { status, told })
}
