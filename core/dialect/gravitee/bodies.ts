import * as z from 'zod'
import { Fault, type FaultDetail, invalidBody } from './faults.ts'

/** The longest body that is read, in characters. */
const MAX_BODY = 4_194_304

/** Reads a JSON body and checks it. Throws Fault. */
export async function readBody<T>(request: Request, schema: z.ZodType<T>): Promise<T> {
  return check(await readJson(request), schema)
}

/** As {@linkcode readBody}, where no body at all stands for an empty one. */
export async function readOptionalBody<T>(request: Request, schema: z.ZodType<T>): Promise<T> {
  return check(await readJson(request) ?? {}, schema)
}

async function readJson(request: Request): Promise<unknown> {
  const text = await request.text()
  if (text.length > MAX_BODY) throw new Fault(413, 'The body is too large')
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new Fault(400, 'The body is not JSON')
  }
}

/** Checks a value. Throws Fault with a detail for each thing that is wrong. */
export function check<T>(value: unknown, schema: z.ZodType<T>): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw invalidBody(result.error.issues.slice(0, 20).map((issue) => detailOf(issue, value)))
}

function detailOf(issue: z.core.$ZodIssue, value: unknown): FaultDetail {
  let invalidValue: unknown = value
  for (const step of issue.path) {
    invalidValue = (invalidValue as Record<PropertyKey, unknown>)?.[step]
  }
  const missing = invalidValue === undefined || invalidValue === null
  const message = missing && !/ must not be /.test(issue.message)
    ? 'must not be null'
    : issue.message
  const told = typeof invalidValue === 'object' ? undefined : invalidValue
  return {
    message,
    location: issue.path.join('.'),
    ...(told === undefined ? {} : { invalidValue: told }),
  }
}

const FURTHEST = 8_640_000_000_000_000

/** A date: ISO 8601, or epoch milliseconds. Null is none. */
export const date: z.ZodType<number | undefined> = z.union([
  z.number().int().min(-FURTHEST).max(FURTHEST),
  z.string().transform((text, context) => {
    const time = Date.parse(text)
    if (!Number.isNaN(time)) return time
    context.issues.push({ code: 'custom', input: text, message: 'must be an ISO 8601 date' })
    return z.NEVER
  }),
  z.null().transform(() => undefined),
]).optional()

/** Text that may be left out or null. */
export function text(most = 10_000): z.ZodType<string | undefined> {
  return z.string().max(most).nullish().transform((value) => value ?? undefined)
}

/** Text that must be there. */
export function name(most = 512): z.ZodType<string> {
  return z.string().min(1, 'must not be empty').max(most)
}
