import { bad, Fault } from './faults.ts'
import type { Management } from './management.ts'
import type { ApiKeyDocument } from './model.ts'

/** A fresh API key: a UUID, as Gravitee's are. */
export function newApiKey(management: Management): ApiKeyDocument {
  const now = management.now()
  return {
    id: management.ledger.ids.next(),
    key: randomUuid(management),
    createdAt: now,
    updatedAt: now,
  }
}

/** A UUID that nobody can guess (RFC 9562 section 5.4). */
function randomUuid({ context }: Management): string {
  const bytes = context.entropy.bytes(16)
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** How long keys stay good that another one takes the place of. */
const GRACE_MS = 2 * 3_600_000

/** Keys with a new one; those before it end two hours later, as in Gravitee. */
export function renewed(management: Management, keys: readonly ApiKeyDocument[]): ApiKeyDocument[] {
  const now = management.now()
  const ending = keys.map((key) =>
    key.revokedAt !== undefined || (key.expireAt ?? Infinity) <= now + GRACE_MS
      ? key
      : { ...key, expireAt: now + GRACE_MS, updatedAt: now }
  )
  return [...ending, newApiKey(management)]
}

/** Keys with one of them changed. Throws Fault. */
export function withKey(
  keys: readonly ApiKeyDocument[],
  id: string,
  change: (key: ApiKeyDocument) => ApiKeyDocument,
): ApiKeyDocument[] {
  if (!keys.some((key) => key.id === id)) {
    throw new Fault(404, `API Key [${id}] cannot be found.`, {
      code: 'apikey.notFound',
      parameters: { apiKey: id },
    })
  }
  return keys.map((key) => key.id === id ? change(key) : key)
}

/** Ends a key at once. Throws Fault. */
export function revoked(key: ApiKeyDocument, now: number): ApiKeyDocument {
  if (key.revokedAt !== undefined) throw bad('apikey.expired', 'API Key is already expired')
  return { ...key, revokedAt: now, updatedAt: now }
}
