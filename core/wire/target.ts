import { byteTable, HEX_VALUE } from './characters.ts'

const UNRESERVED = '-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const SUB_DELIMS = `!$&'()*+,;=`

/**
 * What a path may hold: pchar and `/` (RFC 3986 section 3.3), and what browsers leave as it is
 * against the grammar, where every reader agrees on its meaning. Not the backslash, which some read as `/`.
 */
export const PATH_BYTE: Uint8Array = byteTable(`${UNRESERVED}${SUB_DELIMS}:@/%[]|^`)

/** What a query may hold: the same, `?`, and more that browsers leave as it is. */
export const QUERY_BYTE: Uint8Array = byteTable(`${UNRESERVED}${SUB_DELIMS}:@/%?[]|^{}\\\``)

const IS_UNRESERVED = byteTable(UNRESERVED)

/** What is wrong with a path, in words. */
export class PathProblem {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

/**
 * The one spelling of a path that starts with `/`: unreserved characters decoded, other percent-encodings in
 * upper case (RFC 3986 section 6.2.2), dot segments removed (section 5.2.4; what climbs above the root stays there).
 * Paths that servers are known to read otherwise after decoding once more are refused.
 */
export function normalisePath(path: string): string | PathProblem {
  const decoded = path.includes('%') ? decodeUnreserved(path) : path
  if (typeof decoded !== 'string') return decoded
  if (!decoded.includes('/.') && !decoded.includes('%')) return decoded
  if (HIDDEN_DOTS.test(decoded)) return new PathProblem('a dot segment in disguise')
  return removeDotSegments(decoded)
}

// `..` beside an encoded slash or backslash, or with parameters: servers that decode these, or strip
// parameters before they resolve dot segments, would climb where this reader saw a name.
const HIDDEN_DOTS = /(?:\/|%2F|%5C)\.\.?(?:%2F|%5C|;)|(?:%2F|%5C)\.\.?(?:\/|$)/

function decodeUnreserved(path: string): string | PathProblem {
  let out = ''
  let from = 0
  for (let at = path.indexOf('%'); at >= 0; at = path.indexOf('%', from)) {
    const high = HEX_VALUE[path.charCodeAt(at + 1)] ?? 255
    const low = HEX_VALUE[path.charCodeAt(at + 2)] ?? 255
    if (high > 15 || low > 15) return new PathProblem('a percent sign without two digits')
    const byte = high * 16 + low
    if (byte === 0) return new PathProblem('an encoded NUL')
    out += path.slice(from, at)
    out += IS_UNRESERVED[byte] === 1
      ? String.fromCharCode(byte)
      : path.slice(at, at + 3).toUpperCase()
    from = at + 3
  }
  return out + path.slice(from)
}

function removeDotSegments(path: string): string {
  if (!path.includes('/.')) return path
  const segments = path.split('/')
  const last = segments.length - 1
  const out: string[] = []
  for (let i = 1; i <= last; i++) {
    const segment = segments[i]!
    const dots = segment === '.' || segment === '..'
    if (segment === '..') out.pop()
    if (!dots) out.push(segment)
    // A dot segment at the end leaves the directory's slash behind.
    else if (i === last) out.push('')
  }
  return `/${out.join('/')}`
}

/** The parts of an absolute-form target (RFC 9112 section 3.2.2). */
export interface AbsoluteTarget {
  readonly authority: string
  /** Path and query; empty where the target ends after the authority. */
  readonly rest: string
}

const ABSOLUTE = /^https?:\/\/([^/?]*)(.*)$/i

/** Splits an absolute-form target of the schemes `http` and `https`. */
export function splitAbsolute(target: string): AbsoluteTarget | undefined {
  const match = ABSOLUTE.exec(target)
  return match === null ? undefined : { authority: match[1]!, rest: match[2]! }
}
