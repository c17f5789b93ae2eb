import type { CompiledEndpoint, CompiledUpstream } from '../decide/mod.ts'
import { Pool } from './pool.ts'
import type { Runtime } from './runtime.ts'

/** How many names an endpoint has pools for; then the one used longest ago goes. */
const NAMES = 64

/** The pools of an endpoint of an upstream, under one trust. */
interface Entry {
  readonly upstream: string
  /** Under the endpoint's own name; made when it is first used. */
  own: Pool | undefined
  /** Of requests that ask by the name of their Host: by name, in the order of use. */
  readonly named: Map<string, Pool>
}

/** All pools, by what may share one: upstream, connect time-out, and the endpoint's key, which covers TLS and trust. */
export class Pools {
  readonly #runtime: Runtime
  readonly #entries = new Map<string, Entry>()
  /** The same by the endpoint itself: what the request path asks. */
  #byEndpoint = new WeakMap<CompiledEndpoint, Entry>()

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** @param name the name to be sent and checked, where it is not the endpoint's own */
  of(upstream: CompiledUpstream, endpoint: CompiledEndpoint, name?: string): Pool {
    const entry = this.#byEndpoint.get(endpoint) ?? this.#find(upstream, endpoint)
    if (name !== undefined) return this.#named(entry, { upstream, endpoint, name })
    return entry.own ??= new Pool(this.#runtime, upstream, endpoint)
  }

  /** Retires the pools of all endpoints but those of these upstreams, by name. */
  keepOnly(upstreams: ReadonlyMap<string, CompiledUpstream>): void {
    const kept = new Map<string, ReadonlySet<string>>()
    const keysOf = (name: string): ReadonlySet<string> => {
      const upstream = upstreams.get(name)
      const keys = upstream?.endpoints.map((endpoint) => poolKey(upstream, endpoint))
      return new Set(keys)
    }
    for (const [key, { upstream, own, named }] of this.#entries) {
      const keys = kept.get(upstream) ?? keysOf(upstream)
      kept.set(upstream, keys)
      if (keys.has(key)) continue
      own?.retire()
      for (const pool of named.values()) pool.retire()
      this.#entries.delete(key)
    }
    this.#byEndpoint = new WeakMap()
  }

  #find(upstream: CompiledUpstream, endpoint: CompiledEndpoint): Entry {
    const key = poolKey(upstream, endpoint)
    const entry = this.#entries.get(key) ??
      { upstream: upstream.name, own: undefined, named: new Map<string, Pool>() }
    this.#entries.set(key, entry)
    this.#byEndpoint.set(endpoint, entry)
    return entry
  }

  /** Clients choose names: what they stop using must not stay. */
  #named(
    { named }: Entry,
    { upstream, endpoint, name }: {
      readonly upstream: CompiledUpstream
      readonly endpoint: CompiledEndpoint
      readonly name: string
    },
  ): Pool {
    const pool = named.get(name) ?? new Pool(this.#runtime, upstream, endpoint.named(name))
    named.delete(name)
    named.set(name, pool)
    if (named.size <= NAMES) return pool
    const [oldest] = named
    if (oldest !== undefined) {
      named.delete(oldest[0])
      oldest[1].retire()
    }
    return pool
  }
}

function poolKey(upstream: CompiledUpstream, endpoint: CompiledEndpoint): string {
  const { name, protocol, connectTimeout, keepAlive, proxyProtocol } = upstream.config
  const { connections, idleTimeout, requests } = keepAlive
  const kept = [connections, idleTimeout, requests]
  return [name, protocol, connectTimeout, ...kept, proxyProtocol ?? '', endpoint.key].join(' ')
}
