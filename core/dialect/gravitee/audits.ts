import { isStoreFailure } from '../../store/mod.ts'
import { Fault } from './faults.ts'
import { FOLDERS } from './keys.ts'
import type { Management } from './management.ts'
import type { AuditDocument } from './model.ts'

/** Which audits are wanted. */
export interface AuditFilter {
  /** What they must be about, such as `{ API: id }`. */
  readonly properties: Readonly<Record<string, string>>
  readonly events: readonly string[] | undefined
  readonly page: { readonly page: number; readonly perPage: number }
}

/** Audits that are read from the store at once. */
const AT_ONCE = 500

/** Audits, the newest first; they are read from the store, which has them in that order. Throws Fault. */
export async function listAudits(
  { context }: Management,
  { properties, events, page }: AuditFilter,
): Promise<{ readonly data: AuditDocument[]; readonly total: number }> {
  const data: AuditDocument[] = []
  const skip = (page.page - 1) * page.perPage
  let total = 0
  let after: string | undefined
  for (;;) {
    const found = await context.store.list(FOLDERS.audit, {
      limit: AT_ONCE,
      ...(after === undefined ? {} : { after }),
    })
    if (isStoreFailure(found)) {
      throw new Fault(503, found.message, { code: `store.${found.failure}` })
    }
    for (const { value } of found.documents) {
      const audit = value as unknown as AuditDocument
      if (!isWanted(audit, properties, events)) continue
      total++
      if (total > skip && data.length < page.perPage) data.push(audit)
    }
    after = found.documents.at(-1)?.key
    if (!found.more || after === undefined) break
  }
  return { data: data.sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1)), total }
}

function isWanted(
  audit: AuditDocument,
  properties: Readonly<Record<string, string>>,
  events: readonly string[] | undefined,
): boolean {
  if (events !== undefined && events.length > 0 && !events.includes(audit.event)) return false
  return Object.entries(properties).every(([name, value]) => audit.properties[name] === value)
}
