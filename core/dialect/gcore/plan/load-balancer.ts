import type { Balancer, Outcome } from '../balancer.ts'
import type { Created, ListenerDoc, LoadBalancerDoc, LoggingDoc, PoolDoc } from '../documents.ts'
import { invalid } from '../faults.ts'
import { DEFAULT_FLAVOR, flavorOf } from '../flavors.ts'
import type { LoadBalancerBody, LoadBalancerChange } from '../schemas/load-balancer.ts'
import { makeListener } from './listener.ts'
import { given, type Making, sameJson } from './making.ts'

const NO_LOGGING: LoggingDoc = {
  enabled: false,
  topic_name: null,
  destination_region_id: null,
  retention_policy: null,
}

/** A load balancer's addresses. */
export interface Vip {
  readonly family: 'dual' | 'ipv4' | 'ipv6'
  readonly address: string
  readonly additional: readonly string[]
}

/** Makes a load balancer with all that stands in its body. @throws ApiFault 400 */
export function makeLoadBalancer(
  body: LoadBalancerBody,
  { id, vip }: { readonly id: string; readonly vip: Vip },
  making: Making,
): Outcome {
  const listeners: ListenerDoc[] = []
  const pools = new Map<string, PoolDoc>()
  const created: Record<string, string[]> = { loadbalancers: [id] }
  for (const each of body.listeners) {
    const made = makeListener(id, each, making)
    listeners.push(made.listener)
    if (made.pool !== undefined) pools.set(made.pool.id, made.pool)
    for (const [kind, ids] of Object.entries(made.created)) (created[kind] ??= []).push(...ids)
  }
  const lb: LoadBalancerDoc = {
    id,
    name: body.name,
    flavor: knownFlavor(body.flavor ?? DEFAULT_FLAVOR),
    admin_state_up: body.admin_state_up,
    tags: body.tags,
    logging: body.logging ?? NO_LOGGING,
    preferred_connectivity: body.preferred_connectivity,
    vip_ip_family: vip.family,
    vip_address: vip.address,
    additional_vips: vip.additional,
    vip_network_id: body.vip_network_id,
    vip_subnet_id: body.vip_subnet_id,
    vip_port_id: body.vip_port_id ?? making.newId(),
    listeners,
    policies: [],
    created_at: making.now,
    updated_at: null,
    creator_task_id: making.taskId,
    task: null,
  }
  return { lb, pools, created: created as Created, touched: [] }
}

/** What a load balancer becomes. undefined: it stays as it is. */
export function changeLoadBalancer(
  { lb }: Balancer,
  change: LoadBalancerChange,
): Outcome | undefined {
  const { tags, logging, ...plain } = given(change)
  const after: LoadBalancerDoc = {
    ...lb,
    ...plain,
    ...(logging === undefined ? {} : { logging: logging ?? NO_LOGGING }),
    ...(tags === undefined ? {} : { tags: mergeTags(lb.tags, tags) }),
  } as LoadBalancerDoc
  return sameJson(after, lb) ? undefined : { lb: after, pools: new Map(), touched: [] }
}

/** @throws ApiFault 400 */
export function resizeLoadBalancer({ lb }: Balancer, flavor: string): Outcome {
  return { lb: { ...lb, flavor: knownFlavor(flavor) }, pools: new Map(), touched: [] }
}

/** Tags in place of those that there are. */
export function replaceTags(
  { lb }: Balancer,
  tags: Readonly<Record<string, string>>,
): Outcome {
  return { lb: { ...lb, tags }, pools: new Map(), touched: [] }
}

/** A load balancer goes, and all below it. */
export function removeLoadBalancer({ pools }: Balancer): Outcome {
  return { lb: undefined, pools: new Map([...pools.keys()].map((id) => [id, undefined])) }
}

function mergeTags(
  before: Readonly<Record<string, string>>,
  change: Readonly<Record<string, string | null>>,
): Record<string, string> {
  const merged = { ...before, ...change }
  return Object.fromEntries(
    Object.entries(merged).filter((pair): pair is [string, string] => pair[1] !== null),
  )
}

function knownFlavor(name: string): string {
  if (flavorOf(name) !== undefined) return name
  throw invalid({ flavor: [`Flavor '${name}' could not be found`] })
}
