import type { Json } from '../../../store/mod.ts'
import { plain } from '../api-bodies.ts'
import type { Known } from '../catalogue.ts'
import { forbidden } from '../faults.ts'
import { type Actor, type Management, owns } from '../management.ts'
import type { PlanDocument, SubscriptionDocument } from '../model.ts'
import { subscriptionNote } from './closing.ts'

/** Which subscription, where it was looked for, and who changes it. */
export interface SubscriptionRef {
  readonly id: string
  readonly actor: Actor
  readonly api?: string
  readonly application?: string
}

/** Whether the application's owner may do something, too, or the API's alone. */
export type Whose = 'publisher' | 'either'

/** Makes a change to a subscription. Throws Fault. */
export async function changeSubscription(
  management: Management,
  ref: SubscriptionRef,
  { event, whose, change }: {
    readonly event: string
    readonly whose: Whose
    readonly change: (
      before: SubscriptionDocument,
      plan: Known<PlanDocument>,
    ) => SubscriptionDocument
  },
): Promise<SubscriptionDocument> {
  const { actor } = ref
  const lock = `application ${management.subscription(ref.id, ref).value.applicationId}`
  return await management.ledger.change({ by: actor.name, lock }, () => {
    const known = management.subscription(ref.id, ref)
    checkWhose(management, known.value, { actor, whose })
    const plan = management.plan(known.value.planId)
    const subscription = plain({ ...change(known.value, plan), updatedAt: management.now() })
    return {
      operations: [{ put: known.key, value: subscription as unknown as Json }],
      conditions: [
        { key: known.key, revision: known.modifyRevision },
        ...(event === 'SUBSCRIPTION_ACCEPTED'
          ? [{ key: plan.key, revision: plan.modifyRevision }]
          : []),
      ],
      audits: [subscriptionNote(event, known.value, subscription)],
      inForce: known.value.status === 'ACCEPTED' || subscription.status === 'ACCEPTED',
      result: subscription,
    }
  })
}

/** Whether someone may change a subscription: the API's owner, and for some things the application's. Throws Fault. */
export function checkWhose(
  management: Management,
  subscription: SubscriptionDocument,
  { actor, whose }: { readonly actor: Actor; readonly whose: Whose },
): void {
  const api = management.catalogue.apis.get(subscription.apiId)
  if (api !== undefined && owns(actor, api.value)) return
  const application = management.catalogue.applications.get(subscription.applicationId)
  const own = whose === 'either' && application !== undefined && owns(actor, application.value)
  if (!own) throw forbidden()
}
