import { isStoreFailure } from './failure.ts'
import type { KeyRing } from './keys.ts'
import { type Path, privateKeyPaths, seal, sealedPaths, unseal } from './seal.ts'
import type { Json, Store, StoreFailure } from './types.ts'

/** One document of a dump. */
export interface DumpLine {
  readonly key: string
  readonly value: Json
  /** Where secrets stand in clear, to be sealed again when it is restored. */
  readonly secrets?: readonly Path[]
}

/** What a dump is made of. */
export interface DumpOptions {
  readonly prefix: string
  readonly ring: KeyRing
  /** Secrets in clear. */
  readonly reveal: boolean
}

/**
 * A store's documents, in the order of their keys, with secrets sealed unless told otherwise. Those that will vanish
 * by themselves are left out.
 * @param store The store beneath the sealing one.
 */
export async function dumpLines(
  store: Store,
  { prefix, ring, reveal }: DumpOptions,
): Promise<DumpLine[] | StoreFailure> {
  const page = await store.list(prefix)
  if (isStoreFailure(page)) return page
  const lines: DumpLine[] = []
  for (const { key, value, expires } of page.documents) {
    if (expires !== undefined) continue
    if (!reveal) {
      const sealed = await seal(value, privateKeyPaths(value), { key, ring, keep: true })
      lines.push({ key, value: sealed })
      continue
    }
    const secrets = sealedPaths(value)
    const clear = await unseal(value, { key, ring })
    if (isStoreFailure(clear)) return clear
    lines.push(secrets.length === 0 ? { key, value: clear } : { key, value: clear, secrets })
  }
  return lines
}
