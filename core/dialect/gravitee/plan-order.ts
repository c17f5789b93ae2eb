import type { Condition, Json, Operation } from '../../store/mod.ts'
import type { Known } from './catalogue.ts'
import type { Management } from './management.ts'
import type { PlanDocument } from './model.ts'

/** Plans that a change moves at most: with it they fit into one transaction. */
const MOST_MOVED = 60

/** The published plans of a plan's API in their order, without itself. */
export function publishedPlans(
  { catalogue }: Management,
  { id, apiId }: PlanDocument,
): Known<PlanDocument>[] {
  return catalogue.plansOf(apiId).filter(({ value }) =>
    value.status === 'PUBLISHED' && value.id !== id
  )
}

/** The order that a plan can have of those it is asked to have: published ones are counted from 1. */
export function orderFor(
  management: Management,
  plan: PlanDocument,
  asked: number | undefined,
): number {
  if (asked === undefined || plan.status !== 'PUBLISHED') return asked ?? plan.order
  return Math.min(Math.max(asked, 1), publishedPlans(management, plan).length + 1)
}

/** What it takes for other published plans to make place for one that is put elsewhere, or to close the gap it leaves. */
export function movedBy(
  management: Management,
  before: PlanDocument,
  after: PlanDocument | undefined,
): { readonly operations: Operation[]; readonly conditions: Condition[] } {
  if (before.status !== 'PUBLISHED') return { operations: [], conditions: [] }
  const others = publishedPlans(management, before)
  const stays = after?.status === 'PUBLISHED'
  if (stays && after.order === before.order) return { operations: [], conditions: [] }
  // A deprecated plan keeps its place.
  if (after?.status === 'DEPRECATED') return { operations: [], conditions: [] }
  const orderOf = (each: PlanDocument, at: number): number => {
    if (stays) return at + 1 < after.order ? at + 1 : at + 2
    return each.order > before.order ? each.order - 1 : each.order
  }
  const moved = others.map(({ value, ...known }, at) => ({
    ...known,
    value,
    order: orderOf(value, at),
  })).filter(({ value, order }) => value.order !== order).slice(0, MOST_MOVED)
  return {
    operations: moved.map(({ key, value, order }) => ({
      put: key,
      value: { ...value, order } as unknown as Json,
    })),
    conditions: moved.map(({ key, modifyRevision }) => ({ key, revision: modifyRevision })),
  }
}
