import { MAX_OPERATIONS } from './check.ts'
import { isStoreFailure, storeFailure } from './failure.ts'
import type { KeyRing } from './keys.ts'
import { isSealed, keyIdOf, privateKeyPaths, seal, sealedPaths, unseal } from './seal.ts'
import type { Json, Operation, Store, StoredDocument, StoreFailure } from './types.ts'

/** Documents that are sealed anew at once; small, so that writers in between cost little. */
const PART = Math.min(20, MAX_OPERATIONS)
/** How often what others changed meanwhile is looked at again. */
const MAX_ROUNDS = 20

/** How many documents were sealed anew. */
export interface Rekeyed {
  readonly documents: number
}

/**
 * Seals all secrets with the first key of the ring, those in clear too where they are private keys. Every document
 * is written only if unchanged; it ends when a whole list shows nothing left, and may be broken off and begun anew.
 * @param store The store beneath the sealing one, where secrets are sealed.
 */
export async function rekey(store: Store, ring: KeyRing): Promise<Rekeyed | StoreFailure> {
  let documents = 0
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const page = await store.list('/')
    if (isStoreFailure(page)) return page
    const stale = page.documents.filter(({ value }) => isStale(value, ring))
    if (stale.length === 0) return { documents }
    for (let at = 0; at < stale.length; at += PART) {
      const done = await resealPart(store, ring, stale.slice(at, at + PART))
      if (typeof done !== 'number') return done
      documents += done
    }
  }
  return storeFailure('conflict', 'Rekey the store: others went on writing with an older key')
}

/** Whether a document holds something sealed with another key than the first, or a private key in clear. */
export function isStale(value: Json, ring: KeyRing): boolean {
  const [first] = ring.keys
  return privateKeyPaths(value).length > 0 ||
    sealedPaths(value).some((path) => {
      const part = path.reduce<Json>(
        (here, step) => (here as Record<string, Json>)[step] as Json,
        value,
      )
      return isSealed(part) && keyIdOf(part) !== first.id
    })
}

async function resealPart(
  store: Store,
  ring: KeyRing,
  part: readonly StoredDocument[],
): Promise<number | StoreFailure> {
  const operations: Operation[] = []
  for (const { key, value } of part) {
    const clear = await unseal(value, { key, ring })
    if (isStoreFailure(clear)) return clear
    const paths = [...sealedPaths(value), ...privateKeyPaths(value)]
    const sealed = await seal(clear, paths, { key, ring })
    operations.push({ put: key, value: sealed, keepExpiry: true })
  }
  const conditions = part.map(({ key, modifyRevision }) => ({ key, revision: modifyRevision }))
  const done = await store.commit({ by: 'rekey', operations, conditions })
  if (!isStoreFailure(done)) return operations.length
  // Somebody changed one of them: the next round reads it anew.
  return done.failure === 'conflict' && part.length > 1
    ? await resealEach(store, ring, part)
    : done.failure === 'conflict'
    ? 0
    : done
}

async function resealEach(
  store: Store,
  ring: KeyRing,
  part: readonly StoredDocument[],
): Promise<number | StoreFailure> {
  let count = 0
  for (const document of part) {
    const done = await resealPart(store, ring, [document])
    if (typeof done !== 'number') return done
    count += done
  }
  return count
}
