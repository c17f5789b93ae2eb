import type { ListenerConfig, RouteConfig, UpstreamConfig } from '../../../snapshot/types.ts'
import type { DocumentProblem } from '../../types.ts'
import type { Balancer } from '../balancer.ts'
import type { ListenerDoc, PoolDoc } from '../documents.ts'
import { rawUpstreamName, upstreamName } from '../health.ts'
import { listenersOf, passesThrough } from './listener.ts'
import { routesOf, scopeOf } from './routes.ts'
import { poolReferences } from '../plan/checks.ts'
import { type Source, type Sources, Untranslatable } from './sources.ts'
import { emptyUpstream, upstreamOf } from './upstream.ts'

/** A part, and the document that it comes from. */
interface Owned<T> {
  readonly part: T
  readonly key: string
}

/** All that a load balancer asks for. */
export interface BalancerParts {
  readonly listeners: readonly Owned<ListenerConfig>[]
  readonly upstreams: readonly Owned<UpstreamConfig>[]
  readonly routes: readonly Owned<RouteConfig>[]
  readonly problems: readonly DocumentProblem[]
}

/** An upstream that was made of a pool, and what of: the same again makes the same again. */
export interface MadeUpstream {
  readonly raw: boolean
  readonly secrets: readonly (Source | undefined)[]
  readonly made: Owned<UpstreamConfig>
}

/** What the parts of a load balancer are made with. */
export interface BalancerGround {
  /** What was made of pools before. */
  readonly known: WeakMap<PoolDoc, readonly MadeUpstream[]>
  readonly key: string
  readonly poolKey: (id: string) => string
  readonly sources: Sources
}

/** Makes the parts of a load balancer. What cannot be made is left out, and told. */
export function partsOf(balancer: Balancer, ground: BalancerGround): BalancerParts {
  const making = new Making(balancer, ground)
  making.addAll()
  return making
}

class Making implements BalancerParts {
  readonly listeners: Owned<ListenerConfig>[] = []
  readonly upstreams: Owned<UpstreamConfig>[] = []
  readonly routes: Owned<RouteConfig>[] = []
  readonly problems: DocumentProblem[] = []
  readonly #balancer: Balancer
  readonly #ground: BalancerGround
  readonly #made = new Set<string>()

  constructor(balancer: Balancer, ground: BalancerGround) {
    this.#balancer = balancer
    this.#ground = ground
  }

  addAll(): void {
    const { lb } = this.#balancer
    this.#attempt(this.#ground.key, () => {
      if (lb.admin_state_up) { for (const listener of lb.listeners) this.#addListener(listener) }
    })
  }

  #addListener(listener: ListenerDoc): void {
    const { key, sources } = this.#ground
    const { lb, pools } = this.#balancer
    if (!listener.admin_state_up || listener.protocol === 'UDP') return
    this.#attempt(key, () => {
      const pool = listener.default_pool_id === null
        ? undefined
        : pools.get(listener.default_pool_id)
      const stream = passesThrough(listener) ? this.#streamOf(listener, pool) : ''
      const made = listenersOf(listener, { lb, pool, sources, stream })
      this.listeners.push(...made.map((part) => ({ part, key })))
      if (listener.protocol === 'HTTP' || listener.protocol === 'TERMINATED_HTTPS') {
        this.#addRoutes(listener)
      }
    })
  }

  #addRoutes(listener: ListenerDoc): void {
    const { key } = this.#ground
    const { lb, pools } = this.#balancer
    const own = lb.policies.filter((each) => each.listener_id === listener.id)
    for (const id of [listener.default_pool_id, ...own.map((each) => each.redirect_pool_id)]) {
      const pool = id === null ? undefined : pools.get(id)
      if (pool !== undefined) this.#addPool(pool, false)
    }
    this.routes.push(...routesOf(listener, own).map((part) => ({ part, key })))
  }

  /** The name of the upstream that a listener's bytes go to. */
  #streamOf(listener: ListenerDoc, pool: PoolDoc | undefined): string {
    if (pool !== undefined) return this.#addPool(pool, pool.protocol === 'HTTPS')
    const name = `${scopeOf(listener.id)}:none`
    this.upstreams.push({ part: emptyUpstream(name), key: this.#ground.key })
    return name
  }

  #addPool(pool: PoolDoc, raw: boolean): string {
    const name = raw ? rawUpstreamName(pool.id) : upstreamName(pool.id)
    if (this.#made.has(name)) return name
    this.#made.add(name)
    const key = this.#ground.poolKey(pool.id)
    this.#attempt(key, () => {
      this.upstreams.push(this.#upstreamOf(pool, raw))
    }, () => {
      this.upstreams.push({ part: emptyUpstream(name), key })
    })
    return name
  }

  #upstreamOf(pool: PoolDoc, raw: boolean): Owned<UpstreamConfig> {
    const { known, poolKey, sources } = this.#ground
    const secrets = poolReferences(pool).map(({ id }) => sources(id))
    const all = known.get(pool) ?? []
    const before = all.find((each) =>
      each.raw === raw && each.secrets.length === secrets.length &&
      each.secrets.every((source, at) => source === secrets[at])
    )
    if (before !== undefined) return before.made
    const made = { part: upstreamOf(pool, { sources, raw }), key: poolKey(pool.id) }
    known.set(pool, [...all, { raw, secrets, made }].slice(-2))
    return made
  }

  #attempt(key: string, work: () => void, instead: () => void = () => {}): void {
    try {
      work()
    } catch (error) {
      instead()
      const message = error instanceof Untranslatable
        ? error.message
        : `It is not as this version writes it: ${error instanceof Error ? error.message : ''}`
      this.problems.push({ key, severity: 'error', message })
    }
  }
}
