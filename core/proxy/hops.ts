import { countHeader, getHeader, isNamed } from '../wire/mod.ts'
import type { RequestHead } from '../wire/mod.ts'

const DIGITS = /^[0-9]{1,9}$/

/**
 * How many hops a request may still take after this one; undefined where it does not say. Only TRACE and OPTIONS do
 * (RFC 9110 section 7.6.2).
 */
export function hopsLeft({ method, headers }: RequestHead): number | undefined {
  if (method !== 'OPTIONS' && method !== 'TRACE') return undefined
  const value = getHeader(headers, 'max-forwards')
  if (value === undefined || !DIGITS.test(value)) return undefined
  return countHeader(headers, 'max-forwards') > 1 ? undefined : Number(value)
}

/** The request with one hop less to go. */
export function oneHopLess(head: RequestHead): RequestHead {
  const left = hopsLeft(head)
  if (left === undefined) return head
  const headers = head.headers.map((text, i) =>
    i % 2 === 1 && isNamed(head.headers[i - 1] as string, 'max-forwards') ? String(left - 1) : text
  )
  return { ...head, headers }
}
