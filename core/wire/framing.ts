import { isToken, quote } from './characters.ts'
import { listItems } from './connection.ts'
import { type Role, wireError } from './errors.ts'
import type { FieldReader } from './fields.ts'
import type { WireError } from './types.ts'

/** Instead of a length: the body comes in chunks. */
export const CHUNKED = -1
/** Instead of a length: no field says anything about a body. */
export const UNSAID = -2

const SECTION = 'RFC 9112 section 6'

/** The fields that say where a body ends. */
export type FramingFields = Pick<FieldReader, 'headers' | 'contentLength' | 'transferEncoding'>

/** How the fields delimit the body (RFC 9112 section 6.3): its length, {@linkcode CHUNKED} or {@linkcode UNSAID}. */
export function frameOf(fields: FramingFields, http10: boolean, role: Role): number | WireError {
  const { contentLength, transferEncoding } = fields
  if (transferEncoding.count > 0) return chunkedFrame(fields, http10, role)
  if (contentLength.count === 0) return UNSAID
  const { value } = contentLength
  if (contentLength.count > 1) {
    const detail = `Read Content-Length ${quote(value)}: more than one field`
    return wireError(role.malformed, detail, `${SECTION}.3`)
  }
  if (!isDigits(value)) {
    const detail = `Read Content-Length ${quote(value)}: not a decimal number`
    return wireError(role.malformed, detail, 'RFC 9110 section 8.6')
  }
  const length = Number(value)
  if (length > Number.MAX_SAFE_INTEGER) {
    const detail = `Read Content-Length ${quote(value)}: too large to count`
    return wireError(role.bodyTooLarge, detail, 'RFC 9110 section 8.6')
  }
  // Leading zeros are allowed, and someone may take them for octal: say the number in one way only.
  if (value.length > 1 && value.charCodeAt(0) === 0x30) {
    fields.headers[contentLength.index] = String(length)
  }
  return length
}

function chunkedFrame(fields: FramingFields, http10: boolean, role: Role): number | WireError {
  const { value } = fields.transferEncoding
  const what = `Read Transfer-Encoding ${quote(value)}`
  // A recipient that knows only one of the two would see other message boundaries.
  if (fields.contentLength.count > 0) {
    return wireError(role.malformed, `${what}: Content-Length beside it`, `${SECTION}.1`)
  }
  if (http10) return wireError(role.malformed, `${what}: in HTTP/1.0`, `${SECTION}.1`)
  if (value === 'chunked') return CHUNKED
  // RFC 9110 section 5.6.1.2: empty elements of a list are ignored.
  const codings = listItems(value)
  const last = codings.pop()
  if (last !== 'chunked') {
    return wireError(role.malformed, `${what}: not chunked at the end`, `${SECTION}.3`)
  }
  if (codings.length === 0) return CHUNKED
  if (codings.every((coding) => isToken(coding) && coding !== 'chunked')) {
    return wireError(role.codingUnsupported, `${what}: unsupported coding`, `${SECTION}.1`)
  }
  return wireError(role.malformed, `${what}: not a list of codings`, `${SECTION}.1`)
}

function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x30 || code > 0x39) return false
  }
  return text.length > 0
}
