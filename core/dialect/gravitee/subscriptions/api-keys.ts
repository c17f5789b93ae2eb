import { bad, Fault } from '../faults.ts'
import type { Management } from '../management.ts'
import type { ApiKeyDocument, SubscriptionDocument } from '../model.ts'

/** What an API key ends with. */
type Whose = Pick<SubscriptionDocument, 'id'> & { readonly endingAt?: number | undefined }

/** A fresh API key, a UUID as Gravitee's are; it ends with its subscription. Throws Fault where that has ended. */
export function newApiKey(management: Management, { id, endingAt }: Whose): ApiKeyDocument {
  const now = management.now()
  if (endingAt !== undefined && endingAt < now) throw subscriptionClosed(id)
  return {
    id: management.ledger.ids.next(),
    key: randomUuid(management),
    createdAt: now,
    updatedAt: now,
    ...(endingAt === undefined ? {} : { expireAt: endingAt }),
  }
}

/** What has ended stays so. */
export function subscriptionClosed(id: string): Fault {
  const message = `Subscription [${id}] is closed. You must request for a new subscription`
  return bad('subscription.closed', message, { subscription: id })
}

/** A UUID that nobody can guess (RFC 9562 section 5.4). */
function randomUuid({ context }: Management): string {
  const bytes = context.entropy.bytes(16)
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** Whether a key counts, or will when its subscription is resumed. */
export function isAlive({ revokedAt, expireAt = Infinity }: ApiKeyDocument, now: number): boolean {
  return revokedAt === undefined && expireAt > now
}

/** How long keys stay good that another one takes the place of. */
const GRACE_MS = 2 * 3_600_000

/** Keys with a new one; those before it end two hours later, as in Gravitee. Throws Fault. */
export function renewed(
  management: Management,
  keys: readonly ApiKeyDocument[],
  subscription: SubscriptionDocument,
): ApiKeyDocument[] {
  const plan = management.catalogue.plans.get(subscription.planId)?.value
  if (plan?.security.type !== 'API_KEY') {
    throw new Fault(400, 'Invalid plan security.', { code: 'plan.invalid' })
  }
  if (subscription.status !== 'ACCEPTED' && subscription.status !== 'PAUSED') {
    throw subscriptionClosed(subscription.id)
  }
  const now = management.now()
  const ending = keys.map((key) =>
    isAlive(key, now + GRACE_MS) ? { ...key, expireAt: now + GRACE_MS, updatedAt: now } : key
  )
  return [...ending, newApiKey(management, subscription)]
}

/** 404 for a key. */
export function keyNotFound(id: string): Fault {
  return new Fault(404, 'No API Key can be found.', {
    code: 'apiKey.notFound',
    parameters: { apiKeyId: id },
  })
}

/** Keys with one of them changed. Throws Fault. */
export function withKey(
  keys: readonly ApiKeyDocument[],
  id: string,
  change: (key: ApiKeyDocument) => ApiKeyDocument,
): ApiKeyDocument[] {
  if (!keys.some((key) => key.id === id)) throw keyNotFound(id)
  return keys.map((key) => key.id === id ? change(key) : key)
}

/** Ends a key at once. Throws Fault. */
export function revoked(key: ApiKeyDocument, now: number): ApiKeyDocument {
  if (!isAlive(key, now)) throw bad('apiKey.expired', 'API Key is already expired')
  return { ...key, revokedAt: now, updatedAt: now }
}

/** Gives a key its strength back that was revoked or has expired. Throws Fault. */
export function reactivated(
  { revokedAt, ...key }: ApiKeyDocument,
  { id, status, endingAt }: SubscriptionDocument,
  now: number,
): ApiKeyDocument {
  if (revokedAt === undefined && isAlive(key, now)) {
    throw bad('apiKey.activated', 'API Key is already activated')
  }
  if (status !== 'ACCEPTED' && status !== 'PAUSED') {
    const message = `Subscription [${id}] should be paused or accepted. Currently it is ${status}`
    throw bad('subscription.closed', message, { subscription: id, status })
  }
  const { expireAt: _, ...rest } = key
  return { ...rest, updatedAt: now, ...(endingAt === undefined ? {} : { expireAt: endingAt }) }
}

/** Another time for a key to end, or none: not before now, nor after its subscription. Throws Fault. */
export function expiring(
  { expireAt: before, ...key }: ApiKeyDocument,
  expireAt: number | undefined,
  { endingAt = Infinity, now }: { readonly endingAt?: number | undefined; readonly now: number },
): ApiKeyDocument {
  const alive = isAlive(before === undefined ? key : { ...key, expireAt: before }, now)
  if (!alive) throw bad('apiKey.expired', 'API Key is already expired')
  const end = Math.min(Math.max(expireAt ?? Infinity, now), endingAt)
  return { ...key, updatedAt: now, ...(end === Infinity ? {} : { expireAt: end }) }
}
