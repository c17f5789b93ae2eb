import type { HeaderList, RequestHead } from '../wire/mod.ts'

/** Methods that may be sent twice (RFC 9110 section 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'PUT',
  'DELETE',
  'TRACE',
])

/** Whether a request may be sent twice. */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method)
}

/**
 * Protocols that carry requests: through a tunnel of them, requests would pass that nobody decides on (RFC 9113
 * section 3.1, RFC 2817).
 */
const HTTP_ITSELF = /(^|,)\s*(h2c?|http|tls)\b/i

/** Whether a request asks for another protocol that may have the connection. */
export function wantsUpgrade({ upgrade, framing }: RequestHead): boolean {
  return upgrade !== '' && framing === 'none' && !HTTP_ITSELF.test(upgrade)
}

/** No trailers at all. */
export const NO_TRAILERS: HeaderList = []

/** How often a request that no endpoint looked at is sent again to the same one. */
export const MAX_REPEATS = 3
