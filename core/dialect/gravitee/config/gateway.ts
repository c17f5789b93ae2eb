import type { Json } from '../../../store/mod.ts'
import { isTable, type Section, type Table } from './notes.ts'

const MODES = ['override', 'merge', 'keep'] as const

/** What `api`, `handlers` and `policy` say of how APIs are served, as keys of `admin.dialects.gravitee`. */
export function gatewayOf(root: Section): Table {
  return { ...securityOf(root.section('api')), ...handlersOf(root), ...policiesOf(root) }
}

function securityOf(api: Section): Table {
  if (api.flag('validateSubscription') === false) {
    api.error(
      'validateSubscription',
      'Nobody is let in without a subscription here: validateSubscription cannot be false',
    )
  }
  api.section('security').only(['verbose401'])
  return { verbose401: api.section('security').flag('verbose401') ?? false }
}

function handlersOf(root: Section): Table {
  const request = root.section('handlers').section('request')
  request.only(['transaction', 'request', 'format', 'headers', 'trace-context'])
  if (request.section('trace-context').flag('enabled') === true) {
    request.warning('trace-context', 'traceparent passes as it comes: the key has no effect')
  }
  const format = request.word('format', ['uuid', 'hex'])
  const prefix = request.section('headers').flag('x-forwarded-prefix') ?? false
  return {
    ...headerOf(request.section('transaction'), 'transaction'),
    ...headerOf(request.section('request'), 'request'),
    ...(format === undefined ? {} : { idFormat: format }),
    ...(prefix ? { forwardedPrefix: true } : {}),
  }
}

/** The header of an id, and what becomes of one that the endpoint sends. */
function headerOf(section: Section, what: 'transaction' | 'request'): Table {
  section.only(['header', 'overrideMode'])
  const header = section.text('header')
  const mode = section.word('overrideMode', MODES)
  return {
    ...(header === undefined ? {} : { [`${what}Header`]: header }),
    ...(mode === undefined ? {} : { [`${what}Override`]: mode }),
  }
}

function policiesOf(root: Section): Table {
  const policy = root.section('policy')
  const key = policy.section('api-key')
  key.only(['header', 'param'])
  // An empty value forbids its use.
  const header = key.value('header')
  const param = key.value('param')
  const issuers = issuersOf(policy.section('jwt').value('issuer'))
  return {
    ...(header === undefined ? {} : { apiKeyHeader: String(header) }),
    ...(param === undefined ? {} : { apiKeyArgument: String(param) }),
    ...(issuers.length === 0 ? {} : { issuers }),
  }
}

/** `policy.jwt.issuer.ISSUER.KEY_ID`, where the issuer's name may have dots, which are steps of the document. */
function issuersOf(written: Json | undefined): Json[] {
  const found = new Map<string, string[]>()
  const walk = (value: Json, path: readonly string[]): void => {
    if (isTable(value)) {
      for (const [name, inner] of Object.entries(value)) walk(inner, [...path, name])
    } else if (typeof value === 'string' && path.length > 0) {
      const steps = path.join('.').split('.')
      const issuer = steps.slice(0, -1).join('.')
      found.set(issuer, [...found.get(issuer) ?? [], value])
    }
  }
  if (written !== undefined) walk(written, [])
  return [...found].map(([name, keys]) => ({ name, keys }))
}
