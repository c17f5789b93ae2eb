/** Sizes of load balancers, as they are told; here all share the gateway's machine. */
export interface Flavor {
  readonly flavor_id: string
  readonly flavor_name: string
  readonly vcpus: number
  /** MiB. */
  readonly ram: number
}

/** The flavor of a load balancer that names none. */
export const DEFAULT_FLAVOR = 'lb1-1-2'

export const FLAVORS: readonly Flavor[] = [
  { flavor_id: 'lb1-1-2', flavor_name: 'lb1-1-2', vcpus: 1, ram: 2_048 },
  { flavor_id: 'lb1-2-4', flavor_name: 'lb1-2-4', vcpus: 2, ram: 4_096 },
  { flavor_id: 'lb1-4-8', flavor_name: 'lb1-4-8', vcpus: 4, ram: 8_192 },
  { flavor_id: 'lb1-8-16', flavor_name: 'lb1-8-16', vcpus: 8, ram: 16_384 },
  { flavor_id: 'lb1-16-32', flavor_name: 'lb1-16-32', vcpus: 16, ram: 32_768 },
]

/** A flavor by its name. */
export function flavorOf(name: string): Flavor | undefined {
  return FLAVORS.find((each) => each.flavor_name === name)
}
