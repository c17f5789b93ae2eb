import { parseAuthority } from './authority.ts'
import { quote } from './characters.ts'
import { wireError } from './errors.ts'
import type { RequestLine } from './request-line.ts'
import { normalisePath, splitAbsolute } from './target.ts'
import type { WireError } from './types.ts'

/** Where a request goes: the part of its head that target and Host say together. */
export interface Destination {
  readonly target: string
  readonly path: string
  readonly query: string
  readonly authority: string
  readonly host: string
}

/** Reads the four forms of a request target (RFC 9112 section 3.2). `host` is what `authority`, the Host field, means. */
export function destinationOf(
  line: RequestLine,
  authority: string,
  host: string,
): Destination | WireError {
  const { method, target, pathLength } = line
  const received = authority === '' ? '' : host
  if (method === 'CONNECT') return authorityForm(target)
  if (target.charCodeAt(0) === 0x2f) {
    return originForm(target, pathLength, { authority, host: received })
  }
  // It concerns the server as a whole: an empty path, which is the same as / (RFC 9110 section 4.2.3).
  if (target === '*') {
    if (method !== 'OPTIONS') return bad(target, `"*" for ${quote(method)}`, '3.2.4')
    return { target, path: '/', query: '', authority, host: received }
  }
  return absoluteForm(line)
}

function originForm(
  received: string,
  pathLength: number,
  named: { authority: string; host: string },
): Destination | WireError {
  const whole = pathLength === received.length
  const raw = whole ? received : received.slice(0, pathLength)
  const path = normalisePath(raw)
  if (typeof path !== 'string') return bad(received, path.message, '3.2.1')
  const query = whole ? '' : received.slice(pathLength)
  const target = path === raw ? received : path + query
  return { target, path, query, authority: named.authority, host: named.host }
}

function absoluteForm({ method, target }: RequestLine): Destination | WireError {
  const parts = splitAbsolute(target)
  if (parts === undefined) return bad(target, 'neither a path nor an http URI', '3.2')
  const { authority, rest } = parts
  const parsed = parseAuthority(authority)
  if (parsed === undefined) return bad(target, 'a malformed authority', '3.2.2')
  const named = { authority, host: parsed.host }
  // RFC 9112 section 3.2.4: without path and query it asks about the server as a whole.
  if (method === 'OPTIONS' && rest === '') {
    return { target: '*', path: '/', query: '', ...named }
  }
  const origin = rest.charCodeAt(0) === 0x2f ? rest : `/${rest}`
  const mark = origin.indexOf('?')
  return originForm(origin, mark < 0 ? origin.length : mark, named)
}

function authorityForm(target: string): Destination | WireError {
  const parsed = parseAuthority(target)
  if (parsed === undefined || parsed.port === '') return bad(target, 'not host and port', '3.2.3')
  return { target, path: '', query: '', authority: target, host: parsed.host }
}

function bad(target: string, found: string, section: string): WireError {
  const detail = `Read request target ${quote(target)}: ${found}`
  return wireError('MALFORMED_REQUEST', detail, `RFC 9112 section ${section}`)
}
