import { acceptsJsonByName } from './refusal-body.ts'
import type { RefusalLook } from './looks.ts'
import { REFUSALS } from './refusals.ts'
import type { Refusal, RefusalCode } from './types.ts'

const NO_TOKEN = 'The request did not include an authentication token'
const NOT_AUTHORIZED = 'The provided credentials are not authorized'
const EXPIRED = 'Access has expired for the provided credentials'
const NOT_STARTED = 'The subscription has not yet started for the provided credentials'
const INVALID = 'The provided authentication token is invalid'

/** What is told with `verbose` of why no plan lets in. */
const REASONS: Readonly<Partial<Record<RefusalCode, string>>> = {
  CERTIFICATE_MISSING: NO_TOKEN,
  API_KEY_MISSING: NO_TOKEN,
  CREDENTIAL_MISSING: NO_TOKEN,
  TOKEN_MISSING: NO_TOKEN,
  TOKEN_INVALID: INVALID,
  PLAN_NOT_MATCHED: 'No plan matched the request',
  CERTIFICATE_MALFORMED: INVALID,
  CERTIFICATE_UNTRUSTED: INVALID,
  CERTIFICATE_REVOKED: INVALID,
  CERTIFICATE_REVOCATION_UNKNOWN: INVALID,
  CERTIFICATE_UNKNOWN: NOT_AUTHORIZED,
  CERTIFICATE_NOT_ALLOWED: NOT_AUTHORIZED,
  API_KEY_UNKNOWN: NOT_AUTHORIZED,
  CREDENTIAL_UNKNOWN: NOT_AUTHORIZED,
  SUBSCRIPTION_MISSING: NOT_AUTHORIZED,
  SUBSCRIPTION_PENDING: NOT_AUTHORIZED,
  SUBSCRIPTION_PAUSED: NOT_AUTHORIZED,
  SUBSCRIPTION_CLOSED: NOT_AUTHORIZED,
  SUBSCRIPTION_EXPIRED: EXPIRED,
  CERTIFICATE_EXPIRED: EXPIRED,
  SUBSCRIPTION_NOT_STARTED: NOT_STARTED,
  CERTIFICATE_NOT_YET_VALID: NOT_STARTED,
}

const WORDS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  413: 'Request Entity Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

/** As Gravitee's gateway answers: text, or JSON where the client asks for it. */
export function graviteeLook(refusal: Refusal, accept: string | undefined): RefusalLook {
  const { code, status } = refusal
  if (code === 'ROUTE_NOT_FOUND') {
    const body = 'No context-path matches the request URI.'
    return { status, headers: ['Content-Type', 'text/plain'], body }
  }
  const message = messageOf(refusal)
  // Who names no type is answered in text there.
  if (!acceptsJsonByName(accept)) {
    return { status, headers: ['Content-Type', 'text/plain'], body: message }
  }
  const body = JSON.stringify({ message, http_status_code: status })
  return { status, headers: ['Content-Type', 'application/json'], body }
}

function messageOf({ code, status, told, verbose }: Refusal): string {
  if (told !== undefined) return told.text
  if (code === 'TOKEN_UNCHECKED') return 'Temporarily Unavailable'
  if (status === 401) return verbose && REASONS[code] || 'Unauthorized'
  if (code === 'UPSTREAM_TIMEOUT') return 'Request timeout'
  return WORDS[status] ?? REFUSALS[code].message
}
