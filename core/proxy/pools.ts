import type { CompiledEndpoint, CompiledUpstream } from '../decide/mod.ts'
import { Pool } from './pool.ts'
import type { Runtime } from './runtime.ts'

/** How many names an endpoint has pools for; then the one used longest ago goes. */
const NAMES = 64

/** A pool, and which endpoint's of which upstream under which trust it is. */
interface Entry {
  readonly upstream: string
  readonly base: string
  readonly pool: Pool
}

/** All pools, by what may share one: upstream, connect time-out, and the endpoint's key, which covers TLS and trust. */
export class Pools {
  readonly #runtime: Runtime
  readonly #pools = new Map<string, Entry>()
  /** The same by the endpoint itself: what the request path asks. */
  #byEndpoint = new WeakMap<CompiledEndpoint, Pool>()
  /** Of endpoints that are asked for by the name of each request: by name, in the order of use. */
  #byName = new WeakMap<CompiledEndpoint, Map<string, Pool>>()

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** @param name the name to be sent and checked, where it is not the endpoint's own */
  of(upstream: CompiledUpstream, endpoint: CompiledEndpoint, name?: string): Pool {
    if (name !== undefined) return this.#named(upstream, endpoint, name)
    let pool = this.#byEndpoint.get(endpoint)
    if (pool !== undefined) return pool
    const base = poolKey(upstream, endpoint)
    pool = this.#get({ upstream, base }, () => new Pool(this.#runtime, upstream, endpoint))
    this.#byEndpoint.set(endpoint, pool)
    return pool
  }

  /** Retires the pools of all endpoints but those of these upstreams, by name. */
  keepOnly(upstreams: ReadonlyMap<string, CompiledUpstream>): void {
    for (const [key, { upstream, base, pool }] of this.#pools) {
      const owner = upstreams.get(upstream)
      if (owner?.endpoints.some((endpoint) => poolKey(owner, endpoint) === base)) continue
      pool.retire()
      this.#pools.delete(key)
    }
    this.#byEndpoint = new WeakMap()
    this.#byName = new WeakMap()
  }

  #named(upstream: CompiledUpstream, endpoint: CompiledEndpoint, name: string): Pool {
    const base = poolKey(upstream, endpoint)
    const byName = this.#byName.get(endpoint) ?? new Map<string, Pool>()
    this.#byName.set(endpoint, byName)
    const pool = byName.get(name) ?? this.#get({ upstream, base }, () => {
      return new Pool(this.#runtime, upstream, endpoint.named(name))
    }, name)
    byName.delete(name)
    byName.set(name, pool)
    if (byName.size > NAMES) this.#forget(byName, base)
    return pool
  }

  #get(
    { upstream, base }: { readonly upstream: CompiledUpstream; readonly base: string },
    make: () => Pool,
    name = '',
  ): Pool {
    const key = `${base} ${name}`
    const entry = this.#pools.get(key) ?? { upstream: upstream.name, base, pool: make() }
    this.#pools.set(key, entry)
    return entry.pool
  }

  /** Clients choose names: what they stop using must not stay. */
  #forget(byName: Map<string, Pool>, base: string): void {
    const [oldest] = byName
    if (oldest === undefined) return
    const [name, pool] = oldest
    byName.delete(name)
    this.#pools.delete(`${base} ${name}`)
    pool.retire()
  }
}

function poolKey(upstream: CompiledUpstream, endpoint: CompiledEndpoint): string {
  const { name, protocol, connectTimeout, keepAlive, proxyProtocol } = upstream
  const { connections, idleTimeout, requests } = keepAlive
  const kept = [connections, idleTimeout, requests]
  return [name, protocol, connectTimeout, ...kept, proxyProtocol ?? '', endpoint.key].join(' ')
}
