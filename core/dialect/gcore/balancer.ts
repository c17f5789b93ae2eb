import { isStoreFailure, type Json, type Store, type StoredDocument } from '../../store/mod.ts'
import type {
  Created,
  ListenerDoc,
  LoadBalancerDoc,
  MemberDoc,
  Place,
  PolicyDoc,
  PoolDoc,
  SecretDoc,
} from './documents.ts'
import { ApiFault, notFound } from './faults.ts'
import { familyOf, isUuid } from './ids.ts'
import { balancerKey, folderOf, poolKey } from './keys.ts'
import { storeFault } from './store-fault.ts'

/** A load balancer with all below it, as of a revision. */
export interface Balancer {
  readonly lb: LoadBalancerDoc
  readonly pools: ReadonlyMap<string, PoolDoc>
}

/** As it was read, with the revisions at which its documents were put. */
export interface ReadBalancer extends Balancer {
  readonly revisions: ReadonlyMap<string, number>
}

/** What a change makes of a load balancer. */
export interface Outcome {
  /** undefined: it goes, and its pools with it. */
  readonly lb: LoadBalancerDoc | undefined
  /** Pools put, or deleted where undefined; others stay. */
  readonly pools: ReadonlyMap<string, PoolDoc | undefined>
  readonly created?: Created
  /** Ids of what was made or changed below the load balancer. */
  readonly touched?: readonly string[]
  /** Why the change cannot be carried out; nothing is changed then. */
  readonly fault?: string
}

/** Reads the load balancer that an id is of, or belongs to. undefined: there is none in this place. */
export async function readBalancer(
  store: Store,
  place: Place,
  id: string,
): Promise<ReadBalancer | undefined> {
  if (!isUuid(id)) return undefined
  const family = familyOf(id)
  const found = await list(store, balancerKey(place, family))
  const lb = found[0]
  if (lb === undefined) return undefined
  const pools = await list(store, poolKey(place, family))
  const revisions = new Map([lb, ...pools].map((each) => [each.key, each.modifyRevision]))
  return {
    lb: lb.value as unknown as LoadBalancerDoc,
    pools: new Map(pools.map(({ value }) => {
      const pool = value as unknown as PoolDoc
      return [pool.id, pool]
    })),
    revisions,
  }
}

/** All load balancers of a place, in the order of their ids. */
export async function listBalancers(store: Store, place: Place): Promise<LoadBalancerDoc[]> {
  const found = await list(store, folderOf('loadbalancers', place))
  return found.map(({ value }) => value as unknown as LoadBalancerDoc)
}

/** All pools of a place. */
export async function listPools(store: Store, place: Place): Promise<PoolDoc[]> {
  const found = await list(store, folderOf('pools', place))
  return found.map(({ value }) => value as unknown as PoolDoc)
}

/** All secrets of a place. */
export async function listSecrets(store: Store, place: Place): Promise<SecretDoc[]> {
  const found = await list(store, folderOf('secrets', place))
  return found.map(({ value }) => value as unknown as SecretDoc)
}

/** Documents below a prefix. @throws ApiFault where the store fails */
export async function list(store: Store, prefix: string): Promise<readonly StoredDocument[]> {
  const page = await store.list(prefix)
  if (isStoreFailure(page)) throw storeFault(page)
  return page.documents
}

/** One document. @throws ApiFault where the store fails */
export async function get(store: Store, key: string): Promise<StoredDocument | undefined> {
  const found = await store.get(key)
  if (isStoreFailure(found)) throw storeFault(found)
  return found.document
}

/** A document's value as the store takes it. */
export function asJson(value: unknown): Json {
  return value as Json
}

/** @throws ApiFault 404 */
export function listenerOf({ lb }: Balancer, id: string): ListenerDoc {
  const found = lb.listeners.find((each) => each.id === id.toLowerCase())
  if (found === undefined) throw notFound('Listener', id)
  return found
}

/** @throws ApiFault 404 */
export function poolOf({ pools }: Balancer, id: string): PoolDoc {
  const found = pools.get(id.toLowerCase())
  if (found === undefined) throw notFound('Pool', id)
  return found
}

/** @throws ApiFault 404 */
export function policyOf({ lb }: Balancer, id: string): PolicyDoc {
  const found = lb.policies.find((each) => each.id === id.toLowerCase())
  if (found === undefined) throw notFound('L7 policy', id)
  return found
}

/** @throws ApiFault 404 */
export function memberOf(pool: PoolDoc, id: string): MemberDoc {
  const found = pool.members.find((each) => each.id === id.toLowerCase())
  if (found === undefined) throw notFound('Member', id)
  return found
}

/** The balancer after a change. */
export function after(before: Balancer, outcome: Outcome): Balancer {
  if (outcome.lb === undefined) throw new ApiFault(500, 'InternalError', 'Nothing is left')
  const pools = new Map(before.pools)
  for (const [id, pool] of outcome.pools) {
    if (pool === undefined) pools.delete(id)
    else pools.set(id, pool)
  }
  return { lb: outcome.lb, pools }
}
