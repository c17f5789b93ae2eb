import { readFileSync } from 'node:fs'
import t from 'tap'
import { refusal, refusalBody, REFUSALS } from '../../../core/decide/mod.ts'
import type { RefusalCode } from '../../../core/decide/mod.ts'

const codes = Object.keys(REFUSALS) as RefusalCode[]

t.test('every refusal has a status, a message and advice', (t) => {
  for (const code of codes) {
    const { status, message, advice } = REFUSALS[code]
    t.match(code, /^[A-Z]+(_[A-Z]+)*$/)
    t.ok(status === 0 || (status >= 400 && status < 600), `${code} ${status}`)
    for (const text of [message, advice]) t.match(text, /^[A-Z].*[^.]$/, text)
  }
  t.end()
})

t.test('statuses are those of the design', (t) => {
  const statuses: Partial<Record<RefusalCode, number>> = {
    MALFORMED_REQUEST: 400,
    CERTIFICATE_MISSING: 401,
    SUBSCRIPTION_MISSING: 401,
    ROUTE_NOT_FOUND: 404,
    REQUEST_TIMEOUT: 408,
    BODY_TOO_LARGE: 413,
    TARGET_TOO_LONG: 414,
    HOST_MISDIRECTED: 421,
    HEAD_TOO_LARGE: 431,
    UPSTREAM_UNREACHABLE: 502,
    NO_ENDPOINT: 503,
    DRAINING: 503,
    UPSTREAM_TIMEOUT: 504,
  }
  for (const [code, status] of Object.entries(statuses)) {
    t.equal(refusal(code as RefusalCode, '').status, status, code)
  }
  t.equal(refusal('CERTIFICATE_MISSING', '', { status: 400 }).status, 400)
  t.end()
})

t.test('docs/refusals.md says what the table says', (t) => {
  const text = readFileSync('docs/refusals.md', 'utf8')
  const rows = text.split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.replace(/ +/g, ' '))
  const expected = codes.map((code) => {
    const { status, message, advice } = REFUSALS[code]
    return `| \`${code}\` | ${status === 0 ? '–' : status} | ${message} | ${advice} |`
  })
  t.same(rows, expected)
  t.end()
})

t.test('refusalBody: JSON where the client accepts it, else text', (t) => {
  const found = refusal('CERTIFICATE_MISSING', 'detail')
  const typeFor = (accept: string | undefined): string => refusalBody(found, accept).contentType
  for (
    const accept of [
      'application/json',
      '*/*',
      'text/html, application/*;q=0.5',
      'Application/JSON ; q=1',
    ]
  ) {
    t.equal(typeFor(accept), 'application/json', accept)
  }
  for (
    const accept of [
      undefined,
      '',
      'text/html',
      'application/json;q=0',
      '*/*; q=0.000',
      'application/jsonp',
    ]
  ) {
    t.equal(typeFor(accept), 'text/plain; charset=utf-8', String(accept))
  }
  t.same(JSON.parse(refusalBody(found, '*/*').body), {
    message: 'A client certificate is required: connect with one',
    http_status_code: 401,
    code: 'CERTIFICATE_MISSING',
  })
  t.equal(
    refusalBody(found, 'text/html').body,
    'A client certificate is required: connect with one',
  )
  t.end()
})

t.test('refusalBody tells the detail only where that is allowed, and never raw', (t) => {
  const detail = 'Certificate "a\r\nb\u2028\u202e"'
  for (const accept of ['text/plain', '*/*']) {
    t.notMatch(refusalBody(refusal('CERTIFICATE_UNKNOWN', detail), accept).body, /Certificate "a/)
    const { body } = refusalBody(refusal('CERTIFICATE_UNKNOWN', detail, { verbose: true }), accept)
    t.match(body, /register it first\. Certificate \\?"a {2}b {2}\\?"/)
  }
  t.end()
})
