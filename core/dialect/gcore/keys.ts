import { type Place, ROOT } from './documents.ts'

/** What the keys of a project's and region's documents of one kind begin with. */
export function folderOf(
  kind: 'loadbalancers' | 'pools' | 'secrets',
  { project, region }: Place,
): string {
  return `${ROOT}/${kind}/${project}/${region}/`
}

/** The key of a load balancer. */
export function balancerKey(place: Place, id: string): string {
  return folderOf('loadbalancers', place) + id
}

/** The key of a pool. */
export function poolKey(place: Place, id: string): string {
  return folderOf('pools', place) + id
}

/** The key of a secret. */
export function secretKey(place: Place, id: string): string {
  return folderOf('secrets', place) + id
}

/** The key of what changes whenever a load balancer takes a port at an address: of two that do at once one is late. */
export function addressKey(address: string): string {
  return `${ROOT}/addresses/${address}`
}

/** What the keys of tasks begin with. */
export const TASKS: string = `${ROOT}/tasks/`

/** The key of a task. */
export function taskKey(id: string): string {
  return TASKS + id
}

/** What a key says: the kind of document, and where it belongs. */
export interface KeyParts {
  readonly kind: string
  readonly place: Place
  readonly id: string
}

const KEY = new RegExp(`^${ROOT}/(loadbalancers|pools|secrets)/(\\d+)/(\\d+)/([0-9a-f-]{36})$`)

/** Reads the key of a load balancer, pool or secret. */
export function readKey(key: string): KeyParts | undefined {
  const [, kind = '', project, region, id = ''] = KEY.exec(key) ?? []
  return kind === '' ? undefined : {
    kind,
    place: { project: Number(project), region: Number(region) },
    id,
  }
}
