import type { RunningView } from '../types.ts'
import type { Balancer } from './balancer.ts'
import type {
  ListenerDoc,
  LoadBalancerDoc,
  MemberDoc,
  MonitorDoc,
  Place,
  PolicyDoc,
  PoolDoc,
  RuleDoc,
  SecretDoc,
} from './documents.ts'
import { flavorOf } from './flavors.ts'
import { balancerHealth, listenerHealth, memberHealth, poolHealth } from './health.ts'
import type { OperatingStatus } from './health.ts'
import { resourceTime, secretTime } from './times.ts'

type Shown = Record<string, unknown>

/** What a resource's answer depends on besides its document. */
export interface Sight {
  readonly place: Place
  readonly running: RunningView
}

/** The name of a region. */
export function regionName({ region }: Place): string {
  return `region-${region}`
}

function where(place: Place): Shown {
  return { project_id: place.project, region_id: place.region, region: regionName(place) }
}

/** A load balancer's state with regard to changes, or that of something below it. */
function provisioning({ task }: LoadBalancerDoc, id?: string): string {
  if (task === null) return 'ACTIVE'
  if (id !== undefined && task.kind === 'update' && !task.touched.includes(id)) return 'ACTIVE'
  return task.kind === 'create' ? 'PENDING_CREATE' : 'PENDING_UPDATE'
}

function taskOf(lb: LoadBalancerDoc, id: string): string | null {
  return provisioning(lb, id) === 'ACTIVE' ? null : lb.task?.id ?? null
}

/** Tags as a list. */
export function showTags(tags: Readonly<Record<string, string>>): Shown[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value, read_only: false }))
}

/** A load balancer. `pools` tell how it does. */
export function showLoadBalancer({ lb, pools }: Balancer, { place, running }: Sight): Shown {
  const flavor = flavorOf(lb.flavor)
  const vips = [lb.vip_address, ...lb.additional_vips]
  return {
    id: lb.id,
    name: lb.name,
    ...where(place),
    admin_state_up: lb.admin_state_up,
    operating_status: balancerHealth(lb, listenerStates({ lb, pools }, running)),
    provisioning_status: provisioning(lb),
    created_at: resourceTime(lb.created_at),
    updated_at: resourceTime(lb.updated_at),
    creator_task_id: lb.creator_task_id,
    task_id: lb.task?.id ?? null,
    flavor: flavor ?? null,
    vip_address: lb.vip_address,
    vip_port_id: lb.vip_port_id,
    vip_ip_family: lb.vip_ip_family,
    vip_fqdn: null,
    vrrp_ips: vips.map((ip_address) => ({
      ip_address,
      role: 'STANDALONE',
      subnet_id: lb.vip_subnet_id ?? '',
    })),
    additional_vips: lb.additional_vips.map((ip_address) => ({
      ip_address,
      subnet_id: lb.vip_subnet_id ?? '',
    })),
    floating_ips: [],
    listeners: lb.listeners.map(({ id }) => ({ id })),
    logging: lb.logging,
    preferred_connectivity: lb.preferred_connectivity,
    tags_v2: showTags(lb.tags),
    metadata: showTags(lb.tags),
    stats: null,
    ddos_profile: null,
  }
}

function listenerStates({ lb, pools }: Balancer, running: RunningView): OperatingStatus[] {
  return lb.listeners.map((listener) => {
    const pool = listener.default_pool_id === null ? undefined : pools.get(listener.default_pool_id)
    return listenerHealth(lb, listener, pool && poolHealth(pool, memberHealth(pool, running)))
  })
}

/** A listener. */
export function showListener(
  { lb, pools }: Balancer,
  listener: ListenerDoc,
  { running }: Sight,
): Shown {
  const pool = listener.default_pool_id === null ? undefined : pools.get(listener.default_pool_id)
  const { secret_id, ...rest } = listener
  return {
    ...rest,
    secret_id,
    load_balancer_id: lb.id,
    loadbalancer_id: lb.id,
    insert_headers: insertedHeaders(listener),
    pool_count: pool === undefined ? 0 : 1,
    operating_status: listenerHealth(
      lb,
      listener,
      pool && poolHealth(pool, memberHealth(pool, running)),
    ),
    provisioning_status: provisioning(lb, listener.id),
    stats: null,
    task_id: taskOf(lb, listener.id),
  }
}

function insertedHeaders({ insert_x_forwarded }: ListenerDoc): Shown {
  return insert_x_forwarded
    ? { 'X-Forwarded-For': 'true', 'X-Forwarded-Port': 'true', 'X-Forwarded-Proto': 'true' }
    : {}
}

