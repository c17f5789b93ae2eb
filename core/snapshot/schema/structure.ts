import * as z from 'zod'
import { isMap } from '../problems.ts'
import { listed, quote, suggest } from '../text.ts'

/** A value that is not what was expected. The message goes on where `Cannot use "x" as y: ` ends. */
export class Mismatch {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

/** A value read by a function. Of a `hidden` one, messages tell the type alone. */
export function scalar<T>(read: (raw: unknown) => T | Mismatch, hidden = false): z.ZodType<T> {
  return z.unknown().transform((raw, context): T => {
    const value = read(raw)
    if (!(value instanceof Mismatch)) return value
    context.issues.push({
      code: 'custom',
      input: raw,
      message: value.message,
      params: { hidden },
    })
    return z.NEVER
  })
}

/** A schema for each key. */
export type Shape<T> = { readonly [K in keyof T]-?: z.ZodType<T[K]> }

/** A map with these keys and no others. `noun` is what messages call it. */
export function map<T>(noun: string, shape: Shape<T>): z.ZodType<T> {
  const known = Object.keys(shape)
  const schema = z.strictObject(shape, {
    // Of several unknown keys, each gets a line of its own: see `messages`.
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => unknownKey(key, noun, known)).join('\n')
        : `expected a map with ${listed(known)}`,
  })
  return schema as unknown as z.ZodType<T>
}

function unknownKey(key: string, noun: string, known: readonly string[]): string {
  return `Unknown key ${quote(key)} in ${noun}: ${suggest(key, known)}`
}

/** The keys of a schema made by {@linkcode map}. */
export function keysOf(schema: z.ZodType): string[] {
  return Object.keys((schema as unknown as { shape: object }).shape)
}

/** A list. `noun` is what messages call its items. */
export function list<T>(noun: string, item: z.ZodType<T>): z.ZodType<readonly T[]> {
  return z.array(item, { error: `expected a list of ${noun}` })
}

/** A list of at least one. */
export function someOf<T>(noun: string, item: z.ZodType<T>): z.ZodType<readonly T[]> {
  return z.array(item, { error: `expected a list of ${noun}` })
    .min(1, { error: 'expected at least one' })
}

/** One value, or a list of them. */
export function oneOrMany<T>(noun: string, item: z.ZodType<T>): z.ZodType<readonly T[]> {
  const many = list(noun, item)
  const one = item.transform((value): readonly T[] => [value])
  return pick((raw) => Array.isArray(raw) ? many : one)
}

/** The schema that fits the looks of a value, so that its errors are those of the form that was meant. */
export function pick<T>(choose: (raw: unknown) => z.ZodType<T>): z.ZodType<T> {
  return z.unknown().transform((raw, context): T => {
    const result = choose(raw).safeParse(raw, OPTIONS)
    if (result.success) return result.data
    for (const issue of result.error.issues) {
      context.issues.push({ ...issue, path: [...issue.path] } as z.core.$ZodRawIssue)
    }
    return z.NEVER
  })
}

/** Whether a value is a map that has a key. */
export function hasKey(raw: unknown, key: string): boolean {
  return isMap(raw) && Object.hasOwn(raw, key)
}

/** How every schema here is run: hosts may forbid code made at run time. */
export const OPTIONS: z.core.ParseContext<z.core.$ZodIssue> = { jitless: true }
