import { z } from 'zod'
import {
  type Algorithm,
  ALGORITHMS,
  MONITOR_TYPES,
  type MonitorType,
  PERSISTENCE_TYPES,
  type PersistenceDoc,
  POOL_PROTOCOLS,
  type PoolProtocol,
  type Timeouts,
} from '../documents.ts'
import { address, maybeUuid, name, optional, port, timeout, uuid } from './fields.ts'

/** A member as it is asked for. */
export interface MemberBody {
  readonly address: string
  readonly protocol_port: number
  readonly weight: number
  readonly backup: boolean
  readonly admin_state_up: boolean
  readonly subnet_id: string | null
  readonly instance_id: string | null
  readonly monitor_address: string | null
  readonly monitor_port: number | null
}

const orNull = <T>(schema: z.ZodType<T>): z.ZodType<T | null> =>
  schema.nullish().transform((value) => value ?? null) as unknown as z.ZodType<T | null>
const orElse = <T>(schema: z.ZodType<T>, other: T): z.ZodType<T> =>
  schema.nullish().transform((value) => value ?? other) as unknown as z.ZodType<T>

const weight = z.int().min(1).max(256)
const anyId = z.string().max(255)

export const memberBody: z.ZodType<MemberBody> = z.object({
  address,
  protocol_port: port,
  weight: orElse(weight, 1),
  backup: orElse(z.boolean(), false),
  admin_state_up: orElse(z.boolean(), true),
  subnet_id: orNull(anyId),
  instance_id: orNull(anyId),
  monitor_address: orNull(address),
  monitor_port: orNull(port),
})

/** What may be changed of a member that stays. */
export interface MemberChange {
  readonly weight?: number | undefined
  readonly backup?: boolean | undefined
  readonly admin_state_up?: boolean | undefined
  readonly monitor_address?: string | null | undefined
  readonly monitor_port?: number | null | undefined
}

export const memberChange: z.ZodType<MemberChange> = z.object({
  weight: optional(weight),
  backup: optional(z.boolean()),
  admin_state_up: optional(z.boolean()),
  monitor_address: address.nullable().optional(),
  monitor_port: port.nullable().optional(),
})

/** A health monitor as it is asked for. Times in seconds. */
export interface MonitorBody {
  readonly type: MonitorType
  readonly delay: number
  readonly timeout: number
  readonly max_retries: number
  readonly max_retries_down: number
  readonly http_method: string | null
  readonly http_version: string | null
  readonly url_path: string | null
  readonly expected_codes: string | null
  readonly domain_name: string | null
  readonly admin_state_up: boolean
}

const METHODS = [
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
] as const

