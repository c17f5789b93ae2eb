import type { Json } from '../../store/mod.ts'
import type { AuditDocument, JsonMap, PlanDocument } from './model.ts'

/** Something that was done, before it has an id and a time. */
export interface AuditNote {
  readonly event: string
  readonly reference: AuditDocument['reference']
  readonly properties: Readonly<Record<string, string>>
  readonly before?: unknown
  readonly after?: unknown
}

/** Fields that no audit repeats: secrets, and what is told by its fingerprint. */
const SILENT =
  /pass(word|phrase|wd)|secret|^key$|^content$|^files$|keyContent|certContent|^certificate$|^client_certificates?$|token|authorization/i
const LEFT_OUT = '***'

/** What differs between two documents, without secrets: of each field that changed, both values. */
export function changed(before: unknown, after: unknown): { before: JsonMap; after: JsonMap } {
  const old = asMap(before)
  const young = asMap(after)
  const told = { before: {} as Record<string, Json>, after: {} as Record<string, Json> }
  for (const name of new Set([...Object.keys(old), ...Object.keys(young)])) {
    if (name === 'updatedAt' || same(old[name], young[name])) continue
    if (old[name] !== undefined) told.before[name] = withoutSecrets(name, old[name])
    if (young[name] !== undefined) told.after[name] = withoutSecrets(name, young[name])
  }
  return told
}

function asMap(value: unknown): Record<string, Json> {
  return typeof value === 'object' && value !== null ? value as Record<string, Json> : {}
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

function withoutSecrets(name: string, value: Json): Json {
  if (SILENT.test(name)) return LEFT_OUT
  if (Array.isArray(value)) {
    return (value as readonly Json[]).map((part) => withoutSecrets('', part))
  }
  if (typeof value === 'string' && /-----BEGIN [A-Z ]*PRIVATE KEY/.test(value)) return LEFT_OUT
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value as JsonMap).map(([key, part]) => [key, withoutSecrets(key, part)]),
  )
}

/** An audit's change as a JSON patch (RFC 6902), as Gravitee tells it. */
export function patchOf({ before = {}, after = {} }: AuditDocument): Json[] {
  const operations: Json[] = []
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const path = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (!(name in after)) operations.push({ op: 'remove', path })
    else {operations.push({
        op: name in before ? 'replace' : 'add',
        path,
        value: after[name] ?? null,
      })}
  }
  return operations
}

/** What is noted of a plan. */
export function planNote(
  event: string,
  before: PlanDocument | undefined,
  after: PlanDocument | undefined,
): AuditNote {
  const plan = (after ?? before) as PlanDocument
  const reference = { type: 'API' as const, id: plan.apiId }
  return { event, reference, properties: { PLAN: plan.id }, before, after }
}
