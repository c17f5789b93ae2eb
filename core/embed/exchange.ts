import { decide, policyOf, refusal, refusalLook, settle } from '../decide/mod.ts'
import type {
  CompiledListener,
  Filtering,
  LookOptions,
  Peer,
  Refusal,
  Snapshot,
} from '../decide/mod.ts'
import type { LimitState } from '../filter/mod.ts'
import { certificateFromHeader } from '../pki/mod.ts'
import { Filtered, lookOfStop } from '../proxy/mod.ts'
import type { HeaderClasses, Identifier, StopLook } from '../proxy/mod.ts'
import type { RequestHead } from '../wire/mod.ts'
import { LISTENER } from './configuration.ts'
import { Forwarding } from './forwarding.ts'
import { headOf } from './request.ts'
import { CLIENT_CLOSED_REQUEST, type WholeAnswer, wholeResponse } from './response.ts'
import type { FetchClient, FetchHost } from './types.ts'

/** What all exchanges of a handler share. */
export interface Embedded {
  readonly snapshot: Snapshot
  readonly listener: CompiledListener
  readonly classes: HeaderClasses
  readonly identifier: Identifier
  /** What limits have counted. */
  readonly limits: LimitState
}

/** Where certificates of the host's own TLS are put for the identifier to read. */
const HANDED_OVER = 'client-cert'

/** One request and its response: identify, decide, forward or refuse, record. */
export class Exchange {
  readonly #request: Request
  readonly #client: FetchClient
  readonly #host: FetchHost
  readonly #time: number
  readonly #startedAt = performance.now()
  #head: RequestHead | undefined
  #peer: Peer | undefined
  #style: LookOptions['style'] = 'native'
  #filtered: Filtered | undefined
  #route = ''
  #plan = ''
  #application = ''
  #status = 0
  #forwarding: Forwarding | undefined
  #over = false

  constructor(request: Request, client: FetchClient, host: FetchHost) {
    this.#request = request
    this.#client = client
    this.#host = host
    this.#time = (host.now ?? Date.now)()
  }

  async answer(embedded: Embedded): Promise<Response> {
    const { snapshot, listener, classes } = embedded
    const head = headOf(this.#request, snapshot.limits)
    if ('code' in head) return this.refuse(head)
    this.#head = head
    const peer = await this.#identify(embedded)
    this.#peer = peer
    const decision = await settle(
      () => decide(snapshot, listener, head, peer, this.#time),
      this.#time,
    )
    this.#route = decision.route?.name ?? ''
    this.#style = decision.route?.style ?? listener.style
    if (decision.kind === 'local') {
      return this.refuse(refusal('NO_ENDPOINT', `Nothing here answers as "${decision.handler}"`))
    }
    const stop = this.#filter(decision.filtering, embedded)
    if (stop !== undefined) return this.#whole(stop, stop.refusal)
    if (decision.kind === 'refuse') return this.refuse(decision.refusal)
    this.#plan = decision.grant?.plan ?? ''
    this.#application = decision.grant?.application ?? this.#filtered?.consumer ?? ''
    this.#forwarding = new Forwarding({
      request: this.#request,
      host: this.#host,
      classes,
      head,
      peer,
      forward: decision,
      filtered: this.#filtered,
      bodySize: snapshot.limits.bodySize,
      now: this.#time,
      onOver: (fault) => this.#record(fault),
    })
    return await this.#forward(this.#forwarding)
  }

  /** Phase **refuse**. */
  refuse(found: Refusal): Response {
    // Nobody is left to read it.
    if (found.status === 0) {
      this.#record(found)
      return new Response(null, { status: CLIENT_CLOSED_REQUEST })
    }
    const accept = this.#request.headers.get('accept') ?? undefined
    const look = refusalLook(found, { accept, style: this.#style })
    this.#filtered?.refused(found, look)
    return this.#whole({ ...look, body: new TextEncoder().encode(look.body) }, found)
  }

  /** Phase **filter**: the last word of a filter, where one has it. */
  #filter(filtering: Filtering | undefined, { snapshot, limits }: Embedded): StopLook | undefined {
    if (filtering === undefined) return undefined
    const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length))
    const filtered = new Filtered(filtering, { snapshot, limits, random, now: this.#time })
    this.#filtered = filtered
    const stop = filtered.run()
    const accept = this.#request.headers.get('accept') ?? undefined
    return stop && lookOfStop(stop, { accept, style: this.#style })
  }

  /** Sends an answer that is there as a whole, back through the filters. */
  #whole(answer: WholeAnswer, found: Refusal | undefined): Response {
    const changed = this.#filtered?.respond(answer, undefined) ?? { ...answer, body: undefined }
    const body = changed.body?.(answer.body) ?? answer.body
    this.#status = changed.status
    this.#record(found)
    return wholeResponse({ ...changed, body }, this.#request)
  }

  /** Phase **identify**. */
  async #identify({ listener, identifier }: Embedded): Promise<Peer> {
    const { address, clientCertificate } = this.#client
    const bare: Peer = {
      address,
      listener: LISTENER,
      secure: this.#request.url.startsWith('https:'),
      sni: '',
      trustedProxy: false,
      certificate: undefined,
    }
    const policy = policyOf(listener, bare)
    if (clientCertificate === undefined) return bare
    if (typeof clientCertificate === 'string') {
      const question = { name: HANDED_OVER, policy, bare, now: this.#time }
      return await identifier.fromHeader([HANDED_OVER, clientCertificate], question)
    }
    const shown = clientCertificate instanceof Uint8Array ? [clientCertificate] : clientCertificate
    const chain = shown.filter((each) => each !== '').map(derOf)
    return { ...bare, certificate: await identifier.fromChain(chain, policy, this.#time) }
  }

  /** Phase **forward**. */
  async #forward(forwarding: Forwarding): Promise<Response> {
    const found = await forwarding.send()
    return 'code' in found ? this.refuse(found) : found
  }

  /** Phase **record**. */
  #record(fault: Refusal | undefined): void {
    if (this.#over) return
    this.#over = true
    const { method } = this.#request
    const { requestBytes = 0, responseBytes = 0, took = -1, endpoint } = this.#forwarding ?? {}
    this.#host.onExchange?.({
      time: this.#time,
      listener: LISTENER,
      address: this.#filtered?.address ?? this.#client.address,
      sni: '',
      version: this.#head?.version ?? '',
      method,
      host: this.#head?.host ?? '',
      path: this.#head?.path ?? '',
      status: this.#status || (this.#forwarding?.status ?? 0),
      requestBytes,
      responseBytes,
      duration: performance.now() - this.#startedAt,
      upstreamDuration: took,
      route: this.#route,
      plan: this.#plan,
      application: this.#application,
      certificate: this.#peer?.certificate?.fingerprint ?? '',
      endpoint: endpoint?.address ?? '',
      code: fault?.code ?? '',
      detail: fault?.detail ?? '',
    })
  }
}

/** A certificate as DER; what cannot be read stays something that no reader takes. */
function derOf(certificate: string | Uint8Array): Uint8Array {
  if (typeof certificate !== 'string') return certificate
  return certificateFromHeader(certificate) ?? new Uint8Array(0)
}

/** The refusal for what should not have happened. */
export function internalError(error: unknown): Refusal {
  return refusal('INTERNAL_ERROR', error instanceof Error ? error.message : String(error))
}