const monitorFields = {
  delay: z.int().min(1).max(86_400),
  timeout: z.int().min(1).max(86_400),
  max_retries: z.int().min(1).max(10),
  max_retries_down: orElse(z.int().min(1).max(10), 3),
  http_method: orNull(z.enum(METHODS)),
  http_version: orNull(z.enum(['1.0', '1.1'])),
  url_path: orNull(z.string().max(2_048).regex(/^\/([^/?#%\s][^?#%\s]*)?$/)),
  expected_codes: orNull(z.string().regex(/^(\d{3}(,\s?\d{3})*|\d{3}-\d{3})$/)),
  domain_name: orNull(z.string().regex(/^[a-zA-Z0-9_*]([a-zA-Z0-9_.-]{0,252}[a-zA-Z0-9_])?$/)),
  admin_state_up: orElse(z.boolean(), true),
}

const shorter = (body: { readonly timeout: number; readonly delay: number }): boolean =>
  body.timeout < body.delay
const tooLong = { path: ['timeout'], message: 'Timeout should be less than delay' }

export const monitorBody: z.ZodType<MonitorBody> = z.object({
  type: z.enum(MONITOR_TYPES),
  ...monitorFields,
}).refine(shorter, tooLong).transform((body) => {
  if (body.type === 'HTTP' || body.type === 'HTTPS') {
    return { ...body, url_path: body.url_path ?? '/', http_method: body.http_method ?? 'GET' }
  }
  return { ...body, url_path: null, http_method: null, http_version: null, expected_codes: null }
}) as unknown as z.ZodType<MonitorBody>

/** What may be changed of a health monitor that stays. */
export const monitorChange: z.ZodType<Partial<MonitorBody>> = z.object({
  delay: monitorFields.delay.optional(),
  timeout: monitorFields.timeout.optional(),
  max_retries: monitorFields.max_retries.optional(),
  max_retries_down: z.int().min(1).max(10).optional(),
  http_method: z.enum(METHODS).nullable().optional(),
  http_version: z.enum(['1.0', '1.1']).nullable().optional(),
  url_path: monitorFields.url_path.optional(),
  expected_codes: monitorFields.expected_codes.optional(),
  domain_name: monitorFields.domain_name.optional(),
  admin_state_up: z.boolean().optional(),
}) as unknown as z.ZodType<Partial<MonitorBody>>

const persistenceBody: z.ZodType<PersistenceDoc> = z.object({
  type: z.enum(PERSISTENCE_TYPES),
  cookie_name: orNull(z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,255}$/)),
  persistence_granularity: orNull(z.string().max(64)),
  persistence_timeout: orNull(z.int().min(0)),
}).refine((body) => body.type !== 'APP_COOKIE' || body.cookie_name !== null, {
  path: ['cookie_name'],
  message: 'Field required for APP_COOKIE',
})

/** What a pool's body may ask for, each left out or given. */
export interface PoolChange extends Partial<Timeouts> {
  readonly name?: string | undefined
  readonly protocol?: PoolProtocol | undefined
  readonly lb_algorithm?: Algorithm | undefined
  readonly admin_state_up?: boolean | undefined
  readonly secret_id?: string | null | undefined
  readonly ca_secret_id?: string | null | undefined
  readonly crl_secret_id?: string | null | undefined
  readonly members?: readonly MemberBody[] | undefined
  readonly healthmonitor?: MonitorBody | null | undefined
  readonly session_persistence?: PersistenceDoc | null | undefined
}

/** A pool to be made. */
export interface PoolBody extends PoolChange {
  readonly name: string
  readonly protocol: PoolProtocol
  readonly lb_algorithm: Algorithm
}

/** A pool to be made by itself, with where it belongs. */
export interface PlacedPoolBody extends PoolBody {
  readonly listener_id: string | null
  readonly load_balancer_id: string | null
}

const members = z.array(memberBody).max(2_500).nullish()
  .transform((all) => all === null ? [] : all)
  .superRefine((all, context) => {
    const seen = new Set<string>()
    for (const [at, each] of (all ?? []).entries()) {
      const where = `${each.address} ${each.protocol_port}`
      if (seen.has(where)) {
        const message = `Member ${each.address}:${each.protocol_port} is given twice`
        context.addIssue({ code: 'custom', path: [at], message })
      }
      seen.add(where)
    }
  })

const poolFields = {
  name,
  protocol: z.enum(POOL_PROTOCOLS),
  lb_algorithm: z.enum(ALGORITHMS),
  admin_state_up: optional(z.boolean()),
  secret_id: maybeUuid.optional(),
  ca_secret_id: maybeUuid.optional(),
  crl_secret_id: maybeUuid.optional(),
  members,
  healthmonitor: monitorBody.nullable().optional(),
  session_persistence: persistenceBody.nullable().optional(),
  timeout_client_data: timeout.optional(),
  timeout_member_connect: timeout.optional(),
  timeout_member_data: timeout.optional(),
}

export const poolBody: z.ZodType<PoolBody> = z.object(poolFields) as unknown as z.ZodType<PoolBody>

/** The older Go SDK writes `loadbalancer_id`. */
export const placedPoolBody: z.ZodType<PlacedPoolBody> = z.object({
  ...poolFields,
  listener_id: orNull(uuid),
  load_balancer_id: orNull(uuid),
  loadbalancer_id: orNull(uuid),
}).transform(({ loadbalancer_id, ...body }) => ({
  ...body,
  load_balancer_id: body.load_balancer_id ?? loadbalancer_id,
})) as unknown as z.ZodType<PlacedPoolBody>

export const poolChange: z.ZodType<PoolChange> = z.object({
  ...poolFields,
  name: optional(name),
  protocol: optional(z.enum(POOL_PROTOCOLS)),
  lb_algorithm: optional(z.enum(ALGORITHMS)),
}) as unknown as z.ZodType<PoolChange>
