import type { Json } from '../../../store/types.ts'
import { isTable, type Table, withChanges } from '../table.ts'

/**
 * What becomes of a value that a change is merged into: objects are merged, null takes away, all else takes the
 * place of what was there. Nulls within arrays vanish, as cjson's do at a Lua list's end.
 */
export function merge(old: Json, change: Json): Json {
  if (Array.isArray(change)) return (change as readonly Json[]).filter((each) => each !== null)
  if (!isTable(change)) return change
  const all = new Map<string, Json>(Object.entries(isTable(old) ? old : {}))
  for (const [name, value] of Object.entries(change)) {
    if (value === null) all.delete(name)
    else all.set(name, merge(all.get(name) ?? null, value))
  }
  return Object.fromEntries(all)
}

/**
 * Puts a value in place of what stands at a path such as `upstream/nodes`; null takes it away.
 * @returns undefined where the path leads through something that is no object
 */
export function replaceAt(old: Table, path: readonly string[], value: Json): Table | undefined {
  const [name, ...rest] = path
  if (name === undefined) return undefined
  if (rest.length === 0) return withChanges(old, { [name]: value === null ? undefined : value })
  const next = Object.hasOwn(old, name) ? old[name] as Json : {}
  const inner = isTable(next) ? replaceAt(next, rest, value) : undefined
  return inner === undefined ? undefined : withChanges(old, { [name]: inner })
}
