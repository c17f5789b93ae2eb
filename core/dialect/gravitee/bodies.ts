import * as z from 'zod'
import { Fault, type FaultDetail, invalidBody, invalidValue } from './faults.ts'

/** The longest body that is read, in characters. */
const MAX_BODY = 4_194_304

/** Reads a JSON body and checks it; `missing` is said where there is none. Throws Fault. */
export async function readBody<T>(
  request: Request,
  schema: z.ZodType<T>,
  missing?: string,
): Promise<T> {
  const body = await readJson(request)
  if (missing === undefined || (body !== undefined && body !== null)) return check(body, schema)
  throw invalidBody([{ message: missing, location: '' }])
}

/** As {@linkcode readBody}, where no body at all stands for an empty one. */
export async function readOptionalBody<T>(request: Request, schema: z.ZodType<T>): Promise<T> {
  return check(await readJson(request) ?? {}, schema)
}

async function readJson(request: Request): Promise<unknown> {
  const text = await request.text()
  if (text.length > MAX_BODY) throw new Fault(413, 'The body is too large')
  if (text.trim() === '') return undefined
  const type = request.headers.get('content-type')
  if (type !== null && !/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type)) {
    throw new Fault(415, 'HTTP 415 Unsupported Media Type')
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    // Jersey's own answer to what Jackson cannot parse is text.
    const message = error instanceof Error ? error.message : String(error)
    throw new Fault(400, `The body is not JSON: ${message}`, { text: true })
  }
}

/** Checks a value. Throws Fault: for what cannot be understood at all, else with a detail for each thing that is wrong. */
export function check<T>(value: unknown, schema: z.ZodType<T>): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issues = result.error.issues.slice(0, 20)
  for (const issue of issues) {
    const message = unreadable(issue, valueAt(value, issue.path))
    if (message !== undefined) throw invalidValue(message, locationOf(issue.path))
  }
  throw invalidBody(issues.map((issue) => detailOf(issue, value)))
}

/** What Jackson would say of a value that does not fit into its place; undefined where one rule or other is broken. */
function unreadable(issue: z.core.$ZodIssue, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  const told = typeof value === 'object' ? undefined : String(value)
  if (issue.code === 'invalid_value' && told !== undefined) return `Unexpected value '${told}'`
  if (issue.code === 'custom') {
    return issue.message.startsWith('Unexpected value') ? issue.message : undefined
  }
  if (issue.code !== 'invalid_type' || issue.path.length === 0) return undefined
  return `Cannot deserialize value of type ${issue.expected} from ${kindOf(value)}`
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'Array value'
  return typeof value === 'object' ? 'Object value' : `${typeof value} "${String(value)}"`
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((at, step) => (at as Record<PropertyKey, unknown> | undefined)?.[step], value)
}

/** `listeners[0].type`. */
function locationOf(path: readonly PropertyKey[]): string {
  return path.map((step, at) =>
    typeof step === 'number' ? `[${step}]` : `${at > 0 ? '.' : ''}${String(step)}`
  ).join('')
}

function detailOf(issue: z.core.$ZodIssue, value: unknown): FaultDetail {
  const found = valueAt(value, issue.path)
  const missing = found === undefined || found === null
  const message = missing && !/ must not be |^size must be /.test(issue.message)
    ? 'must not be null'
    : issue.message
  const told = typeof found === 'object' ? undefined : found
  return {
    message,
    location: locationOf(issue.path),
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

/** What Jakarta's validation says of a list or a text that is empty and must not be. */
export const NOT_EMPTY = 'size must be between 1 and 2147483647'

/** Text that must be there. */
export function name(most = 512): z.ZodType<string> {
  return z.string().min(1, NOT_EMPTY).max(most, `size must be between 1 and ${most}`)
}
