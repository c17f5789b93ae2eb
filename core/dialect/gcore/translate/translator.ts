import type { ListenerConfig, RouteConfig, UpstreamConfig } from '../../../snapshot/types.ts'
import type { Change, Json } from '../../../store/mod.ts'
import type { ConfigurationParts, DocumentProblem, PartsChange, Translator } from '../../types.ts'
import type { LoadBalancerDoc, Place, PoolDoc, SecretDoc } from '../documents.ts'
import { familyOf } from '../ids.ts'
import { balancerKey, type KeyParts, poolKey, readKey, secretKey } from '../keys.ts'
import { referencesOf } from '../plan/checks.ts'
import { sameJson } from '../plan/making.ts'
import { type BalancerParts, type MadeUpstream, partsOf } from './balancer.ts'
import { type Source, sourceOf } from './sources.ts'

/** What is known of one load balancer. Pools may come before it. */
interface Family {
  readonly place: Place
  lb: LoadBalancerDoc | undefined
  readonly pools: Map<string, PoolDoc>
  parts: BalancerParts
}

const NONE: BalancerParts = { listeners: [], upstreams: [], routes: [], problems: [] }

/** Makes the translator of this dialect's documents. */
export function createTranslator(): Translator {
  return new GcoreTranslator()
}

class GcoreTranslator implements Translator {
  readonly #families = new Map<string, Family>()
  readonly #sources = new Map<string, Source>()
  readonly #known = new WeakMap<PoolDoc, readonly MadeUpstream[]>()
  readonly #owners = new WeakMap<object, string>()
  #parts: ConfigurationParts | undefined

  take(changes: readonly Change[]): PartsChange {
    const dirty = new Set<Family>()
    for (const { key, document } of changes) {
      const parts = readKey(key)
      if (parts !== undefined) this.#note(parts, document?.value, dirty)
    }
    let others = false
    for (const family of dirty) others = this.#translate(family) || others
    if (others) this.#parts = undefined
    return { applications: new Set(), others }
  }

  parts(): ConfigurationParts {
    return this.#parts ??= this.#collect()
  }

  documentOf(part: object): string | undefined {
    return this.#owners.get(part)
  }

  #note({ kind, place, id }: KeyParts, value: Json | undefined, dirty: Set<Family>): void {
    if (kind === 'secrets') return this.#noteSecret(place, id, value, dirty)
    const name = `${place.project}/${place.region}/${familyOf(id)}`
    const family = this.#families.get(name) ??
      { place, lb: undefined, pools: new Map(), parts: NONE }
    this.#families.set(name, family)
    if (kind === 'loadbalancers') family.lb = value as unknown as LoadBalancerDoc | undefined
    else if (value === undefined) family.pools.delete(id)
    else family.pools.set(id, value as unknown as PoolDoc)
    if (family.lb === undefined && family.pools.size === 0) this.#families.delete(name)
    dirty.add(family)
  }

  #noteSecret(place: Place, id: string, value: Json | undefined, dirty: Set<Family>): void {
    const key = secretKey(place, id)
    const secret = value as unknown as SecretDoc | undefined
    if (secret === undefined) this.#sources.delete(key)
    else if (!sameJson(this.#sources.get(key)?.secret, secret)) {
      this.#sources.set(key, sourceOf(secret))
    }
    for (const family of this.#families.values()) {
      if (uses(family, place, id)) dirty.add(family)
    }
  }

  /** Makes a load balancer's parts anew; what comes out equal stays the same object. */
  #translate(family: Family): boolean {
    const { lb, place, parts: before } = family
    const pools = family.pools
    const now = lb === undefined ? NONE : partsOf({ lb, pools }, {
      known: this.#known,
      key: balancerKey(place, lb.id),
      poolKey: (id) => poolKey(place, id),
      sources: (id) => this.#sources.get(secretKey(place, id)),
    })
    const listeners = kept(before.listeners, now.listeners)
    const upstreams = kept(before.upstreams, now.upstreams)
    const routes = kept(before.routes, now.routes)
    const problems = sameJson(before.problems, now.problems) ? before.problems : now.problems
    for (const { part, key } of [...listeners, ...upstreams, ...routes]) this.#owners.set(part, key)
    family.parts = { listeners, upstreams, routes, problems }
    return listeners !== before.listeners || upstreams !== before.upstreams ||
      routes !== before.routes || problems !== before.problems
  }

  #collect(): ConfigurationParts {
    const listeners: ListenerConfig[] = []
    const upstreams = new Map<string, UpstreamConfig>()
    const routes: RouteConfig[] = []
    const problems: DocumentProblem[] = []
    for (const { parts } of this.#families.values()) {
      for (const { part } of parts.listeners) listeners.push(part)
      for (const { part } of parts.upstreams) upstreams.set(part.name, part)
      for (const { part } of parts.routes) routes.push(part)
      problems.push(...parts.problems)
    }
    return {
      listeners,
      tls: [],
      upstreams,
      routes,
      apis: [],
      applications: new Map(),
      problems,
    }
  }
}

function uses({ lb, pools, place }: Family, where: Place, id: string): boolean {
  if (place.project !== where.project || place.region !== where.region || lb === undefined) {
    return false
  }
  try {
    return referencesOf({ lb, pools }).some((each) => each.id === id)
  } catch {
    // A document that nobody here has written.
    return false
  }
}

interface Owned<T> {
  readonly part: T
  readonly key: string
}

/** The new list, with the old objects where they are equal; the old list where all are. */
function kept<T extends { readonly name: string }>(
  before: readonly Owned<T>[],
  now: readonly Owned<T>[],
): readonly Owned<T>[] {
  const known = new Map(before.map((each) => [each.part.name, each]))
  const next = now.map((each) => {
    const old = known.get(each.part.name)
    return old !== undefined && sameJson(old, each) ? old : each
  })
  const same = next.length === before.length && next.every((each, at) => each === before[at])
  return same ? before : next
}
