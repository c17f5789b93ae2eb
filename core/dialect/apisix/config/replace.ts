import { isStoreFailure, MAX_OPERATIONS, type Operation, type Store } from '../../../store/mod.ts'
import type { StoreFailure } from '../../../store/mod.ts'
import { deepEqual } from '../schema/lua.ts'
import type { Table } from '../table.ts'
import { STANDALONE_KINDS } from './standalone.ts'

/** Makes a store hold these documents and no others of their kinds; what is equal stays as it was. */
export async function replaceDocuments(
  store: Store,
  documents: ReadonlyMap<string, Table>,
): Promise<number | StoreFailure> {
  const page = await store.list('/')
  if (isStoreFailure(page)) return page
  const operations: Operation[] = []
  const known = new Map(page.documents.map(({ key, value }) => [key, value]))
  for (const key of known.keys()) {
    const kind = key.split('/')[1] ?? ''
    if (STANDALONE_KINDS.includes(kind) && !documents.has(key)) operations.push({ delete: key })
  }
  for (const [key, value] of documents) {
    const before = known.get(key)
    if (before === undefined || !deepEqual(before, value)) operations.push({ put: key, value })
  }
  let revision = page.revision
  for (let at = 0; at < operations.length; at += MAX_OPERATIONS) {
    const some = operations.slice(at, at + MAX_OPERATIONS)
    const done = await store.commit({ by: 'standalone', operations: some })
    if (isStoreFailure(done)) return done
    revision = done.revision
  }
  return revision
}
