import type { HeaderList } from '../types.ts'
import { CONNECTION_SPECIFIC } from './field-checks.ts'

/** What a request's head says when it is sent on. All parts must be checked ones. */
export interface OutgoingRequest {
  readonly method: string
  readonly scheme: 'http' | 'https'
  readonly authority: string
  /** Path and query, or `*`; of no meaning for CONNECT. */
  readonly target: string
  /** Of an extended CONNECT, its protocol (RFC 8441). */
  readonly protocol?: string
  readonly headers: HeaderList
}

/** A request's fields for sending: names in lower case, without Host and fields of HTTP/1.1 connections. */
export function requestFieldsFor(request: OutgoingRequest): HeaderList {
  const { method, scheme, authority, target, protocol, headers } = request
  const fields: HeaderList = [':method', method, ':authority', authority]
  // RFC 9113 section 8.5: a tunnel has neither scheme nor path.
  if (method !== 'CONNECT' || protocol !== undefined) {
    fields.push(':scheme', scheme, ':path', target)
  }
  if (protocol !== undefined) fields.push(':protocol', protocol)
  return append(fields, headers, 'host')
}

/** A response's fields for sending: names in lower case, without fields of HTTP/1.1 connections. */
export function responseFieldsFor(
  { status, headers }: { readonly status: number; readonly headers: HeaderList },
): HeaderList {
  return append([':status', String(status)], headers, '')
}

/** Trailers for sending: names in lower case, without fields of HTTP/1.1 connections. */
export function trailerFieldsFor(trailers: HeaderList): HeaderList {
  return trailers.length === 0 ? trailers : append([], trailers, '')
}

function append(fields: HeaderList, headers: HeaderList, dropped: string): HeaderList {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase()
    if (name === dropped || CONNECTION_SPECIFIC.has(name)) continue
    if (name === 'te' && headers[i + 1]!.toLowerCase() !== 'trailers') continue
    fields.push(name, headers[i + 1]!)
  }
  return fields
}
