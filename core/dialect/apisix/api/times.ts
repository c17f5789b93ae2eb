import type { Json, StoredDocument } from '../../../store/mod.ts'
import { isTable, type Table, withChanges } from '../table.ts'
import { merge, replaceAt } from './patch.ts'
import type { Place } from './places.ts'
import type { ResourceContext } from './types.ts'

export function stamped(
  document: Table,
  place: Place,
  context: ResourceContext,
  before: StoredDocument | undefined,
): Table {
  if (place.kind.name === 'plugin_metadata') return document
  const now = Math.floor(context.clock.now() / 1000)
  const old = before?.value
  const created = isTable(old) ? old['create_time'] : undefined
  return withChanges(document, { create_time: created ?? now, update_time: now })
}

export function patched(old: Table, { subPath }: Place, body: Json): Table | undefined {
  if (subPath.length > 0) return replaceAt(old, subPath, body)
  const merged = merge(old, body)
  return isTable(merged) ? merged : old
}

export function withTimes(
  document: Table,
  body: Json,
  isPart: boolean,
  context: ResourceContext,
): Table {
  const now = Math.floor(context.clock.now() / 1000)
  const own = !isPart && isTable(body) ? body['update_time'] : undefined
  return withChanges(document, {
    create_time: document['create_time'] ?? now,
    ...(own === undefined || own === null ? { update_time: now } : {}),
  })
}
