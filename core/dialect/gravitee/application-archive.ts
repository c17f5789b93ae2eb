import type { Json } from '../../store/mod.ts'
import { claimClient, noteOf } from './applications.ts'
import { claimCertificates, releaseClaims } from './certificate-claims.ts'
import { bad, forbidden } from './faults.ts'
import type { Actor, Management } from './management.ts'
import type { ApplicationDocument } from './model.ts'
import { AT_ONCE, closings, LIVING, subscriptionNote } from './subscriptions/closing.ts'
import { restored } from './subscriptions/life.ts'
import { archived } from './subscriptions/subscribe.ts'

/** Archives an application: its subscriptions are closed, and its certificates are free for others. Throws Fault. */
export async function archiveApplication(
  management: Management,
  id: string,
  actor: Actor,
): Promise<void> {
  const { ledger } = management
  await ledger.change({ by: actor.name, lock: `application ${id}` }, () => {
    const known = management.ownApplication(id, actor)
    if (known.value.status === 'ARCHIVED') throw archived(known.value)
    const application = { ...known.value, status: 'ARCHIVED' as const, updatedAt: management.now() }
    const client = claimClient(management, application, known.value)
    return {
      operations: [{ put: known.key, value: application as unknown as Json }, ...client.operations],
      conditions: [{ key: known.key, revision: known.modifyRevision }],
      audits: [{
        ...noteOf('APPLICATION_ARCHIVED', application),
        before: known.value,
        after: application,
      }],
      inForce: true,
      result: undefined,
    }
  })
  // It lets nobody in any more; what follows frees what it held, a transaction's worth at a time.
  while (await freeSome(management, id, actor));
}

/** Closes some subscriptions of an archived application and frees some certificates; whether there are more. */
async function freeSome(management: Management, id: string, actor: Actor): Promise<boolean> {
  const { ledger, catalogue } = management
  return await ledger.change({ by: actor.name, lock: `application ${id}` }, async () => {
    const living = catalogue.subscriptionsOf(id).filter(({ value }) =>
      LIVING.includes(value.status)
    )
    const closing = closings(management, living.slice(0, AT_ONCE))
    const held = catalogue.certificatesOf(id).map(({ value }) => value)
    const claims = await releaseClaims(management, living.length > 0 ? [] : held)
    return {
      operations: [...closing.operations, ...claims.operations.slice(0, AT_ONCE)],
      conditions: [...closing.conditions, ...claims.conditions.slice(0, AT_ONCE)],
      audits: closing.audits,
      inForce: false,
      result: living.length > 0 || claims.operations.length > AT_ONCE,
    }
  })
}

/** Takes an application out of the archive; its certificates count again where nobody else has them. Throws Fault. */
export async function restoreApplication(
  management: Management,
  id: string,
  actor: Actor,
): Promise<ApplicationDocument> {
  const { ledger, catalogue } = management
  if (actor.role !== 'admin') throw forbidden()
  const application = await ledger.change(
    { by: actor.name, lock: `application ${id}` },
    async () => {
      const known = management.ownApplication(id, actor)
      const { name, status } = known.value
      if (status !== 'ARCHIVED') {
        throw bad('application.active', `Application [${name}] is active and cannot be restored.`, {
          application: name,
        })
      }
      const updatedAt = management.now()
      const application = {
        ...known.value,
        status: 'ACTIVE' as const,
        owner: actor.name,
        updatedAt,
      }
      const claims = await claimCertificates(
        management,
        catalogue.certificatesOf(id).map(({ value }) => value),
        { lost: 'release' },
      )
      const client = claimClient(management, application, known.value)
      return {
        operations: [
          { put: known.key, value: application as unknown as Json },
          ...claims.operations,
          ...client.operations,
        ],
        conditions: [
          { key: known.key, revision: known.modifyRevision },
          ...claims.conditions,
          ...client.conditions,
        ],
        audits: [{
          ...noteOf('APPLICATION_RESTORED', application),
          before: known.value,
          after: application,
        }],
        inForce: true,
        result: application,
      }
    },
  )
  while (await restoreSome(management, id, actor));
  return application
}

/** Brings some subscriptions of a restored application back, PENDING; whether there are more. */
async function restoreSome(management: Management, id: string, actor: Actor): Promise<boolean> {
  const { ledger, catalogue } = management
  return await ledger.change({ by: actor.name, lock: `application ${id}` }, () => {
    const own = catalogue.subscriptionsOf(id)
    const taken = new Set(
      own.filter(({ value }) => LIVING.includes(value.status)).map(({ value }) => value.planId),
    )
    // Of several to one plan the latest comes back.
    const found = own.toReversed().filter(({ value: { planId } }) => {
      const plan = catalogue.plans.get(planId)?.value
      if (taken.has(planId) || plan === undefined || plan.status === 'CLOSED') return false
      return taken.add(planId)
    })
    const some = found.slice(0, AT_ONCE)
    const back = some.map(({ value }) => ({ ...restored(value), updatedAt: management.now() }))
    return {
      operations: some.map(({ key }, at) => ({ put: key, value: back[at] as unknown as Json })),
      conditions: some.map(({ key, modifyRevision }) => ({ key, revision: modifyRevision })),
      audits: some.map(({ value }, at) =>
        subscriptionNote('SUBSCRIPTION_RESUMED', value, back[at])
      ),
      inForce: false,
      result: found.length > AT_ONCE,
    }
  })
}
