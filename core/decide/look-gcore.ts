import type { RefusalLook } from './looks.ts'
import type { Refusal, RefusalCode } from './types.ts'

/** Statuses by HAProxy's words, with what its pages say. */
const PAGES: Readonly<Record<number, readonly [heading: string, text: string]>> = {
  400: ['Bad request', 'Your browser sent an invalid request.'],
  401: ['Unauthorized', 'You need a valid user and password to access this content.'],
  403: ['Forbidden', 'Request forbidden by administrative rules.'],
  404: ['Not Found', 'The resource could not be found.'],
  408: ['Request Time-out', "Your browser didn't send a complete request in time."],
  413: ['Payload Too Large', 'The request entity exceeds the maximum allowed.'],
  421: ['Misdirected Request', 'Request sent to a non-authoritative server.'],
  429: ['Too Many Requests', 'You have sent too many requests in a given amount of time.'],
  431: ['Request Header Fields Too Large', 'Your browser sent an invalid request.'],
  500: ['Internal Server Error', 'An internal server error occurred.'],
  501: ['Not Implemented', 'The server does not support the functionality required.'],
  502: ['Bad Gateway', 'The server returned an invalid or incomplete response.'],
  503: ['Service Unavailable', 'No server is available to handle this request.'],
  504: ['Gateway Time-out', "The server didn't respond in time."],
}

/** Where a load balancer has nobody to ask, nobody is available. */
const UNAVAILABLE: ReadonlySet<RefusalCode> = new Set([
  'ROUTE_NOT_FOUND',
  'NO_ENDPOINT',
  'UPSTREAM_UNREACHABLE',
  'UPSTREAM_TLS_FAILED',
  'UPSTREAM_CERTIFICATE_REFUSED',
])

/** As the load balancers of that kind answer, which are HAProxy. */
export function gcoreLook({ code, status: own, told }: Refusal): RefusalLook {
  const status = UNAVAILABLE.has(code) ? 503 : own
  const [heading, text] = PAGES[status] ?? [String(status), '']
  const headers = ['Cache-Control', 'no-cache', 'Content-Type', 'text/html']
  const body = `<html><body><h1>${status} ${heading}</h1>\n${told?.text ?? text}\n</body></html>\n`
  return { status, headers, body }
}
