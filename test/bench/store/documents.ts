/** The documents of the fleet's bench, and how they are put. */
import type { EtcdStore } from '../../../adapters/etcd-store/mod.ts'
import { isStoreFailure, type Operation, type StoreFailure } from '../../../core/store/mod.ts'

/** Half of the documents are APISIX's routes, half their upstreams. */
export class FleetDocuments {
  readonly #half: number
  readonly #port: number

  /** `half`: how many of each; `port`: the upstream's. */
  constructor(half: number, port: number) {
    this.#half = half
    this.#port = port
  }

  route(at: number, path = `/p${at}/*`): Operation {
    const upstream = `u${at % this.#half}`
    const value = { id: `r${at}`, uri: path, host: `h${at % 1000}.test`, upstream_id: upstream }
    return { put: `/routes/r${at}`, value }
  }

  upstream(at: number, weight = 1): Operation {
    const nodes = { [`127.0.0.1:${this.#port}`]: weight }
    return { put: `/upstreams/u${at}`, value: { id: `u${at}`, type: 'roundrobin', nodes } }
  }
}

/** What was answered, where it is no failure. */
export function must<T>(answer: T | StoreFailure): T {
  if (isStoreFailure(answer)) throw new Error(answer.message)
  return answer
}

/** Puts documents, some in each transaction. @returns the last revision */
export async function putAll(store: EtcdStore, operations: readonly Operation[]): Promise<number> {
  let revision = 0
  for (let at = 0; at < operations.length; at += 40) {
    const some = operations.slice(at, at + 40)
    revision = must(await store.commit({ by: 'bench', operations: some })).revision
  }
  return revision
}
