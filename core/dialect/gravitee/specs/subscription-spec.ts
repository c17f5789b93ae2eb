import type { Actor, Management } from '../management.ts'
import { bad } from '../faults.ts'
import type { JsonMap, SubscriptionDocument } from '../model.ts'
import { accept, restore, updateSubscription } from '../subscriptions/life.ts'
import { subscribe } from '../subscriptions/subscribe.ts'

/** A subscription as a specification has it. */
export interface SubscriptionSpec {
  readonly id: string
  readonly api: string
  readonly application: string
  readonly plan: string
  readonly endingAt: number | undefined
  readonly metadata: JsonMap | undefined
}

/** Makes a subscription what a specification says, accepted, or makes it anew. Throws Fault. */
export async function importSubscription(
  management: Management,
  { id, api, application, plan, endingAt, metadata }: SubscriptionSpec,
  actor: Actor,
): Promise<SubscriptionDocument> {
  management.ownApi(api, actor)
  const known = management.catalogue.subscriptions.get(id)?.value
  if (known === undefined) {
    const order = { id, api, application, plan, actor, endingAt, metadata }
    return await subscribe(management, { ...order, accepted: true })
  }
  if (known.planId !== plan) {
    throw bad('invalid', `Subscription [${id}] plan cannot be changed`)
  }
  if (known.applicationId !== application) {
    throw bad('invalid', `Subscription [${id}] application cannot be changed`)
  }
  const ref = { id, api, actor }
  if (known.status === 'CLOSED' || known.status === 'REJECTED') await restore(management, ref)
  if (management.subscription(id).value.status === 'PENDING') {
    await accept(management, ref, { endingAt })
  }
  const { startingAt } = management.subscription(id).value
  return await updateSubscription(management, ref, { startingAt, endingAt, metadata })
}
