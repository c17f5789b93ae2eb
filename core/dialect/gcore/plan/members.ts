import type { MemberDoc, MonitorDoc, PoolDoc } from '../documents.ts'
import { memberOf } from '../balancer.ts'
import { conflict, invalid, notFound } from '../faults.ts'
import type { MemberBody, MemberChange, MonitorBody } from '../schemas/pool.ts'
import { given, type Making } from './making.ts'

/** A pool after a change of its members, and which ones are new. */
export interface MembersChange {
  readonly members: readonly MemberDoc[]
  readonly created: readonly string[]
}

/** Members in place of others. Who is equal in address and port stays who they are. */
export function replaceMembers(
  before: readonly MemberDoc[],
  bodies: readonly MemberBody[],
  making: Making,
): MembersChange {
  const known = new Map(before.map((each) => [whereOf(each), each.id]))
  const created: string[] = []
  const members = bodies.map((body) => {
    const id = known.get(whereOf(body)) ?? making.newId()
    if (!known.has(whereOf(body))) created.push(id)
    return { id, ...body }
  })
  return { members, created }
}

/** One more member. @throws ApiFault 409 where one is there */
export function addMember(pool: PoolDoc, body: MemberBody, making: Making): MembersChange {
  if (pool.members.some((each) => whereOf(each) === whereOf(body))) {
    const where = `${body.address} and protocol_port ${body.protocol_port}`
    throw conflict(`Another member of this pool is already using ip ${where}`)
  }
  const id = making.newId()
  return { members: [...pool.members, { id, ...body }], created: [id] }
}

/** @throws ApiFault 404 */
export function changeMember(
  pool: PoolDoc,
  id: string,
  change: MemberChange,
): readonly MemberDoc[] {
  const member = { ...memberOf(pool, id), ...given(change) } as MemberDoc
  return pool.members.map((each) => each.id === member.id ? member : each)
}

/** @throws ApiFault 404 */
export function removeMember(pool: PoolDoc, id: string): readonly MemberDoc[] {
  const member = memberOf(pool, id)
  return pool.members.filter((each) => each.id !== member.id)
}

/** A health monitor in place of another. @throws ApiFault 400 where its type would change */
export function replaceMonitor(
  before: MonitorDoc | null,
  body: MonitorBody,
  making: Making,
): MonitorDoc {
  if (before !== null && before.type !== body.type) {
    throw invalid({ 'healthmonitor.type': [`The type of a health monitor cannot be changed`] })
  }
  return { id: before?.id ?? making.newId(), ...body }
}

/** @throws ApiFault 404, 400 */
export function changeMonitor(pool: PoolDoc, change: Partial<MonitorBody>): MonitorDoc {
  const before = pool.healthmonitor
  if (before === null) throw notFound('Health monitor of pool', pool.id)
  const monitor = { ...before, ...given(change) } as MonitorDoc
  if (monitor.timeout < monitor.delay) return monitor
  throw invalid({ timeout: ['Timeout should be less than delay'] })
}

function whereOf(member: Pick<MemberBody, 'address' | 'protocol_port'>): string {
  return `${member.address} ${member.protocol_port}`
}
