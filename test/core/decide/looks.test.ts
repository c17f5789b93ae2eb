import t from 'tap'
import { refusal, refusalLook, statusPage } from '../../../core/decide/mod.ts'
import type { RefusalCode } from '../../../core/decide/mod.ts'

const look = (
  code: RefusalCode,
  style: 'native' | 'apisix' | 'gravitee' | 'gcore',
  { accept, status, verbose = false }: { accept?: string; status?: number; verbose?: boolean } = {},
) => {
  const found = refusal(code, 'detail', { verbose, ...(status === undefined ? {} : { status }) })
  return refusalLook(found, { accept, style })
}

t.test('apisix: JSON as text, or nginx pages', (t) => {
  t.match(look('ROUTE_NOT_FOUND', 'apisix'), {
    status: 404,
    headers: ['Content-Type', 'text/plain; charset=utf-8'],
    body: '{"error_msg":"404 Route Not Found"}\n',
  })
  t.match(look('CERTIFICATE_MISSING', 'apisix', { status: 400 }), {
    status: 400,
    body: /<title>400 No required SSL certificate was sent<\/title>/,
  })
  t.match(
    look('CERTIFICATE_EXPIRED', 'apisix', { status: 400 }).body,
    /400 The SSL certificate error/,
  )
  t.match(look('HOST_MISDIRECTED', 'apisix'), { status: 400, body: /<h1>400 Bad Request<\/h1>/ })
  t.match(look('UPSTREAM_TIMEOUT', 'apisix'), { status: 504, body: /504 Gateway Time-out/ })
  t.match(look('UPSTREAM_UNREACHABLE', 'apisix').body, /502 Bad Gateway/)
  t.match(look('NO_ENDPOINT', 'apisix').body, /503 Service Temporarily Unavailable/)
  const told = refusal('RATE_LIMITED', '', { told: { key: 'error_msg', text: 'no "more"' } })
  t.equal(
    refusalLook(told, { accept: undefined, style: 'apisix' }).body,
    '{"error_msg":"no \\"more\\""}\n',
  )
  t.end()
})

t.test('gravitee: text, or JSON where it is asked for', (t) => {
  t.match(look('ROUTE_NOT_FOUND', 'gravitee', { accept: '*/*' }), {
    status: 404,
    headers: ['Content-Type', 'text/plain'],
    body: 'No context-path matches the request URI.',
  })
  t.equal(look('CERTIFICATE_UNKNOWN', 'gravitee').body, 'Unauthorized')
  t.equal(
    look('CERTIFICATE_UNKNOWN', 'gravitee', { accept: '*/*' }).body,
    '{"message":"Unauthorized","http_status_code":401}',
  )
  const verbose = (code: RefusalCode): string => look(code, 'gravitee', { verbose: true }).body
  t.equal(verbose('CERTIFICATE_MISSING'), 'The request did not include an authentication token')
  t.equal(verbose('SUBSCRIPTION_PAUSED'), 'The provided credentials are not authorized')
  t.equal(verbose('SUBSCRIPTION_EXPIRED'), 'Access has expired for the provided credentials')
  t.equal(
    verbose('SUBSCRIPTION_NOT_STARTED'),
    'The subscription has not yet started for the provided credentials',
  )
  t.equal(verbose('CERTIFICATE_MALFORMED'), 'The provided authentication token is invalid')
  t.match(look('UPSTREAM_TIMEOUT', 'gravitee'), { status: 504, body: 'Gateway Timeout' })
  t.match(look('ANSWER_TIMEOUT', 'gravitee'), { status: 504, body: 'Request timeout' })
  const chosen = { type: 'oauth2', lacks: 'scope' } as const
  const denied = refusal('TOKEN_INVALID', '', { status: 401, verbose: true, chosen })
  t.match(refusalLook(denied, { accept: undefined, style: 'gravitee' }), {
    headers: ['Content-Type', 'text/plain', 'WWW-Authenticate', 'Bearer realm="gravitee.io"'],
    body: 'Unauthorized',
  })
  const over = { type: 'api-key', lacks: undefined } as const
  const expired = refusal('API_KEY_UNKNOWN', '', { status: 401, chosen: over })
  t.equal(
    refusalLook(expired, { accept: 'application/json', style: 'gravitee' }).body,
    '{"message":"API Key is not valid or is expired / revoked.","http_status_code":401}',
  )
  t.end()
})

t.test('gcore: pages of HAProxy', (t) => {
  t.match(look('ROUTE_NOT_FOUND', 'gcore'), {
    status: 503,
    headers: ['Cache-Control', 'no-cache', 'Content-Type', 'text/html'],
    body: /^<html><body><h1>503 Service Unavailable<\/h1>\nNo server is available/,
  })
  t.equal(look('UPSTREAM_CERTIFICATE_REFUSED', 'gcore').status, 503)
  t.equal(look('UPSTREAM_MALFORMED', 'gcore').status, 502)
  t.end()
})

t.test('native: as ever', (t) => {
  t.match(look('ROUTE_NOT_FOUND', 'native', { accept: 'application/json' }), {
    status: 404,
    headers: ['Content-Type', 'application/json'],
    body:
      '{"message":"No route matches this request","http_status_code":404,"code":"ROUTE_NOT_FOUND"}',
  })
  t.end()
})

t.test('a status without a body has a page where the style has pages', (t) => {
  t.match(statusPage(302, 'apisix')?.body, /302 Found/)
  t.equal(statusPage(200, 'apisix'), undefined)
  t.match(statusPage(403, 'gcore')?.body, /403 Forbidden/)
  t.equal(statusPage(302, 'gcore'), undefined)
  t.equal(statusPage(404, 'native'), undefined)
  t.end()
})
