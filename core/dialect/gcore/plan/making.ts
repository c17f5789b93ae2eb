import type { Entropy } from '../../../port/mod.ts'
import { childId } from '../ids.ts'

/** What the making of things below a load balancer needs to know. */
export interface Making {
  readonly now: number
  /** The task that makes the change. */
  readonly taskId: string
  /** An id for something below the load balancer. */
  readonly newId: () => string
}

/** How things are made below a load balancer. */
export function makingFor(
  loadBalancerId: string,
  { entropy, now, taskId }: {
    readonly entropy: Entropy
    readonly now: number
    readonly taskId: string
  },
): Making {
  return { now, taskId, newId: () => childId(entropy, loadBalancerId) }
}

/** Leaves out what was not given. */
export function given<T extends object>(change: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(change).filter(([, value]) => value !== undefined),
  ) as Partial<T>
}

/** Whether two values are the same JSON, whatever the order of names. Bytes are the same if they are one object. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b) || ArrayBuffer.isView(a)) return false
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  const names = Object.keys(left)
  if (names.length !== Object.keys(right).length) return false
  return names.every((name) => Object.hasOwn(right, name) && sameJson(left[name], right[name]))
}
