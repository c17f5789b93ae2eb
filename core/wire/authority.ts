import { isIpv6 } from './ip.ts'

/** `host[:port]`, checked (RFC 3986 section 3.2). */
export interface Authority {
  /** Lower case, without port and trailing dot; an IPv6 address keeps its brackets. */
  readonly host: string
  /** The port's digits; empty without. */
  readonly port: string
}

const MAX_NAME = 253
const NAME = /^([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?(?::([0-9]{0,5}))?$/
const LITERAL = /^(\[([0-9a-f:.]{2,45})\])(?::([0-9]{0,5}))?$/

/**
 * Reads `host[:port]`. Narrower than RFC 3986: of registered names it takes those that DNS can hold (and
 * underscores), because percent-encoding and sub-delims in a host are read differently by different readers.
 * No userinfo (RFC 9110 section 4.2.4), no empty host (section 4.2.1), no zone, no IPvFuture.
 */
export function parseAuthority(text: string): Authority | undefined {
  const lower = text.toLowerCase()
  if (lower.charCodeAt(0) === 0x5b) return literal(lower)
  const match = NAME.exec(lower)
  if (match === null || match[1]!.length > MAX_NAME) return undefined
  return withPort(match[1]!, match[2])
}

function literal(text: string): Authority | undefined {
  const match = LITERAL.exec(text)
  if (match === null || !isIpv6(match[2]!)) return undefined
  return withPort(match[1]!, match[3])
}

function withPort(host: string, port = ''): Authority | undefined {
  return Number(port) > 65535 ? undefined : { host, port }
}
