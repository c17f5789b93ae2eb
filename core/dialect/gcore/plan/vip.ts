import type { ListenerProtocol, LoadBalancerDoc } from '../documents.ts'
import { familyOfAddress } from '../schemas/fields.ts'
import type { Vip } from './load-balancer.ts'

/** What is to be bound at an address: a port, of TCP or UDP. */
export function socketOf(listener: {
  readonly protocol: ListenerProtocol
  readonly protocol_port: number
}): string {
  return `${listener.protocol === 'UDP' ? 'udp' : 'tcp'} ${listener.protocol_port}`
}

/** The addresses that a load balancer takes connections at. */
export function addressesOf(lb: LoadBalancerDoc): readonly string[] {
  return [lb.vip_address, ...lb.additional_vips]
}

/**
 * Picks addresses for a new load balancer: of those where its ports are free, that which the fewest others have.
 * @returns why there is none, in text
 */
export function chooseVip(
  pool: readonly string[],
  { family, sockets, others }: {
    readonly family: 'dual' | 'ipv4' | 'ipv6' | undefined
    readonly sockets: readonly string[]
    readonly others: readonly LoadBalancerDoc[]
  },
): Vip | string {
  const four = choose(pool.filter((each) => familyOfAddress(each) === 4), sockets, others)
  const six = choose(pool.filter((each) => familyOfAddress(each) === 6), sockets, others)
  if (family === 'dual') {
    if (four === undefined) return 'No IPv4 address is among those that load balancers may have'
    if (six === undefined) return 'No IPv6 address is among those that load balancers may have'
    return { family, address: four, additional: [six] }
  }
  const wanted = family ?? (four === undefined ? 'ipv6' : 'ipv4')
  const address = wanted === 'ipv4' ? four : six
  if (address !== undefined) return { family: wanted, address, additional: [] }
  const name = wanted === 'ipv4' ? 'IPv4' : 'IPv6'
  return `No ${name} address is among those that load balancers may have`
}

function choose(
  pool: readonly string[],
  sockets: readonly string[],
  others: readonly LoadBalancerDoc[],
): string | undefined {
  const costs = pool.map((address) => {
    const here = others.filter((lb) => addressesOf(lb).includes(address))
    const taken = new Set(here.flatMap((lb) => lb.listeners.map(socketOf)))
    const clashes = sockets.filter((socket) => taken.has(socket)).length
    return { address, cost: clashes * 1_000_000 + here.length }
  })
  return costs.sort((a, b) => a.cost - b.cost)[0]?.address
}

/** Why a load balancer cannot have its listeners where it is: another has one of the ports. */
export function portTaken(
  lb: LoadBalancerDoc,
  others: readonly LoadBalancerDoc[],
): string | undefined {
  const own = new Set(addressesOf(lb))
  for (const other of others) {
    const shared = other.id === lb.id ? undefined : addressesOf(other).find((each) => own.has(each))
    if (shared === undefined) continue
    const taken = new Set(other.listeners.map(socketOf))
    const clash = lb.listeners.find((each) => taken.has(socketOf(each)))
    if (clash === undefined) continue
    return `Port ${clash.protocol_port} of ${shared} is in use by another load balancer`
  }
  return undefined
}
