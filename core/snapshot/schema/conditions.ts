import * as z from 'zod'
import { isMap } from '../problems.ts'
import type { CompareConfig, ConditionConfig, ConditionValue } from '../types.ts'
import { choice, name } from './scalars.ts'
import { hasKey, list, map, Mismatch, pick, scalar } from './structure.ts'

const OPERATORS = [
  'equals',
  'differs',
  'greater',
  'at-least',
  'less',
  'at-most',
  'matches',
  'matches-any-case',
  'in',
  'has',
  'starts-with',
  'ends-with',
  'contains',
  'within',
] as const

/** Reads what a variable is compared with. */
function readValue(raw: unknown): ConditionValue | Mismatch {
  const plain = (each: unknown) => typeof each === 'string' || typeof each === 'number'
  if (plain(raw) || typeof raw === 'boolean' || raw === null) return raw as ConditionValue
  if (Array.isArray(raw) && raw.every(plain)) return raw as ConditionValue
  return new Mismatch('expected text, a number, null, or a list of texts and numbers')
}

/** A condition that compares a variable. */
export const compareSchema: z.ZodType<CompareConfig> = map('a condition', {
  variable: name(),
  operator: choice(...OPERATORS),
  value: scalar(readValue),
})

const lazy: z.ZodType<ConditionConfig> = z.lazy(() => conditionSchema)

/** `all`, `any` and `not`, each alone. */
export const allSchema: z.ZodType<{ readonly all: readonly ConditionConfig[] }> = map('all', {
  all: list('conditions', lazy),
})
export const anySchema: z.ZodType<{ readonly any: readonly ConditionConfig[] }> = map('any', {
  any: list('conditions', lazy),
})
export const notSchema: z.ZodType<{ readonly not: ConditionConfig }> = map('not', { not: lazy })

/** A condition on a request. */
export const conditionSchema: z.ZodType<ConditionConfig> = pick<ConditionConfig>((raw) => {
  if (!isMap(raw)) return compareSchema
  if (hasKey(raw, 'all')) return allSchema
  if (hasKey(raw, 'any')) return anySchema
  return hasKey(raw, 'not') ? notSchema : compareSchema
})

/** A list of conditions, empty unless written. */
export function conditions(): z.ZodType<readonly ConditionConfig[]> {
  return list('conditions', conditionSchema).default([])
}
