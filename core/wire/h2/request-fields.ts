import { parseAuthority } from '../authority.ts'
import { isToken, quote } from '../characters.ts'
import { REQUEST, wireError } from '../errors.ts'
import { frameOf, UNSAID } from '../framing.ts'
import { type Destination, destinationOf } from '../request-target.ts'
import type { RequestLine } from '../request-line.ts'
import type { RequestLimits } from '../request-parser.ts'
import { PATH_BYTE, QUERY_BYTE } from '../target.ts'
import type { BodyFraming, HeaderList, RequestHead, WireError } from '../types.ts'
import { consistsOf } from './field-checks.ts'
import { FieldList } from './field-list.ts'

/** What a request's head is held to, besides the connection's own limits. */
export interface RequestFieldLimits extends Pick<RequestLimits, 'targetSize' | 'bodySize'> {
  /** Whether extended CONNECT was announced (RFC 8441). */
  readonly connectProtocol?: boolean
}

/**
 * Makes a request's head of its fields, by the same rules as for HTTP/1.1. `ends`: no body follows.
 * The headers begin with `host`, which says what `:authority` did. Of an extended CONNECT, `upgrade` is the `:protocol`.
 */
export function requestFromFields(
  fields: HeaderList,
  ends: boolean,
  limits: RequestFieldLimits,
): RequestHead | WireError {
  const list = new FieldList(limits.connectProtocol === true ? 'extended-request' : 'request')
  const problem = list.read(fields)
  if (problem !== undefined) return malformed(problem.detail, problem.section)
  const destination = destinationFrom(list, limits.targetSize)
  if ('code' in destination) return destination
  const frame = frameOf(list, false, REQUEST)
  if (typeof frame === 'object') return frame
  const length = frame === UNSAID ? 0 : frame
  const wrong = checkLength(length, ends, limits)
  if (wrong !== undefined) return wrong
  const method = list.method!
  const framing = framingOf(method, frame, ends)
  list.headers.unshift('host', destination.authority)
  const upgrade = list.protocol ?? ''
  const expects = list.expect.count > 0 && list.expect.value.toLowerCase() === '100-continue'
  return {
    method,
    target: destination.target,
    path: destination.path,
    query: destination.query,
    authority: destination.authority,
    host: destination.host,
    version: '2',
    headers: list.headers,
    framing,
    length: framing === 'length' ? length : 0,
    keepAlive: true,
    upgrade,
    expectContinue: expects && !ends && frame !== 0,
  }
}

/** What the pseudo-fields name, with Host (RFC 9113 section 8.3.1). */
function destinationFrom(list: FieldList, targetSize: number): Destination | WireError {
  const { method, protocol } = list
  // RFC 3986 section 3.1: a scheme is the same in either case.
  list.scheme = list.scheme?.toLowerCase()
  if (method === undefined) return malformed('Read request: no ":method"', '8.3.1')
  if (!isToken(method)) return malformed(`Read ":method" ${quote(method)}: not a token`, '8.3.1')
  const authority = authorityOf(list)
  if (typeof authority === 'object') return authority
  const parsed = parseAuthority(authority)
  if (parsed === undefined) {
    return malformed(`Read ":authority" ${quote(authority)}: malformed`, '8.3.1')
  }
  if (protocol !== undefined && (method !== 'CONNECT' || !isToken(protocol))) {
    const detail = `Read ":protocol" ${quote(protocol)}: with the method ${quote(method)}`
    return wireError(REQUEST.malformed, detail, 'RFC 8441 section 4')
  }
  const tunnel = method === 'CONNECT' && protocol === undefined
  if (tunnel) return tunnelTo(list)
  const path = pathOf(list, targetSize)
  if (typeof path === 'object') return path
  const mark = path.indexOf('?')
  const pathLength = mark < 0 ? path.length : mark
  // An extended CONNECT names its target as other methods do (RFC 8441 section 4).
  const meant = protocol === undefined ? method : 'GET'
  const line: RequestLine = { method: meant, target: path, pathLength, version: '1.1' }
  return destinationOf(line, authority, parsed.host)
}

function authorityOf({ authority, host, scheme }: FieldList): string | WireError {
  if (host.count > 1) {
    return malformed(`Read Host ${quote(host.value)}: more than one field`, '8.3.1')
  }
  if (authority === undefined) {
    return host.count === 1 ? host.value : malformed('Read request: no ":authority"', '8.3.1')
  }
  if (host.count === 0 || isSame(host.value, authority, scheme)) return authority
  const detail = `Read Host ${quote(host.value)}: ":authority" is ${quote(authority)}`
  return malformed(detail, '8.3.1')
}

/** Whether two authorities name the same host and port. RFC 9113 section 8.3.1 wants them normalised first. */
function isSame(one: string, other: string, scheme: string | undefined): boolean {
  if (one === other) return true
  const [first, second] = [parseAuthority(one), parseAuthority(other)]
  const usual = scheme === 'http' ? '80' : '443'
  return first !== undefined && second !== undefined && first.host === second.host &&
    Number(first.port || usual) === Number(second.port || usual)
}

/** RFC 9113 section 8.5: a tunnel has neither scheme nor path. */
function tunnelTo({ scheme, authority, path }: FieldList): Destination | WireError {
  if (scheme !== undefined || path !== undefined) {
    return malformed('Read CONNECT: with ":scheme" or ":path"', '8.5')
  }
  const target = authority ?? ''
  const line: RequestLine = { method: 'CONNECT', target, pathLength: 0, version: '1.1' }
  return destinationOf(line, '', '')
}

/** A path and query that a request line could hold as well, byte by byte. */
function pathOf({ scheme, path }: FieldList, targetSize: number): string | WireError {
  if (scheme === undefined) return malformed('Read request: no ":scheme"', '8.3.1')
  if (scheme !== 'https' && scheme !== 'http') {
    return malformed(`Read ":scheme" ${quote(scheme)}: neither http nor https`, '8.3.1')
  }
  if (path === undefined) return malformed('Read request: no ":path"', '8.3.1')
  if (path.length > targetSize) {
    const detail = `Read ":path": more than ${targetSize} bytes`
    return wireError('TARGET_TOO_LONG', detail, 'RFC 9110 section 4.1')
  }
  const mark = path.indexOf('?')
  const clean = mark < 0
    ? consistsOf(path, PATH_BYTE)
    : consistsOf(path.slice(0, mark), PATH_BYTE) && consistsOf(path.slice(mark), QUERY_BYTE)
  const begins = path === '*' || path.charCodeAt(0) === SLASH
  if (clean && begins) return path
  return malformed(`Read ":path" ${quote(path)}: not a path and query`, '8.3.1')
}

function checkLength(
  length: number,
  ends: boolean,
  { bodySize }: RequestFieldLimits,
): WireError | undefined {
  if (ends && length > 0) {
    return malformed(`Read Content-Length "${length}": no DATA follows`, '8.1.1')
  }
  if (bodySize === 0 || length <= bodySize) return undefined
  const detail = `Read Content-Length "${length}": more than ${bodySize}`
  return wireError('BODY_TOO_LARGE', detail, 'RFC 9110 section 15.5.14')
}

function framingOf(method: string, frame: number, ends: boolean): BodyFraming {
  // What follows a CONNECT is a tunnel's, not a body's (RFC 9113 section 8.5).
  if (method === 'CONNECT') return 'none'
  if (frame !== UNSAID) return 'length'
  return ends ? 'none' : 'chunked'
}

const SLASH = 0x2f

function malformed(detail: string, section: string): WireError {
  return wireError(REQUEST.malformed, detail, `RFC 9113 section ${section}`)
}
