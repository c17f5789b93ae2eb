import type { z } from 'zod'
import { invalid, type InvalidFields } from './faults.ts'

type Issue = z.core.$ZodIssue

/** Reads what a client sent by its schema. @throws ApiFault that names each wrong field */
export function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const found = schema.safeParse(value)
  if (found.success) return found.data
  throw invalid(fieldsOf(found.error.issues, value))
}

function fieldsOf(issues: readonly Issue[], value: unknown): InvalidFields {
  const fields: Record<string, string[]> = {}
  for (const issue of issues.flatMap((each) => innermost(each, value))) {
    const name = issue.path.map(String).join('.') || 'body'
    const reason = reasonOf(issue, value)
    const known = fields[name] ??= []
    if (!known.includes(reason)) known.push(reason)
  }
  return fields
}

/** Of a union, the issues of that member which comes closest. */
function innermost(issue: Issue, value: unknown): Issue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const depth = (found: readonly Issue[]): number =>
    Math.max(0, ...found.map((each) => each.path.length))
  const [best] = [...issue.errors].sort((a, b) => depth(b) - depth(a))
  if (best === undefined) return [issue]
  return best.flatMap((each) =>
    innermost({ ...each, path: [...issue.path, ...each.path] } as Issue, value)
  )
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'integer',
  int: 'integer',
  boolean: 'boolean',
  array: 'list',
  object: 'dictionary',
  record: 'dictionary',
}

function reasonOf(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return at(value, issue.path) === undefined
        ? 'Field required'
        : `Input should be a valid ${TYPES[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return at(value, issue.path) === undefined
        ? 'Field required'
        : `Input should be ${alternatives(issue.values.map((each) => `'${String(each)}'`))}`
    case 'too_small':
      return bound(issue.origin, 'least', issue, Number(issue.minimum), at(value, issue.path))
    case 'too_big':
      return bound(issue.origin, 'most', issue, Number(issue.maximum), at(value, issue.path))
    case 'invalid_format':
      return issue.format === 'regex' && issue.message.startsWith('Invalid')
        ? `String should match pattern '${issue.pattern?.replace(/^\/|\/[a-z]*$/g, '') ?? ''}'`
        : issue.message
    default:
      return issue.message
  }
}

function alternatives(all: readonly string[]): string {
  const last = all.at(-1) ?? ''
  return all.length < 2 ? last : `${all.slice(0, -1).join(', ')} or ${last}`
}

function bound(
  origin: string,
  side: 'least' | 'most',
  { inclusive = true }: { readonly inclusive?: boolean | undefined },
  limit: number,
  found: unknown,
): string {
  const plural = limit === 1 ? '' : 's'
  if (origin === 'string') return `String should have at ${side} ${limit} character${plural}`
  if (origin === 'array') {
    const count = Array.isArray(found) ? found.length : 0
    return `List should have at ${side} ${limit} item${plural} after validation, not ${count}`
  }
  const word = side === 'least' ? 'greater' : 'less'
  return `Input should be ${word} than ${inclusive ? 'or equal to ' : ''}${limit}`
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let here = value
  for (const step of path) {
    if (typeof here !== 'object' || here === null) return undefined
    here = (here as Record<PropertyKey, unknown>)[step]
  }
  return here
}
