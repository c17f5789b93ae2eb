import { factsOf, refusal } from '../decide/mod.ts'
import type {
  AffinityFacts,
  CompiledEndpoint,
  CompiledListener,
  CompiledUpstream,
  Refusal,
} from '../decide/mod.ts'
import { type Dialed, DialFailure, type Duplex } from '../port/mod.ts'
import { checkEndpoint, type DialFault, dialFault } from './endpoint-check.ts'
import { type Ends, prefaceOf } from './passage.ts'
import { Picker } from './picker.ts'
import type { Runtime } from './runtime.ts'
import type { Client } from './sides.ts'
import { tunnel } from './tunnel.ts'

/** A connection of a listener whose bytes go to one upstream. */
export interface StreamFacts {
  readonly listener: CompiledListener
  readonly upstream: CompiledUpstream
  readonly duplex: Duplex
  /** Bytes that were read before. */
  readonly first: Uint8Array
  readonly ends: Ends
  /** What the ClientHello named; empty without. */
  readonly sni: string
  readonly onOver: (client: Client) => void
}

/** One connection that is no HTTP: an endpoint is picked, and bytes go both ways until one side has done. */
export class Stream implements Client {
  readonly #runtime: Runtime
  readonly #facts: StreamFacts
  readonly #time: number
  readonly #startedAt: number
  readonly #picker: Picker
  #endpoint: CompiledEndpoint | undefined
  #connectTook = -1
  #refusal: Refusal | undefined
  #over = false

  constructor(runtime: Runtime, facts: StreamFacts) {
    const { clock } = runtime.ports
    this.#runtime = runtime
    this.#facts = facts
    this.#time = clock.now()
    this.#startedAt = clock.monotonic()
    this.#picker = new Picker(facts.upstream, {
      now: this.#time,
      facts: () => affinityOf(facts),
      onHealth: runtime.onHealth,
    })
  }

  /** Connects the client with an endpoint. Never rejects. */
  async run(): Promise<void> {
    this.#holdClient()
    try {
      await this.#connect()
    } catch (error) {
      this.#runtime.failed(error)
      this.#end(refusal('INTERNAL_ERROR', String(error)))
    }
  }

  /** What is under way may end by itself. */
  drain(): void {}

  cut(): void {
    this.#refusal = refusal('DRAINING', 'drainTimeout was over before the connection was')
    this.#facts.duplex.destroy(true)
  }

  /** A client that leaves before an endpoint is found must be noticed; what it sends can wait. */
  #holdClient(): void {
    const { duplex } = this.#facts
    duplex.pause()
    duplex.handle({
      onData: () => {},
      onEnd: () => {},
      onDrain: () => {},
      onClose: () =>
        this.#end(this.#refusal ?? refusal('CLIENT_GONE', 'Closed before an endpoint was found')),
    })
  }

  async #connect(): Promise<void> {
    while (!this.#over) {
      const endpoint = this.#picker.next(this.#runtime.ports.clock.now())
      if (endpoint === undefined) return this.#end(this.#picker.exhausted())
      this.#endpoint = endpoint
      const since = this.#runtime.ports.clock.monotonic()
      const dialed = await this.#dial(endpoint)
      if (!('duplex' in dialed)) this.#picker.failed(dialed)
      else if (this.#over) dialed.duplex.destroy()
      else {
        this.#connectTook = this.#runtime.ports.clock.monotonic() - since
        return this.#join(dialed)
      }
    }
  }

  async #dial(endpoint: CompiledEndpoint): Promise<Dialed | DialFault> {
    const { upstream, listener, ends } = this.#facts
    const { host, port, tls } = endpoint
    const timeoutMs = listener.upstreamTimes.connect ?? upstream.config.connectTimeout
    try {
      const preface = prefaceOf(upstream, ends)
      const { dialer } = this.#runtime.ports
      const dialed = await dialer.dial({ host, port, tls, timeoutMs, preface })
      const found = await checkEndpoint(this.#runtime.ports, { endpoint, dialed })
      if (typeof found === 'number') return dialed
      dialed.duplex.destroy()
      return found
    } catch (error) {
      if (error instanceof DialFailure) return dialFault(error)
      throw error
    }
  }

  #join(dialed: Dialed): void {
    const { upstream, listener, duplex, first, onOver } = this.#facts
    const { observer } = this.#runtime.ports
    this.#picker.succeeded(0, this.#connectTook)
    this.#picker.remember([])
    observer.upstreamConnection(upstream.name, 1)
    const member = listener.upstreamTimes.read ?? upstream.config.readTimeout
    tunnel({
      client: { duplex, rest: first.length === 0 ? undefined : first },
      upstream: { duplex: dialed.duplex, rest: undefined },
      ticker: this.#runtime.ticker,
      idleMs: Math.min(listener.clientTimeout ?? Infinity, member),
      onOver: (received, sent) => {
        observer.upstreamConnection(upstream.name, -1)
        this.#record(received, sent)
        onOver(this)
      },
    })
  }

  /** Ends before bytes could go both ways. */
  #end(refused: Refusal): void {
    if (this.#over) return
    this.#refusal = refused
    this.#record(0, 0)
    this.#facts.duplex.destroy()
    this.#facts.onOver(this)
  }

  /** Phase **record**. */
  #record(received: number, sent: number): void {
    this.#over = true
    this.#picker.over()
    const { clock, observer } = this.#runtime.ports
    const { listener, upstream, ends, sni } = this.#facts
    observer.stream({
      time: this.#time,
      listener: listener.name,
      address: ends.source.host,
      sni,
      received,
      sent,
      duration: clock.monotonic() - this.#startedAt,
      connectDuration: this.#connectTook,
      upstream: upstream.name,
      endpoint: this.#endpoint?.address ?? '',
      code: this.#refusal?.code ?? '',
      detail: this.#refusal?.detail ?? '',
    })
  }
}

/** Of a request there is nothing; of the client, its address and the name that it asked for. */
function affinityOf({ ends, sni, listener }: StreamFacts): AffinityFacts {
  const peer = {
    address: ends.source.host,
    listener: listener.name,
    secure: false,
    sni,
    trustedProxy: false,
    certificate: undefined,
    port: ends.destination.port,
  }
  return factsOf({ method: '', host: sni, path: '', headers: [] }, peer)
}
