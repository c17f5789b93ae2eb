import * as z from 'zod'
import { name, text } from './bodies.ts'
import type { JsonMap, PlanStatus, SecurityType } from './model.ts'

/** A plan as it is written by a client. */
export interface PlanBody {
  readonly name: string
  readonly description: string | undefined
  readonly definitionVersion: string
  readonly mode: string | undefined
  readonly security:
    | { readonly type: SecurityType; readonly configuration: JsonMap | undefined }
    | undefined
  readonly validation: 'AUTO' | 'MANUAL'
  readonly selectionRule: string | undefined
  readonly order: number | undefined
  readonly characteristics: readonly string[] | undefined
  readonly flows: readonly JsonMap[] | undefined
  readonly status: PlanStatus | undefined
  readonly [name: string]: unknown
}

const TYPES: Readonly<Record<string, SecurityType>> = {
  'KEY_LESS': 'KEY_LESS',
  'KEYLESS': 'KEY_LESS',
  'KEY-LESS': 'KEY_LESS',
  'API_KEY': 'API_KEY',
  'API-KEY': 'API_KEY',
  'OAUTH2': 'OAUTH2',
  'JWT': 'JWT',
  'MTLS': 'MTLS',
}

/** Gravitee writes `KEY_LESS` in its API and `key-less` in definitions. */
const securityType = z.string().transform((text, context): SecurityType => {
  const type = TYPES[text.toUpperCase()]
  if (type !== undefined) return type
  context.issues.push({ code: 'custom', input: text, message: `Unexpected value '${text}'` })
  return z.NEVER
})

const upper = <T extends string>(...words: readonly T[]): z.ZodType<T> =>
  z.string().transform((word) => word.toUpperCase()).pipe(z.enum(words)) as unknown as z.ZodType<T>

const maybe = <T extends z.ZodType>(schema: T): z.ZodType =>
  schema.nullish().transform((value) => value ?? undefined)

/** Settings of a plan's security; definitions have them as text, too. */
const configuration = z.unknown().optional().transform((value) =>
  typeof value === 'string' ? parsed(value) : value ?? {}
)

const shape = {
  name: name(),
  description: text(),
  definitionVersion: z.enum(['V1', 'V2', 'V4', 'FEDERATED', 'FEDERATED_AGENT']).default('V4'),
  mode: maybe(upper('STANDARD', 'PUSH')),
  security: maybe(z.looseObject({ type: securityType, configuration })),
  validation: upper('AUTO', 'MANUAL').default('MANUAL'),
  selectionRule: text(4096),
  order: maybe(z.number().int().min(0)),
  characteristics: maybe(z.array(z.string())),
  flows: maybe(z.array(z.looseObject({})).max(100)),
  status: maybe(upper('STAGING', 'PUBLISHED', 'DEPRECATED', 'CLOSED')),
}

function parsed(text: string): unknown {
  try {
    return text.trim() === '' ? {} : JSON.parse(text)
  } catch {
    return {}
  }
}

/** A plan in requests to make one, and in definitions. */
export const planSchema: z.ZodType<PlanBody> = z.looseObject(shape) as unknown as z.ZodType<
  PlanBody
>

/** `PUT /apis/{api}/plans/{plan}`: a plan's kind of security stays, so it need not be told. */
export const updatePlanSchema: z.ZodType<PlanBody> = z.looseObject({
  ...shape,
  security: maybe(z.looseObject({ configuration })),
}) as unknown as z.ZodType<PlanBody>

/** Fields that are read or made here; others are kept as they were written. */
export const PLAN_FIELDS: ReadonlySet<string> = new Set([
  ...Object.keys(shape),
  'id',
  'crossId',
  'apiId',
  'type',
  'createdAt',
  'updatedAt',
  'publishedAt',
  'closedAt',
])
