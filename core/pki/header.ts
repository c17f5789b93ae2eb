import { fromBase64, toBase64 } from './bytes.ts'
import { readWhole, Tag } from './der.ts'

const MAX_HEADER = 131_072

/** A certificate as a Structured Field byte sequence, `:base64:` (RFC 9440 section 2.1). */
export function certificateToHeader(der: Uint8Array): string {
  return `:${toBase64(der)}:`
}

/**
 * The certificate that a header carries: RFC 9440's `:base64:`, base64 of the DER or of a PEM text, PEM with line
 * ends turned into tabs, spaces or nothing, and any of these percent-encoded, in whole or as AWS's load balancer
 * does, with `+`, `/` and `=` left bare. A `+` is never a space within base64. Of several PEM blocks the first counts,
 * and in Traefik's header, of a chain between commas. Elsewhere a comma is a sign of two fields. Quotes around the whole are taken off, and of
 * Envoy's `X-Forwarded-Client-Cert` the `Cert` of the last element counts: that is the nearest proxy's own.
 * @param name the header's, in lower case
 * @returns DER, or undefined where the value holds no certificate
 */
export function certificateFromHeader(value: string, name = ''): Uint8Array | undefined {
  if (value.length > MAX_HEADER) return undefined
  const own = XFCC.test(value) ? certOfXfcc(value) : value.trim().replace(/^"([^"]*)"$/, '$1')
  const text = own === undefined ? undefined : percentDecode(own)
  if (text === undefined) return undefined
  const field = /^:([A-Za-z0-9+/=]*):$/.exec(text)
  if (field !== null) return asCertificate(fromBase64(field[1] as string))
  if (text.includes('-----BEGIN')) return fromPem(text)
  const bytes = fromBase64(name === TRAEFIK ? text.split(',', 1)[0] as string : text)
  const inner = bytes?.[0] === 0x2d ? new TextDecoder().decode(bytes) : undefined
  return inner === undefined ? asCertificate(bytes) : fromPem(inner)
}

/** The header in which Traefik sends chains. */
const TRAEFIK = 'x-forwarded-tls-client-cert'

/** The keys that elements of Envoy's header begin with. */
const XFCC = /^\s*(By|Hash|Cert|Chain|Subject|URI|DNS)=/i

/** The value of `Cert` in the last element of a header in Envoy's form: `Key=value;Key="value",Key=value`. */
function certOfXfcc(value: string): string | undefined {
  let cert: string | undefined
  let at = 0
  while (at < value.length) {
    const part = /\s*([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^;,]*))\s*([;,]?)/y
    part.lastIndex = at
    const found = part.exec(value)
    if (found === null) return undefined
    const [whole, key = '', quoted, bare = '', end] = found
    if (key.toLowerCase() === 'cert') cert = quoted ?? bare
    at += whole.length
    if (end === '' && at < value.length) return undefined
    // Another element follows: what this one said is what a proxy further away said.
    if (end === ',') cert = undefined
  }
  return cert
}

function percentDecode(value: string): string | undefined {
  if (!value.includes('%')) return value
  try {
    return decodeURIComponent(value)
  } catch {
    return undefined
  }
}

const OPEN = /^\s*-----BEGIN[ +\t](?:X509[ +\t])?CERTIFICATE-----/
const CLOSE = /-----END[ +\t](?:X509[ +\t])?CERTIFICATE-----/

function fromPem(text: string): Uint8Array | undefined {
  const open = OPEN.exec(text)
  if (open === null) return undefined
  const rest = text.slice(open[0].length)
  const close = CLOSE.exec(rest)
  return close === null ? undefined : asCertificate(fromBase64(rest.slice(0, close.index)))
}

function asCertificate(bytes: Uint8Array | undefined): Uint8Array | undefined {
  if (bytes === undefined || bytes[0] !== Tag.sequence) return undefined
  try {
    return readWhole(bytes).der
  } catch {
    return undefined
  }
}
