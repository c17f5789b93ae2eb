import { isStoreFailure, storeFailure } from './failure.ts'
import type {
  Committed,
  Deleted,
  Found,
  Json,
  ListOptions,
  Operation,
  Page,
  PutOptions,
  Store,
  StoreFailure,
  Transaction,
  WatchEvent,
  WriteOptions,
  Written,
} from './types.ts'

/** Makes `put` and `delete` of `commit`, so that a store has one way to write. */
export abstract class StoreBase implements Store {
  abstract get(key: string): Promise<Found | StoreFailure>
  abstract list(prefix: string, options?: ListOptions): Promise<Page | StoreFailure>
  abstract commit(transaction: Transaction): Promise<Committed | StoreFailure>
  abstract watch(prefix: string, after: number, receive: (event: WatchEvent) => void): () => void
  abstract close(): Promise<void>

  async put(key: string, value: Json, options: PutOptions): Promise<Written | StoreFailure> {
    const { ttl } = options
    const operation = ttl === undefined ? { put: key, value } : { put: key, value, ttl }
    const done = await this.commit(single(operation, key, options))
    if (isStoreFailure(done)) return done
    const document = done.changes[0]?.document
    if (document === undefined) return storeFailure('corrupt', `Put "${key}": it is not there`)
    return { document, revision: done.revision }
  }

  async delete(key: string, options: WriteOptions): Promise<Deleted | StoreFailure> {
    const done = await this.commit(single({ delete: key }, key, options))
    if (isStoreFailure(done)) return done
    return { deleted: done.changes.length > 0, revision: done.revision }
  }
}

function single(operation: Operation, key: string, options: WriteOptions): Transaction {
  const { by, ifRevision } = options
  const conditions = ifRevision === undefined ? [] : [{ key, revision: ifRevision }]
  return { by, operations: [operation], conditions }
}
