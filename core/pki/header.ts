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
 * does, with `+`, `/` and `=` left bare. A `+` is never a space within base64. Of several PEM blocks the first counts.
 * @returns DER, or undefined where the value holds no certificate
 */
export function certificateFromHeader(value: string): Uint8Array | undefined {
  if (value.length > MAX_HEADER) return undefined
  const text = percentDecode(value.trim())
  if (text === undefined) return undefined
  const field = /^:([A-Za-z0-9+/=]*):$/.exec(text)
  if (field !== null) return asCertificate(fromBase64(field[1] as string))
  if (text.includes('-----BEGIN')) return fromPem(text)
  const bytes = fromBase64(text)
  const inner = bytes?.[0] === 0x2d ? new TextDecoder().decode(bytes) : undefined
  return inner === undefined ? asCertificate(bytes) : fromPem(inner)
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
