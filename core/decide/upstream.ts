import type { Certificate } from '../pki/mod.ts'
import { addressText } from '../snapshot/mod.ts'
import type { EndpointConfig, UpstreamConfig } from '../snapshot/types.ts'
import { type Balancer, type BalancerRules, createBalancer } from '../upstream/mod.ts'
import { type Affinity, compileAffinity } from './affinity.ts'
import type { CompiledEndpoint, CompiledUpstream, Verification } from './compiled.ts'
import type { Noted } from './compile-warnings.ts'

/** What is made of an upstream's TLS, beforehand: its files may not be readable. */
export interface UpstreamTls {
  readonly endpoints: readonly CompiledEndpoint[]
  readonly certificate: Certificate | undefined
  readonly verification: Verification | undefined
  readonly notes: readonly Noted[]
}

/** What takes part in each request. */
interface Ready {
  readonly endpoints: readonly CompiledEndpoint[]
  readonly balancer: Balancer<CompiledEndpoint>
  readonly affinity: Affinity | undefined
}

const NO_NOTES: readonly Noted[] = []

/**
 * An upstream as requests use it. Of many thousands few are asked for between two changes, so what takes part in
 * requests is made when it is first asked for.
 */
export class Upstream implements CompiledUpstream {
  readonly config: UpstreamConfig
  readonly #tls: UpstreamTls | undefined
  #ready: Ready | undefined
  /** Whose balancer is carried on. */
  #before: Upstream | undefined

  /**
   * @param tls undefined: all endpoints are plain
   * @param before the upstream in whose place it comes
   */
  constructor(
    config: UpstreamConfig,
    tls: UpstreamTls | undefined,
    before: CompiledUpstream | undefined,
  ) {
    this.config = config
    this.#tls = tls
    if (!(before instanceof Upstream)) return
    // One that nobody asked for knows nothing of its own.
    this.#before = before.#ready === undefined ? before.#before : before
  }

  get name(): string {
    return this.config.name
  }

  get isPlain(): boolean {
    return this.#tls === undefined
  }

  get endpoints(): readonly CompiledEndpoint[] {
    return this.#tls?.endpoints ?? this.#made().endpoints
  }

  get balancer(): Balancer<CompiledEndpoint> {
    return this.#made().balancer
  }

  get affinity(): Affinity | undefined {
    return this.#made().affinity
  }

  get certificate(): Certificate | undefined {
    return this.#tls?.certificate
  }

  get verification(): Verification | undefined {
    return this.#tls?.verification
  }

  get notes(): readonly Noted[] {
    return this.#tls?.notes ?? NO_NOTES
  }

  hostFor(authority: string, { address }: CompiledEndpoint): string {
    const { host } = this.config
    if (host === 'client') return authority || address
    return host === 'endpoint' ? address : host.name
  }

  #made(): Ready {
    return this.#ready ?? this.#make()
  }

  #make(): Ready {
    const { config } = this
    const endpoints = this.#tls?.endpoints ?? config.endpoints.map(plainEndpoint)
    this.#ready = {
      endpoints,
      balancer: createBalancer(endpoints, rulesOf(config), this.#before?.balancer),
      affinity: compileAffinity(config.name, config, endpoints),
    }
    this.#before = undefined
    return this.#ready
  }
}

/** How the endpoints are chosen. */
function rulesOf({ balance, persistence, health }: UpstreamConfig): BalancerRules {
  if (persistence === undefined || persistence.by === 'cookie') {
    return { balance, health, sessions: undefined }
  }
  const { by, name, lifetime } = persistence
  // Processes that share listeners must agree on where a client without a session belongs.
  const chosen: UpstreamConfig['balance'] = by === 'source-ip' ? { hash: '' } : balance
  return { balance: chosen, health, sessions: { kind: `${by} ${name}`, lifetime } }
}

/** A plain endpoint as requests use it. */
export function plainEndpoint(config: EndpointConfig): CompiledEndpoint {
  const address = addressText(config)
  return endpointOf(config, {
    address,
    name: config.host,
    namedByHost: false,
    verification: undefined,
    key: `${address} plain`,
    tls: undefined,
    named: itself,
  })
}

/** What of an endpoint its configuration does not have as it is; it depends on the endpoint's TLS. */
export type EndpointTls = Pick<
  CompiledEndpoint,
  'address' | 'key' | 'tls' | 'verification' | 'namedByHost' | 'name' | 'named'
>

/** An endpoint as requests use it. */
export function endpointOf(
  config: EndpointConfig,
  { address, key, tls, verification, namedByHost, name, named }: EndpointTls,
): CompiledEndpoint {
  const { host, port, weight, priority, monitor, path } = config
  // Field by field: what is spread into an object has a shape of its own, which takes more memory than the object.
  return {
    host,
    port,
    weight,
    priority,
    monitor,
    path,
    address,
    name,
    namedByHost,
    verification,
    key,
    tls,
    named,
  }
}

/** A plain endpoint is asked for by no name. */
function itself(this: CompiledEndpoint): CompiledEndpoint {
  return this
}
