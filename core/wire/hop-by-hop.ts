import { listItems } from './connection.ts'
import { HeaderNames, isNamed } from './headers.ts'
import type { HeaderList } from './types.ts'

/** Fields that belong to one connection, not to the message (RFC 9110 section 7.6.1), and those of proxies in between. */
const HOP_BY_HOP = new HeaderNames([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Without these a message would mean another thing, or go elsewhere. */
const FIRM = new HeaderNames(['host', 'content-length'])

/** What `endToEnd` leaves out besides, or keeps in any case. */
export interface EndToEndOptions {
  /** Fields to leave out as well. */
  readonly drop?: HeaderNames
  /** Fields that `Connection` cannot name away, besides Host and Content-Length. */
  readonly firm?: HeaderNames
}

/** The fields that may be forwarded: none that is hop-by-hop, none that `Connection` names. The list is new. */
export function endToEnd(headers: HeaderList, options: EndToEndOptions = {}): HeaderList {
  const { drop, firm } = options
  const named = namedByConnection(headers)
  const kept: HeaderList = []
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!
    if (HOP_BY_HOP.has(name) || drop?.has(name)) continue
    if (named?.has(name) && !FIRM.has(name) && !firm?.has(name)) continue
    kept.push(name, headers[i + 1]!)
  }
  return kept
}

/** Names that `Connection` fields list, beyond those that are left out anyway. */
export function namedByConnection(headers: HeaderList): HeaderNames | undefined {
  let names: string[] | undefined
  for (let i = 0; i < headers.length; i += 2) {
    if (!isNamed(headers[i]!, 'connection')) continue
    const value = headers[i + 1]!
    if (value === 'keep-alive' || value === 'close' || value === 'Upgrade') continue
    const others = listItems(value).filter((name) => name !== 'close' && !HOP_BY_HOP.has(name))
    if (others.length > 0) names = [...(names ?? []), ...others]
  }
  return names === undefined ? undefined : new HeaderNames(names)
}

/** Fields that mean something only in a head (RFC 9110 section 6.5.1): framing, routing, authentication, content. */
const FORBIDDEN_TRAILERS = new HeaderNames([
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'age',
  'authorization',
  'cache-control',
  'client-cert',
  'client-cert-chain',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'expect',
  'expires',
  'forwarded',
  'from',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'location',
  'max-forwards',
  'origin',
  'pragma',
  'range',
  'referer',
  'retry-after',
  'set-cookie',
  'strict-transport-security',
  'user-agent',
  'vary',
  'via',
  'warning',
  'www-authenticate',
  'authentication-info',
  'proxy-authentication-info',
])

/** Whether a trailer must not be forwarded, nor joined with the head's fields. `name` in any case. */
export function isForbiddenTrailer(name: string): boolean {
  const forwarded = name.length > 12 && isNamed(name.slice(0, 12), 'x-forwarded-')
  return forwarded || HOP_BY_HOP.has(name) || FORBIDDEN_TRAILERS.has(name)
}