/** A pool. `details`: members whole, not their ids alone. */
export function showPool(
  { lb }: Pick<Balancer, 'lb'>,
  pool: PoolDoc,
  { running, details }: Sight & { readonly details: boolean },
): Shown {
  const health = memberHealth(pool, running)
  const { load_balancer_id, members, healthmonitor, ...rest } = pool
  return {
    ...rest,
    members: members.map((each) => details ? showMember(lb, each, health) : { id: each.id }),
    healthmonitor: healthmonitor && showMonitor(lb, healthmonitor, pool),
    listeners: lb.listeners.filter((each) => each.default_pool_id === pool.id)
      .map(({ id }) => ({ id })),
    loadbalancers: [{ id: load_balancer_id }],
    operating_status: poolHealth(pool, health),
    provisioning_status: provisioning(lb, pool.id),
    task_id: taskOf(lb, pool.id),
  }
}

/** A member. */
export function showMember(
  lb: LoadBalancerDoc,
  member: MemberDoc,
  health: (member: MemberDoc) => OperatingStatus,
): Shown {
  return {
    ...member,
    operating_status: health(member),
    provisioning_status: provisioning(lb, member.id),
  }
}

/** A health monitor. */
export function showMonitor(lb: LoadBalancerDoc, monitor: MonitorDoc, pool: PoolDoc): Shown {
  return {
    ...monitor,
    operating_status: monitor.admin_state_up ? 'ONLINE' : 'OFFLINE',
    provisioning_status: provisioning(lb, pool.id),
  }
}

/** The states of a load balancer and all below it. */
export function showStatus({ lb, pools }: Balancer, { running }: Sight): Shown {
  return {
    id: lb.id,
    name: lb.name,
    operating_status: balancerHealth(lb, listenerStates({ lb, pools }, running)),
    provisioning_status: provisioning(lb),
    tags: showTags(lb.tags),
    listeners: lb.listeners.map((listener) => {
      const pool = listener.default_pool_id === null
        ? undefined
        : pools.get(listener.default_pool_id)
      const shown = pool && showPoolStatus(lb, pool, running)
      return {
        id: listener.id,
        name: listener.name,
        operating_status: listenerHealth(lb, listener, shown?.operating_status),
        provisioning_status: provisioning(lb, listener.id),
        pools: shown === undefined ? [] : [shown],
      }
    }),
  }
}

function showPoolStatus(
  lb: LoadBalancerDoc,
  pool: PoolDoc,
  running: RunningView,
): Shown & { readonly operating_status: OperatingStatus } {
  const health = memberHealth(pool, running)
  const monitor = pool.healthmonitor
  return {
    id: pool.id,
    name: pool.name,
    operating_status: poolHealth(pool, health),
    provisioning_status: provisioning(lb, pool.id),
    health_monitor: monitor && {
      id: monitor.id,
      type: monitor.type,
      operating_status: monitor.admin_state_up ? 'ONLINE' : 'OFFLINE',
      provisioning_status: provisioning(lb, pool.id),
    },
    members: pool.members.map((each) => ({
      id: each.id,
      address: each.address,
      protocol_port: each.protocol_port,
      operating_status: health(each),
      provisioning_status: provisioning(lb, each.id),
    })),
  }
}

/** An L7 policy with its rules. */
export function showPolicy(lb: LoadBalancerDoc, policy: PolicyDoc, sight: Sight): Shown {
  const { created_at, updated_at, rules, ...rest } = policy
  return {
    ...rest,
    ...where(sight.place),
    rules: rules.map((each) => showRule(lb, each, sight)),
    operating_status: 'ONLINE',
    provisioning_status: provisioning(lb, policy.id),
    created_at: resourceTime(created_at),
    updated_at: resourceTime(updated_at),
    task_id: taskOf(lb, policy.id),
  }
}

/** An L7 rule. */
export function showRule(lb: LoadBalancerDoc, rule: RuleDoc, { place }: Sight): Shown {
  const { created_at, updated_at, ...rest } = rule
  return {
    ...rest,
    ...where(place),
    operating_status: 'ONLINE',
    provisioning_status: provisioning(lb, rule.id),
    created_at: resourceTime(created_at),
    updated_at: resourceTime(updated_at),
    task_id: taskOf(lb, rule.id),
  }
}

/** A secret without its content. */
export function showSecret(secret: SecretDoc, place: Place): Shown {
  return {
    id: secret.id,
    name: secret.name,
    ...where(place),
    secret_type: secret.secret_type,
    status: 'ACTIVE',
    algorithm: secret.algorithm,
    bit_length: secret.bit_length,
    mode: secret.mode,
    content_types: { default: secret.payload_content_type },
    created: secretTime(secret.created),
    expiration: secretTime(secret.expiration),
    task_id: null,
  }
}
