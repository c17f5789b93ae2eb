import { isKey } from './check.ts'
import type { DumpLine } from './dump.ts'
import { isStoreFailure, storeFailure } from './failure.ts'
import type { KeyRing } from './keys.ts'
import { type Path, privateKeyPaths, seal, unseal } from './seal.ts'
import type { Json, Operation, Store, StoreFailure } from './types.ts'

/** Documents put at once. */
const PART = 50

/** How a dump is restored. */
export interface RestoreOptions {
  readonly ring: KeyRing
  readonly by: string
  /** Documents that are there already are replaced, rather than a reason to do nothing. */
  readonly replace: boolean
}

/** How many documents were put. */
export interface Restored {
  readonly documents: number
}

/**
 * Puts the documents of a dump, in which secrets may be sealed or in clear. Nothing is put where one of the lines
 * makes no sense, names a key that is not ours, or would replace something unasked.
 * @param store The store beneath the sealing one.
 */
export async function restore(
  store: Store,
  text: string,
  options: RestoreOptions,
): Promise<Restored | StoreFailure> {
  const lines = readLines(text)
  if (isStoreFailure(lines)) return lines
  const operations: Extract<Operation, { put: string }>[] = []
  for (const line of lines) {
    const value = await toStore(line, options.ring)
    if (isStoreFailure(value)) return value
    operations.push({ put: line.key, value: value.value })
  }
  const taken = options.replace ? undefined : await findTaken(store, lines)
  if (taken !== undefined) return taken
  for (let at = 0; at < operations.length; at += PART) {
    const part = operations.slice(at, at + PART)
    const conditions = options.replace ? [] : part.map(({ put }) => ({ key: put, revision: 0 }))
    const done = await store.commit({ by: options.by, operations: part, conditions })
    if (isStoreFailure(done)) {
      return { ...done, message: `${done.message}; ${at} documents were restored before` }
    }
  }
  return { documents: operations.length }
}

async function toStore(
  { key, value, secrets = [] }: DumpLine,
  ring: KeyRing,
): Promise<{ readonly value: Json } | StoreFailure> {
  const readable = await unseal(value, { key, ring })
  if (isStoreFailure(readable) && secrets.length === 0) return readable
  const paths: Path[] = [...secrets, ...privateKeyPaths(value)]
  return { value: await seal(value, paths, { key, ring, keep: secrets.length === 0 }) }
}

async function findTaken(
  store: Store,
  lines: readonly DumpLine[],
): Promise<StoreFailure | undefined> {
  const page = await store.list('/')
  if (isStoreFailure(page)) return page
  const known = new Set(page.documents.map(({ key }) => key))
  const taken = lines.find(({ key }) => known.has(key))
  if (taken === undefined) return undefined
  return storeFailure('conflict', `Restore "${taken.key}": it is there already`, taken.key)
}

function readLines(text: string): DumpLine[] | StoreFailure {
  const lines: DumpLine[] = []
  for (const [at, row] of text.split('\n').entries()) {
    if (row.trim() === '') continue
    const line = readLine(row)
    if (line === undefined) {
      return storeFailure('invalid', `Restore line "${at + 1}": it is no document of a dump`)
    }
    lines.push(line)
  }
  return lines
}

function readLine(row: string): DumpLine | undefined {
  try {
    const line = JSON.parse(row) as Partial<DumpLine> | null
    const { key, value, secrets } = line ?? {}
    if (typeof key !== 'string' || !isKey(key) || value === undefined) return undefined
    if (secrets === undefined) return { key, value }
    return Array.isArray(secrets) && secrets.every(Array.isArray)
      ? { key, value, secrets: secrets as Path[] }
      : undefined
  } catch {
    return undefined
  }
}
