import * as z from 'zod'
import type { Json } from '../../store/mod.ts'
import { name, text } from './bodies.ts'
import type { EndpointGroupDefinition, ListenerDefinition } from './model.ts'

/** An API as it is written by a client. */
export interface ApiBody {
  readonly name: string
  readonly apiVersion: string
  readonly description: string | undefined
  readonly definitionVersion: string
  readonly type: string
  readonly listeners: readonly ListenerDefinition[]
  readonly endpointGroups: readonly EndpointGroupDefinition[]
  readonly visibility: string | undefined
  readonly lifecycleState: string | undefined
  readonly [name: string]: unknown
}

const anyMap = z.looseObject({})
const maybe = <T extends z.ZodType>(schema: T): z.ZodType =>
  schema.nullish().transform((value) => value ?? undefined)

const pathSchema = z.looseObject({
  path: name(1024),
  host: text(255),
  overrideAccess: maybe(z.boolean()),
})

const listenerSchema = z.looseObject({
  type: z.enum(['HTTP', 'TCP', 'SUBSCRIPTION', 'KAFKA', 'http', 'tcp', 'subscription', 'kafka'])
    .transform((type) => type.toUpperCase()),
  paths: maybe(z.array(pathSchema).max(100)),
  hosts: maybe(z.array(name(255)).max(100)),
  entrypoints: maybe(z.array(anyMap).max(100)),
})

const endpointSchema = z.looseObject({
  name: name(),
  type: name(),
  weight: maybe(z.number().int().min(0).max(1_000_000)),
  inheritConfiguration: maybe(z.boolean()),
  configuration: maybe(anyMap),
  sharedConfigurationOverride: maybe(anyMap),
})

const groupSchema = z.looseObject({
  name: name(),
  type: name(),
  loadBalancer: maybe(z.looseObject({ type: maybe(z.string()) })),
  sharedConfiguration: maybe(anyMap),
  endpoints: maybe(z.array(endpointSchema).max(1000)),
})

const common = {
  name: name(),
  apiVersion: name(),
  description: text(),
  definitionVersion: z.string().default('V4'),
  listeners: z.array(listenerSchema).min(1, 'must not be empty').max(20),
  endpointGroups: z.array(groupSchema).min(1, 'must not be empty').max(100),
  visibility: text(),
  lifecycleState: text(),
}

/** `POST /apis`. */
export const createApiSchema: z.ZodType<ApiBody> = z.looseObject({
  ...common,
  definitionVersion: z.string(),
  type: z.string(),
}) as unknown as z.ZodType<ApiBody>

/** `PUT /apis/{api}`. */
export const updateApiSchema: z.ZodType<ApiBody> = z.looseObject({
  ...common,
  type: z.string().default('PROXY'),
}) as unknown as z.ZodType<ApiBody>

/** Fields that the gateway reads or makes itself; all others are kept as they were written. */
const OWN = new Set([
  ...Object.keys(common),
  'type',
  'id',
  'crossId',
  'state',
  'deploymentState',
  'createdAt',
  'updatedAt',
  'deployedAt',
  'primaryOwner',
  'definitionContext',
  '_links',
  'plans',
])

/** What a body says beside that. */
export function extraOf(
  body: Readonly<Record<string, unknown>>,
  own: ReadonlySet<string> = OWN,
): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(body).filter(([key, value]) =>
      !own.has(key) && value !== null && value !== undefined
    ),
  ) as Record<string, Json>
}

/** A copy without what is undefined, as JSON would carry it. */
export function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}
