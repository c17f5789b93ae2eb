import { z } from 'zod'
import type { LoggingDoc } from '../documents.ts'
import { name, optional } from './fields.ts'
import { type ListenerBody, listenerBody } from './listener.ts'

/** A load balancer to be made. */
export interface LoadBalancerBody {
  readonly name: string
  readonly flavor: string | undefined
  readonly vip_network_id: string | null
  readonly vip_subnet_id: string | null
  readonly vip_port_id: string | null
  readonly vip_ip_family: 'dual' | 'ipv4' | 'ipv6' | undefined
  readonly preferred_connectivity: 'L2' | 'L3'
  readonly logging: LoggingDoc | null
  readonly tags: Readonly<Record<string, string>>
  readonly listeners: readonly ListenerBody[]
  readonly admin_state_up: boolean
}

/** A change of a load balancer. A tag of null goes. */
export interface LoadBalancerChange {
  readonly name?: string | undefined
  readonly logging?: LoggingDoc | null | undefined
  readonly preferred_connectivity?: 'L2' | 'L3' | undefined
  readonly tags?: Readonly<Record<string, string | null>> | undefined
  readonly admin_state_up?: boolean | undefined
}

const tagKey = z.string().min(1).max(255)
const tagValue = z.string().max(255)
const anyId = z.string().max(255).nullish().transform((id) =>
  id === undefined || id === '' ? null : id
)
const connectivity = z.enum(['L2', 'L3'])

const logging: z.ZodType<LoggingDoc> = z.object({
  enabled: z.boolean().default(false),
  topic_name: z.string().max(255).nullish().transform((text) => text ?? null),
  destination_region_id: z.int().nullish().transform((id) => id ?? null),
  retention_policy: z.object({ period: z.int().min(1).nullable() }).nullish()
    .transform((policy) => policy ?? null),
}) as unknown as z.ZodType<LoggingDoc>

const floatingIp = z.union([
  z.object({ source: z.literal('new') }),
  z.object({ source: z.literal('existing'), existing_floating_id: z.string().max(255) }),
])

export const loadBalancerBody: z.ZodType<LoadBalancerBody> = z.object({
  name: optional(name),
  name_template: optional(z.string().max(63)),
  flavor: z.string().max(64).nullish().transform((text) => text ?? undefined),
  vip_network_id: anyId,
  vip_subnet_id: anyId,
  vip_port_id: anyId,
  vip_ip_family: z.enum(['dual', 'ipv4', 'ipv6']).nullish().transform((text) => text ?? undefined),
  floating_ip: floatingIp.nullish(),
  preferred_connectivity: optional(connectivity).transform((text) => text ?? 'L2'),
  logging: logging.nullish().transform((body) => body ?? null),
  tags: z.record(tagKey, tagValue).nullish(),
  metadata: z.record(tagKey, tagValue).nullish(),
  listeners: z.array(listenerBody).max(51).nullish().transform((all) => all ?? []),
  admin_state_up: z.boolean().nullish().transform((up) => up ?? true),
}).transform(({ name_template, metadata, ...body }, context) => {
  const given = body.name ?? name_template
  if (body.vip_network_id !== null && body.vip_port_id !== null) {
    const message = 'Only one of vip_network_id and vip_port_id can be given'
    context.addIssue({ code: 'custom', path: ['vip_port_id'], message })
  }
  if (body.vip_subnet_id !== null && body.vip_network_id === null) {
    const message = 'vip_subnet_id needs vip_network_id'
    context.addIssue({ code: 'custom', path: ['vip_subnet_id'], message })
  }
  if (given === undefined) {
    context.addIssue({ code: 'custom', path: ['name'], message: 'Field required' })
    return z.NEVER
  }
  return { ...body, name: given, tags: { ...metadata, ...body.tags } }
}) as unknown as z.ZodType<LoadBalancerBody>

export const loadBalancerChange: z.ZodType<LoadBalancerChange> = z.object({
  name: optional(name),
  logging: logging.nullable().optional(),
  preferred_connectivity: optional(connectivity),
  tags: optional(z.record(tagKey, tagValue.nullable())),
  admin_state_up: optional(z.boolean()),
})

/** Tags alone, as the metadata resource takes them. */
export const tagsBody: z.ZodType<Record<string, string>> = z.record(tagKey, tagValue)

export const resizeBody: z.ZodType<{ readonly flavor: string }> = z.object({
  flavor: z.string().min(1).max(64),
})
