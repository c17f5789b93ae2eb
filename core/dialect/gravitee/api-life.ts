import type { Condition, Json, Operation } from '../../store/mod.ts'
import { type AuditNote, planNote } from './audit.ts'
import { bad } from './faults.ts'
import type { Management } from './management.ts'
import type { ApiDocument, PlanDocument } from './model.ts'

/** Plans that are deprecated in one transaction with their API, each with an audit. */
const AT_ONCE = 30

/** Where an API is in its life after a change that asks for something. Throws Fault where it cannot come to that. */
export function nextLifecycleState(
  { lifecycleState: before }: ApiDocument,
  asked: string | undefined,
): string {
  if (asked === undefined) return before
  // Whoever sends back what was answered is refused, too: a deprecated API stays as it is.
  if (before !== 'DEPRECATED' && before === asked) return before
  const back = before === 'UNPUBLISHED' && asked === 'CREATED'
  if (before !== 'DEPRECATED' && before !== 'ARCHIVED' && !back) return asked
  const message = `The API lifecycle state cannot be changed to ${asked}.`
  throw bad('api.lifecycleState.invalid', message, { lifecycleState: asked })
}

/** A deprecated API gets no plans. Throws Fault. */
export function checkNotDeprecated({ id, lifecycleState }: ApiDocument): void {
  if (lifecycleState !== 'DEPRECATED') return
  const message = `The api ${id} is deprecated and cannot be modified.`
  throw bad('api.deprecated', message, { api: id })
}

/** What it takes to deprecate an API's plans with it, those that are not published either. */
export function planDeprecations(
  management: Management,
  api: ApiDocument,
): { operations: Operation[]; conditions: Condition[]; audits: AuditNote[] } {
  const open = management.catalogue.plansOf(api.id)
    .filter(({ value }) => value.status === 'PUBLISHED' || value.status === 'STAGING')
    .slice(0, AT_ONCE)
  const after = open.map(({ value }): PlanDocument => ({
    ...value,
    status: 'DEPRECATED',
    updatedAt: management.now(),
  }))
  return {
    operations: open.map(({ key }, at) => ({ put: key, value: after[at] as unknown as Json })),
    conditions: open.map(({ key, modifyRevision }) => ({ key, revision: modifyRevision })),
    audits: open.map(({ value }, at) => planNote('PLAN_DEPRECATED', value, after[at])),
  }
}
