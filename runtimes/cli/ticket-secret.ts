import type { Host } from './host.ts'

/** Carries the secret from the primary to its workers, so that tickets of one open at the others. */
export const SECRET_VARIABLE = 'SALLYPORT_TICKET_SECRET'

/** 32 bytes that session-ticket keys are derived from: the primary's, or fresh ones. */
export function ticketSecret(host: Host): Uint8Array {
  const given = host.env(SECRET_VARIABLE)
  if (host.workers.isWorker && given !== undefined && /^[0-9a-f]{64}$/.test(given)) {
    return new Uint8Array(given.match(/../g)?.map((pair) => parseInt(pair, 16)) ?? [])
  }
  return host.entropy.bytes(32)
}
