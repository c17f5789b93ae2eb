import type * as z from 'zod'
import { readDomain, readIp } from './addresses.ts'
import { Mismatch, scalar } from './structure.ts'

// RFC 9110 section 5.6.2.
const TOKEN = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/

// Framing, routing and the connection's own headers cannot be given another meaning.
const RESERVED = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The name of a header, in lower case. */
export function headerName(): z.ZodType<string> {
  return scalar((raw) => {
    if (typeof raw !== 'string' || !TOKEN.test(raw)) {
      return new Mismatch('expected the name of a header, such as X-Client-Cert')
    }
    const lower = raw.toLowerCase()
    return RESERVED.has(lower)
      ? new Mismatch('expected a header without a meaning of its own')
      : lower
  })
}

/** The name of a header as it is to be written; any but those that frame messages. */
export function fieldName(): z.ZodType<string> {
  return scalar((raw) => {
    if (typeof raw !== 'string' || !TOKEN.test(raw)) {
      return new Mismatch('expected the name of a header, such as X-Client-Cert')
    }
    return RESERVED.has(raw.toLowerCase()) && raw.toLowerCase() !== 'host'
      ? new Mismatch('expected a header without a meaning of its own')
      : raw
  })
}

/** Reads an exact name or `*.domain`, in lower case. */
function readPattern(raw: unknown): string | Mismatch {
  if (typeof raw !== 'string' || raw === '') {
    return new Mismatch('expected a name such as example.com or "*.example.com"')
  }
  // deno-lint-ignore no-control-regex
  if (/[^\u0000-\u007f]/.test(raw)) {
    return new Mismatch('expected ASCII; write an international name in its xn-- form')
  }
  const wildcard = raw.startsWith('*.')
  const domain = readDomain(wildcard ? raw.slice(2) : raw)
  if (domain !== undefined) return wildcard ? `*.${domain}` : domain
  return new Mismatch('expected a name such as example.com or "*.example.com"')
}

/** A name that clients send as SNI, or `*.domain`, in lower case. Addresses are never sent (RFC 6066 section 3). */
export function serverName(): z.ZodType<string> {
  return scalar((raw) => {
    if (typeof raw === 'string' && readIp(raw) !== undefined) {
      return new Mismatch('expected a name; clients send no SNI for an address')
    }
    return raw === '*'
      ? new Mismatch('expected a name; leave names out for all others')
      : readPattern(raw)
  })
}

/** A host of requests, without port: a name, `*.domain`, or an address; IPv6 in brackets. */
export function hostPattern(): z.ZodType<string> {
  return scalar((raw) => {
    if (raw === '*') return new Mismatch('expected a name; leave hosts out for any host')
    const bracketed = typeof raw === 'string' && /^\[(.*)\]$/.exec(raw)
    const ip = typeof raw !== 'string' ? undefined : readIp(bracketed ? bracketed[1]! : raw)
    if (ip !== undefined) return ip.includes(':') ? `[${ip}]` : ip
    return readPattern(raw)
  })
}

/** The name that an upstream's certificates must speak for: a DNS name or an address. */
export function peerName(): z.ZodType<string> {
  return scalar((raw) => {
    const found = typeof raw === 'string' ? readIp(raw) ?? readDomain(raw) : undefined
    return found ?? new Mismatch('expected a DNS name or an IP address')
  })
}

/** The path of requests: exact, or a prefix that ends in `*`. */
export function pathPattern(): z.ZodType<string> {
  return scalar((raw) => {
    if (typeof raw !== 'string' || !raw.startsWith('/')) {
      return new Mismatch('expected a path that starts with /, such as /orders or "/orders/*"')
    }
    if (raw.slice(0, -1).includes('*')) return new Mismatch('expected * only at the end')
    // RFC 3986 section 3.3; the query is no part of a path.
    return /^[!$&'()*+,\-./:;=@_~%\dA-Za-z]+$/.test(raw) && !/%(?![\dA-Fa-f]{2})/.test(raw)
      ? raw
      : new Mismatch('expected a path without query, and other characters percent-encoded')
  })
}

/** What is put before paths: whole segments. */
export function pathPrefix(): z.ZodType<string> {
  return scalar((raw) =>
    typeof raw === 'string' && /^(?:\/[!$&'()*+,\-.:;=@_~%\dA-Za-z]+)+$/.test(raw)
      ? raw
      : new Mismatch('expected a path without / at its end, such as /v1')
  )
}

/** A method of requests. Methods are case-sensitive (RFC 9110 section 9.1); all that are in use are upper case. */
export function method(): z.ZodType<string> {
  return scalar((raw) => {
    if (typeof raw === 'string' && TOKEN.test(raw) && raw === raw.toUpperCase()) return raw
    const hint = typeof raw === 'string' && TOKEN.test(raw) ? `; write ${raw.toUpperCase()}` : ''
    return new Mismatch(`expected a method in upper case, such as GET${hint}`)
  })
}

/** A SHA-256 fingerprint as hex, lower case; colons between bytes are dropped. */
export function fingerprint(): z.ZodType<string> {
  return scalar((raw) => {
    const hex = typeof raw === 'string' ? raw.replaceAll(':', '').toLowerCase() : ''
    return /^[\da-f]{64}$/.test(hex)
      ? hex
      : new Mismatch('expected a SHA-256 fingerprint, 64 hex digits')
  })
}
