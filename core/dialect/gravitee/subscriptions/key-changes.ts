import type { Management } from '../management.ts'
import type { ApiKeyDocument, SubscriptionDocument } from '../model.ts'
import { expiring, isAlive, reactivated, renewed, revoked, withKey } from './api-keys.ts'
import { changeSubscription, checkWhose, type SubscriptionRef } from './change.ts'

/** A key of a subscription, with both as they are after a change. */
export interface ChangedKey {
  readonly key: ApiKeyDocument
  readonly subscription: SubscriptionDocument
}

/** Gives a subscription another key; those before it end soon. Throws Fault. */
export async function renewKey(management: Management, ref: SubscriptionRef): Promise<ChangedKey> {
  const subscription = await changeKeys(management, ref, {
    event: 'APIKEY_RENEWED',
    change: (keys, before) => renewed(management, keys, before),
  })
  return { key: subscription.apiKeys?.at(-1) as ApiKeyDocument, subscription }
}

/** Ends a key at once; below an API, one that has ended stays as it is. Throws Fault. */
export async function revokeKey(
  management: Management,
  ref: SubscriptionRef,
  id: string,
): Promise<ChangedKey> {
  const { value } = management.subscription(ref.id, ref)
  const key = value.apiKeys?.find((each) => each.id === id)
  if (ref.api !== undefined && key !== undefined && !isAlive(key, management.now())) {
    checkWhose(management, value, { actor: ref.actor, whose: 'either' })
    return { key, subscription: value }
  }
  const change = (key: ApiKeyDocument): ApiKeyDocument => revoked(key, management.now())
  return await changeKey(management, ref, { id, event: 'APIKEY_REVOKED', change })
}

/** Gives a key its strength back. Throws Fault. */
export function reactivateKey(
  management: Management,
  ref: SubscriptionRef,
  id: string,
): Promise<ChangedKey> {
  return changeKey(management, ref, {
    id,
    event: 'APIKEY_REACTIVATED',
    change: (key, subscription) => reactivated(key, subscription, management.now()),
  })
}

/** Sets when a key ends. Throws Fault. */
export function expireKey(
  management: Management,
  ref: SubscriptionRef,
  { id, expireAt }: { readonly id: string; readonly expireAt: number | undefined },
): Promise<ChangedKey> {
  return changeKey(management, ref, {
    id,
    event: 'APIKEY_EXPIRED',
    change: (key, { endingAt }) => expiring(key, expireAt, { endingAt, now: management.now() }),
  })
}

async function changeKey(
  management: Management,
  ref: SubscriptionRef,
  { id, event, change }: {
    readonly id: string
    readonly event: string
    readonly change: (key: ApiKeyDocument, subscription: SubscriptionDocument) => ApiKeyDocument
  },
): Promise<ChangedKey> {
  const subscription = await changeKeys(management, ref, {
    event,
    change: (keys, before) => withKey(keys, id, (key) => change(key, before)),
  })
  return { key: subscription.apiKeys?.find((key) => key.id === id) as ApiKeyDocument, subscription }
}

function changeKeys(
  management: Management,
  ref: SubscriptionRef,
  { event, change }: {
    readonly event: string
    readonly change: (
      keys: readonly ApiKeyDocument[],
      subscription: SubscriptionDocument,
    ) => readonly ApiKeyDocument[]
  },
): Promise<SubscriptionDocument> {
  return changeSubscription(management, ref, {
    event,
    whose: 'either',
    change: (before) => ({ ...before, apiKeys: change(before.apiKeys ?? [], before) }),
  })
}

/** Whether an application may be given a key of its own choice for an API. */
export function isFreeKey(
  { catalogue }: Management,
  { key, api, application }: {
    readonly key: string
    readonly api: string
    readonly application: string
  },
): boolean {
  for (const known of catalogue.subscriptions.values()) {
    if (!hasKey(known, key)) continue
    if (known.applicationId !== application || known.apiId === api) return false
  }
  return true
}

/** Whether a subscription has an API key. */
export function hasKey(
  { apiKeys }: { readonly apiKeys?: SubscriptionDocument['apiKeys'] | undefined },
  key: string,
): boolean {
  return apiKeys !== undefined && apiKeys.some((each) => each.key === key)
}
