import type { RefusalLook } from './looks.ts'
import { REFUSALS } from './refusals.ts'
import type { HeaderList } from '../wire/types.ts'
import type { PlanRefusal } from '../plan/mod.ts'
import type { Refusal, RefusalCode } from './types.ts'

const NO_TOKEN = 'The request did not include an authentication token'
const NOT_AUTHORIZED = 'The provided credentials are not authorized'
const EXPIRED = 'Access has expired for the provided credentials'
const NOT_STARTED = 'The subscription has not yet started for the provided credentials'
const INVALID = 'The provided authentication token is invalid'
const RULE = 'No plan matched the request'

/** What is told with `verbose` of why no plan lets in. */
const REASONS: Readonly<Partial<Record<RefusalCode, string>>> = {
  CERTIFICATE_MISSING: NO_TOKEN,
  API_KEY_MISSING: NO_TOKEN,
  CREDENTIAL_MISSING: NO_TOKEN,
  TOKEN_MISSING: NO_TOKEN,
  TOKEN_INVALID: INVALID,
  PLAN_NOT_MATCHED: RULE,
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

/** What is told first, where plans have several reasons. */
const ORDER: readonly (string | undefined)[] = [
  ...[INVALID, NOT_AUTHORIZED, EXPIRED, NOT_STARTED, RULE, NO_TOKEN, undefined],
]

/** Gravitee's order of reasons: a token that could not be checked comes before all. */
export function graviteeRank({ code }: PlanRefusal): number {
  return code === 'TOKEN_UNCHECKED' ? -1 : ORDER.indexOf(REASONS[code])
}

/** What Gravitee calls a refusal: the key of a response template, and the one that stands in for it. */
export function graviteeKeys({ code, status, chosen }: Refusal): readonly string[] {
  if (chosen !== undefined) return [keyOfChosen(chosen)]
  if (code === 'TOKEN_UNCHECKED') return ['GATEWAY_PLAN_RESOLUTION_FAILURE']
  if (status === 401) return ['GATEWAY_PLAN_UNRESOLVABLE']
  if (code === 'ANSWER_TIMEOUT') return ['REQUEST_TIMEOUT']
  if (code === 'UPSTREAM_TIMEOUT') return ['GATEWAY_CLIENT_CONNECTION_ERROR', 'REQUEST_TIMEOUT']
  if (code.startsWith('UPSTREAM_')) return ['GATEWAY_CLIENT_CONNECTION_ERROR']
  if (code === 'NO_ENDPOINT') return ['NO_ENDPOINT_FOUND']
  return []
}

function keyOfChosen({ type, lacks }: NonNullable<Refusal['chosen']>): string {
  if (type === 'api-key') return 'API_KEY_INVALID'
  if (lacks === 'scope') return 'OAUTH2_INSUFFICIENT_SCOPE'
  if (type === 'oauth2') return 'OAUTH2_INVALID_ACCESS_TOKEN'
  return lacks === 'certificate' ? 'JWT_INVALID_CERTIFICATE_BOUND_THUMBPRINT' : 'JWT_INVALID_TOKEN'
}

const NOTHING: HeaderList = []

/** RFC 6750 section 3, as Gravitee's OAuth2 plans have it. */
function challenge({ chosen }: Refusal): HeaderList {
  return chosen?.type === 'oauth2' ? ['WWW-Authenticate', 'Bearer realm="gravitee.io"'] : NOTHING
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
  const more = challenge(refusal)
  if (!asksForJson(accept)) {
    return { status, headers: ['Content-Type', 'text/plain', ...more], body: message }
  }
  const body = JSON.stringify({ message, http_status_code: status })
  return { status, headers: ['Content-Type', 'application/json', ...more], body }
}

/** Gravitee looks for these two in what the client accepts, and no further. */
function asksForJson(accept = ''): boolean {
  return accept.includes('application/json') || accept.includes('*/*')
}

function messageOf({ code, status, told, verbose, chosen }: Refusal): string {
  if (told !== undefined) return told.text
  if (chosen?.type === 'api-key') return 'API Key is not valid or is expired / revoked.'
  if (chosen !== undefined) return 'Unauthorized'
  if (code === 'TOKEN_UNCHECKED') return 'Temporarily Unavailable'
  if (status === 401) return verbose && REASONS[code] || 'Unauthorized'
  if (code === 'ANSWER_TIMEOUT') return 'Request timeout'
  return WORDS[status] ?? REFUSALS[code].message
}
