import type { Balancer } from '../balancer.ts'
import type { ListenerDoc, LoadBalancerDoc, MonitorType, PoolDoc, Use } from '../documents.ts'
import { conflict, invalid, type InvalidFields, overQuota } from '../faults.ts'
import { familyOfAddress } from '../schemas/fields.ts'
import { socketOf } from './vip.ts'

/** What one load balancer may have. */
export const LIMITS = {
  listeners: 50,
  pools: 50,
  members: 2_500,
  policies: 500,
  rules: 64,
} as const

/**
 * Looks at what a load balancer would become.
 * @throws ApiFault 400, 403 or 409 for what makes no sense
 */
export function check({ lb, pools }: Balancer, before: Balancer | undefined): void {
  checkCounts({ lb, pools }, before)
  checkPorts(lb)
  for (const listener of lb.listeners) {
    if (!before?.lb.listeners.includes(listener)) checkListener(lb, listener)
    const pool = listener.default_pool_id === null ? undefined : pools.get(listener.default_pool_id)
    if (pool !== undefined) checkMatch(listener, pool)
  }
  for (const policy of lb.policies) {
    const pool = policy.redirect_pool_id === null ? undefined : pools.get(policy.redirect_pool_id)
    const listener = lb.listeners.find((each) => each.id === policy.listener_id)
    if (pool !== undefined && listener !== undefined) checkMatch(listener, pool)
  }
}

function checkCounts(after: Balancer, before: Balancer | undefined): void {
  const counts = countsOf(after)
  const had = before === undefined ? undefined : countsOf(before)
  for (const [what, limit] of Object.entries(LIMITS)) {
    const count = counts[what as keyof typeof LIMITS]
    const usage = had?.[what as keyof typeof LIMITS] ?? 0
    if (count > limit && count > usage) {
      throw overQuota(`loadbalancer_${what}`, { usage, wanted: count - usage, limit })
    }
  }
  if (counts.prometheus > 1) {
    throw conflict(`Load balancer ${after.lb.id} already has a PROMETHEUS listener`)
  }
}

function countsOf({ lb, pools }: Balancer): Record<keyof typeof LIMITS | 'prometheus', number> {
  const prometheus = lb.listeners.filter((each) => each.protocol === 'PROMETHEUS').length
  let members = 0
  for (const pool of pools.values()) members += pool.members.length
  return {
    listeners: lb.listeners.length - prometheus,
    prometheus,
    pools: pools.size,
    members,
    policies: lb.policies.length,
    rules: Math.max(0, ...lb.policies.map((each) => each.rules.length)),
  }
}

function checkPorts(lb: LoadBalancerDoc): void {
  const taken = new Map<string, ListenerDoc>()
  for (const listener of lb.listeners) {
    const other = taken.get(socketOf(listener))
    if (other !== undefined) {
      throw conflict(
        'Another Listener on this Load Balancer is already using protocol_port ' +
          listener.protocol_port,
      )
    }
    taken.set(socketOf(listener), listener)
  }
}

const HTTP: ReadonlySet<string> = new Set(['HTTP', 'TERMINATED_HTTPS'])
const TLS: ReadonlySet<string> = new Set(['PROMETHEUS', 'TERMINATED_HTTPS'])

function checkListener(lb: LoadBalancerDoc, listener: ListenerDoc): void {
  const { protocol } = listener
  const wrong: Record<string, readonly string[]> = {}
  const hasSecret = listener.secret_id !== null || listener.sni_secret_id.length > 0
  if (protocol === 'TERMINATED_HTTPS' && !hasSecret) {
    wrong['secret_id'] = ['secret_id or sni_secret_id is required for TERMINATED_HTTPS']
  }
  if (hasSecret && !TLS.has(protocol)) {
    const name = listener.secret_id === null ? 'sni_secret_id' : 'secret_id'
    wrong[name] = [`Secrets are for TERMINATED_HTTPS and PROMETHEUS, not for ${protocol}`]
  }
  if (listener.insert_x_forwarded && !HTTP.has(protocol)) {
    wrong['insert_x_forwarded'] = ['Only for HTTP and TERMINATED_HTTPS']
  }
  if (listener.user_list.length > 0 && !HTTP.has(protocol) && protocol !== 'PROMETHEUS') {
    wrong['user_list'] = ['Only for HTTP, TERMINATED_HTTPS and PROMETHEUS']
  }
  if (listener.default_pool_id !== null && protocol === 'PROMETHEUS') {
    wrong['pools'] = ['A PROMETHEUS listener has no pools']
  }
  Object.assign(wrong, checkClients(listener), checkCidrs(lb, listener))
  if (Object.keys(wrong).length > 0) throw invalid(wrong)
}

