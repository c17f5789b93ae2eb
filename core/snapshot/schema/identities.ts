import type * as z from 'zod'
import type { IdentityConfig } from '../types.ts'
import { cidr } from './addresses.ts'
import { map, Mismatch, scalar, someOf } from './structure.ts'

const LONGEST = 1000
// deno-lint-ignore no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/
const LABELS = /^(?:\*\.)?[a-z\d_*?-]+(?:\.[a-z\d_*?-]+)*$/
// RFC 3986 section 3.1 and 3.2, with wildcards.
const URI = /^[a-z][a-z\d+.-]*:(?:\/\/([^/#]*))?/i

/** A pattern in which `*` and `?` stand for any characters and `\` takes their meaning away. */
function pattern(expected: string, fits: (text: string) => boolean): z.ZodType<string> {
  return scalar((raw) => {
    const usable = typeof raw === 'string' && raw !== '' && raw.length <= LONGEST &&
      !CONTROLS.test(raw) && !/(?<!\\)(?:\\\\)*\\$/.test(raw)
    return usable && fits(raw) ? raw : new Mismatch(`expected ${expected}`)
  })
}

/** Within an authority, a wildcard may only stand for whole labels at its start: all else could name another host. */
function isUriPattern(text: string): boolean {
  const match = URI.exec(text)
  return match !== null && !/\s/.test(text) && !/[*?]/.test((match[1] ?? '').replace(/^\*\./, ''))
}

/** An item of `allow`. */
export const identitySchema: z.ZodType<IdentityConfig> = map<IdentityConfig>('a condition', {
  subject: pattern(
    'a subject such as "CN=client,O=Example" or "*,O=Example"',
    (text) => text.includes('='),
  ).optional(),
  commonName: pattern('a common name such as client or "client-*"', () => true).optional(),
  dns: pattern(
    'a DNS name such as api.example.com or "*.example.com"',
    (text) => LABELS.test(text.toLowerCase()),
  ).optional(),
  uri: pattern(
    'a URI such as spiffe://example.org/ns/prod/api or "spiffe://example.org/ns/prod/*"',
    isUriPattern,
  ).optional(),
  email: pattern(
    'a mail address such as a@example.com or "*@example.com"',
    (text) => /^[^@\s]+@[^@\s]+$/.test(text),
  ).optional(),
  ip: cidr().optional(),
})

const condition = identitySchema.transform((found, context) => {
  if (Object.values(found).some((value) => value !== undefined)) return found
  const message = 'expected at least one of subject, commonName, dns, uri, email or ip'
  context.issues.push({ code: 'custom', input: {}, message })
  return found
})

/** `allow`: conditions on the names of certificates, one of which must be met. */
export function allow(): z.ZodType<readonly IdentityConfig[]> {
  return someOf('conditions', condition)
}
