import type * as z from 'zod'
import type { Path } from './types.ts'
import { isMap, valueAt } from './problems.ts'
import { OPTIONS } from './schema/structure.ts'

// Each round takes off at least one level of what is wrong; no part of a document is nested deeper.
const ROUNDS = 8

/**
 * What is left of a part of a document without its wrong keys, so that an error hides no other one.
 * Undefined where a key that must be there is wrong.
 */
export function salvage<T>(
  schema: z.ZodType<T>,
  raw: unknown,
  issues: readonly z.core.$ZodIssue[],
): T | undefined {
  let [left, wrong] = [raw, issues]
  for (let round = 0; round < ROUNDS; round++) {
    const paths = wrong.flatMap((issue) => wrongKeys(left, issue))
    if (paths.some((path) => !path.some(isKey))) return undefined
    left = paths.reduce(without, left)
    const result = schema.safeParse(left, OPTIONS)
    if (result.success) return result.data
    wrong = result.error.issues
  }
  return undefined
}

function isKey(step: string | number): boolean {
  return typeof step === 'string'
}

/** The paths to take out: unknown keys, a wrong value, or the map that lacks a key. */
function wrongKeys(raw: unknown, issue: z.core.$ZodIssue): Path[] {
  const path = issue.path as Path
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => [...path, key])
  return [valueAt(raw, path) === undefined ? path.slice(0, -1) : path]
}

/** A copy without the last key on the path; indices of lists stay what they are. */
function without(value: unknown, path: Path): unknown {
  const [first, ...rest] = path
  if (Array.isArray(value)) {
    return value.map((item, index) => index === first ? without(item, rest) : item)
  }
  if (!isMap(value)) return value
  const kept = Object.entries(value).filter(([key]) => key !== first || rest.some(isKey))
  return Object.fromEntries(
    kept.map(([key, part]) => [key, key === first ? without(part, rest) : part]),
  )
}