function checkClients(listener: ListenerDoc): InvalidFields {
  const { client_auth: mode, client_ca_secret_id: ca, client_crl_secret_id: crl } = listener
  if (mode === 'none' && crl === null) return {}
  if (!TLS.has(listener.protocol) || !(listener.secret_id ?? listener.sni_secret_id[0])) {
    return { client_auth: ['Only for listeners that end TLS: TERMINATED_HTTPS, PROMETHEUS'] }
  }
  return ca === null ? { client_ca_secret_id: [`Field required for client_auth '${mode}'`] } : {}
}

function checkCidrs(lb: LoadBalancerDoc, { allowed_cidrs }: ListenerDoc): InvalidFields {
  if (allowed_cidrs === null || lb.vip_ip_family === 'dual') return {}
  const wanted = lb.vip_ip_family === 'ipv4' ? 4 : 6
  const other = allowed_cidrs.find((each) =>
    familyOfAddress(each.slice(0, each.lastIndexOf('/'))) !== wanted
  )
  return other === undefined
    ? {}
    : { allowed_cidrs: [`${other} is not of the load balancer's family, ${lb.vip_ip_family}`] }
}

function checkMatch(listener: ListenerDoc, pool: PoolDoc): void {
  const proxy = pool.protocol === 'PROXY' || pool.protocol === 'PROXYV2'
  if (proxy && listener.protocol !== 'TCP') {
    throw invalid({ protocol: [`A ${pool.protocol} pool needs a TCP listener`] })
  }
  if ((pool.protocol === 'UDP') !== (listener.protocol === 'UDP')) {
    throw invalid({ protocol: ['A UDP pool needs a UDP listener, and the other way about'] })
  }
}

const UNKNOWN_MONITORS: ReadonlySet<MonitorType> = new Set(['K8S', 'UDP-CONNECT'])

/** Why a load balancer would not carry traffic as it says; undefined: it would. */
export function impossible({ lb, pools }: Balancer): string | undefined {
  const udp = lb.listeners.find((each) => each.protocol === 'UDP')
  if (udp !== undefined) return `Listener "${udp.name}": this gateway does not carry UDP`
  for (const pool of pools.values()) {
    if (pool.protocol === 'UDP') return `Pool "${pool.name}": this gateway does not carry UDP`
    const type = pool.healthmonitor?.type
    if (type !== undefined && UNKNOWN_MONITORS.has(type)) {
      return `Pool "${pool.name}": this gateway has no health monitor of type ${type}`
    }
  }
  return undefined
}

/** A secret that something needs, and for what. */
export interface Reference {
  readonly id: string
  readonly use: Use
  readonly field: string
}

/** All secrets that a load balancer needs. */
export function referencesOf({ lb, pools }: Balancer): Reference[] {
  return [
    ...lb.listeners.flatMap(listenerReferences),
    ...[...pools.values()].flatMap(poolReferences),
  ]
}

/** The secrets that a listener needs. */
export function listenerReferences(listener: ListenerDoc): Reference[] {
  const { secret_id, sni_secret_id, client_ca_secret_id, client_crl_secret_id } = listener
  return [
    ...reference('secret_id', secret_id, 'key pair'),
    ...sni_secret_id.flatMap((id) => reference('sni_secret_id', id, 'key pair')),
    ...reference('client_ca_secret_id', client_ca_secret_id, 'authorities'),
    ...reference('client_crl_secret_id', client_crl_secret_id, 'revocation list'),
  ]
}

/** The secrets that a pool needs. */
export function poolReferences({ secret_id, ca_secret_id, crl_secret_id }: PoolDoc): Reference[] {
  return [
    ...reference('secret_id', secret_id, 'key pair'),
    ...reference('ca_secret_id', ca_secret_id, 'authorities'),
    ...reference('crl_secret_id', crl_secret_id, 'revocation list'),
  ]
}

function reference(field: string, id: string | null, use: Use): Reference[] {
  return id === null ? [] : [{ id, use, field }]
}
