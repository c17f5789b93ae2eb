import { z } from 'zod'
import {
  CLIENT_AUTHS,
  type ClientAuth,
  LISTENER_PROTOCOLS,
  type ListenerProtocol,
  type Timeouts,
  type UserDoc,
} from '../documents.ts'
import { cidr, maybeUuid, name, optional, port, timeout, uuid, uuids } from './fields.ts'
import { type PoolBody, poolBody } from './pool.ts'

/** What may be changed of a listener, each left out or given. */
export interface ListenerChange extends Partial<Timeouts> {
  readonly name?: string | undefined
  readonly secret_id?: string | null | undefined
  readonly sni_secret_id?: readonly string[] | null | undefined
  readonly default_pool_id?: string | null | undefined
  readonly insert_x_forwarded?: boolean | undefined
  readonly connection_limit?: number | null | undefined
  readonly allowed_cidrs?: readonly string[] | null | undefined
  readonly user_list?: readonly UserDoc[] | null | undefined
  readonly admin_state_up?: boolean | undefined
  readonly client_auth?: ClientAuth | undefined
  readonly client_ca_secret_id?: string | null | undefined
  readonly client_crl_secret_id?: string | null | undefined
}

/** A listener to be made. */
export interface ListenerBody extends ListenerChange {
  readonly name: string
  readonly protocol: ListenerProtocol
  readonly protocol_port: number
  /** At most one, which becomes the default. */
  readonly pools: readonly PoolBody[]
}

/** A listener to be made by itself, with where it belongs. */
export interface PlacedListenerBody extends ListenerBody {
  readonly load_balancer_id: string
}

const user = z.object({
  username: z.string().min(1).max(32).regex(/^[^:\p{Cc}]+$/u),
  encrypted_password: z.string().min(1).max(128),
})

const changeable = {
  secret_id: maybeUuid.optional(),
  sni_secret_id: uuids.nullable().optional(),
  insert_x_forwarded: optional(z.boolean()),
  connection_limit: z.int().min(-1).max(1_000_000).nullable().optional(),
  allowed_cidrs: z.array(cidr).max(100).nullable().optional(),
  user_list: z.array(user).max(3).nullable().optional(),
  timeout_client_data: timeout.optional(),
  timeout_member_connect: timeout.optional(),
  timeout_member_data: timeout.optional(),
  admin_state_up: optional(z.boolean()),
  client_auth: optional(z.enum(CLIENT_AUTHS)),
  client_ca_secret_id: maybeUuid.optional(),
  client_crl_secret_id: maybeUuid.optional(),
}

const fields = {
  name,
  protocol: z.enum(LISTENER_PROTOCOLS),
  protocol_port: port,
  ...changeable,
  pools: z.array(poolBody).max(1).nullish().transform((all) => all ?? []),
}

export const listenerBody: z.ZodType<ListenerBody> = z.object(fields) as unknown as z.ZodType<
  ListenerBody
>

/** The older Go SDK writes `loadbalancer_id`. */
export const placedListenerBody: z.ZodType<PlacedListenerBody> = z.object({
  ...fields,
  default_pool_id: maybeUuid.optional(),
  load_balancer_id: optional(uuid),
  loadbalancer_id: optional(uuid),
}).transform(({ loadbalancer_id, load_balancer_id, ...body }, context) => {
  const id = load_balancer_id ?? loadbalancer_id
  if (id !== undefined) return { ...body, load_balancer_id: id }
  context.addIssue({ code: 'custom', path: ['load_balancer_id'], message: 'Field required' })
  return z.NEVER
}) as unknown as z.ZodType<PlacedListenerBody>

export const listenerChange: z.ZodType<ListenerChange> = z.object({
  name: optional(name),
  default_pool_id: maybeUuid.optional(),
  ...changeable,
}) as unknown as z.ZodType<ListenerChange>

/** The deprecated form of a change. */
export const listenerRename: z.ZodType<{ readonly name: string }> = z.object({ name })
