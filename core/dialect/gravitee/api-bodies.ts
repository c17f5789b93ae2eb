import * as z from 'zod'
import type { Json } from '../../store/mod.ts'
import { name, NOT_EMPTY, text } from './bodies.ts'
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

/** Where an API is in its life. */
const LIFECYCLE = ['ARCHIVED', 'CREATED', 'DEPRECATED', 'PUBLISHED', 'UNPUBLISHED'] as const
const TYPES = ['A2A_PROXY', 'EDGE', 'LLM_PROXY', 'MCP_PROXY', 'MESSAGE', 'NATIVE', 'PROXY'] as const

/** A list that must have something in it; left out it is as an empty one. */
const list = <T extends z.ZodType>(item: T, most: number): z.ZodType =>
  z.array(item).min(1, NOT_EMPTY).max(most).prefault([])

const common = {
  name: name(),
  apiVersion: name(),
  description: text(),
  definitionVersion: z.enum(['V1', 'V2', 'V4', 'FEDERATED', 'FEDERATED_AGENT']),
  type: z.enum(TYPES),
  listeners: list(listenerSchema, 20),
  endpointGroups: list(groupSchema, 100),
  visibility: maybe(z.enum(['PUBLIC', 'PRIVATE'])),
  lifecycleState: maybe(z.enum(LIFECYCLE)),
}

/** `POST /apis`, `PUT /apis/{api}`, and definitions. */
export const apiSchema: z.ZodType<ApiBody> = z.looseObject(common) as unknown as z.ZodType<ApiBody>

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
