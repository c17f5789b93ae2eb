import { byteName, CR, LF, quote, SP, TCHAR } from './characters.ts'
import { REQUEST, wireError } from './errors.ts'
import { type Lines, lineText } from './lines.ts'
import { PATH_BYTE, QUERY_BYTE } from './target.ts'
import type { WireError } from './types.ts'

const QUESTION = 0x3f
const VERSION = /^HTTP\/([0-9])\.([0-9])$/

/** A request line's parts, as received; one object is filled again and again. */
export interface RequestLine {
  method: string
  target: string
  /** Index of `?` in the target, or its length. */
  pathLength: number
  version: '1.0' | '1.1'
}

/** Reads `method SP request-target SP HTTP-version CRLF` (RFC 9112 section 3) at the start of `lines`; the index after it. */
export function readRequestLine(
  lines: Lines,
  into: RequestLine,
  targetSize: number,
): number | WireError {
  const { bytes, text, start } = lines
  let at = start
  while (TCHAR[bytes[at]!] === 1) at++
  if (at === start || bytes[at] !== SP) return badMethod(bytes, start, at)
  into.method = text.slice(0, at - start)
  const targetAt = ++at
  while (PATH_BYTE[bytes[at]!] === 1) at++
  const pathEnd = at
  if (bytes[at] === QUESTION) {
    while (QUERY_BYTE[bytes[at]!] === 1) at++
  }
  if (at - targetAt > targetSize) return tooLong(targetSize)
  if (at === targetAt || bytes[at] !== SP) return badTarget(lines, targetAt, at)
  into.target = text.slice(targetAt - start, at - start)
  into.pathLength = pathEnd - targetAt
  const minor = minorVersion(bytes, at + 1)
  if (minor < 0x30 || minor > 0x39) return badVersion(lines, at + 1)
  // RFC 9110 section 2.5: what says that it is newer is read as the newest that is known.
  into.version = minor === 0x30 ? '1.0' : '1.1'
  return at + 11
}

/** The last byte of `HTTP/1.x` where it stands at `at` and the line ends after it; else 0. */
function minorVersion(bytes: Uint8Array, at: number): number {
  const whole = bytes[at] === 0x48 && bytes[at + 1] === 0x54 && bytes[at + 2] === 0x54 &&
    bytes[at + 3] === 0x50 && bytes[at + 4] === 0x2f && bytes[at + 5] === 0x31 &&
    bytes[at + 6] === 0x2e && bytes[at + 8] === CR && bytes[at + 9] === LF
  return whole ? bytes[at + 7]! : 0
}

/** What is wrong with the beginning of a request line, where that can be told before its end. */
export function checkMethod(bytes: Uint8Array, length: number): WireError | undefined {
  let at = 0
  while (at < length && TCHAR[bytes[at]!] === 1) at++
  // A lone CR may still become an empty line; what follows it decides.
  const undecided = at === length || (at === 0 && bytes[0] === CR && (length === 1))
  if (undecided || (at > 0 && bytes[at] === SP)) return undefined
  return badMethod(bytes, 0, at)
}

function badMethod(bytes: Uint8Array, start: number, at: number): WireError {
  const found = at === start
    ? `${byteName(bytes[at])} in front`
    : `${byteName(bytes[at])} in the method`
  return malformed(`Read request line: ${found}`, 'RFC 9112 section 3.1')
}

function tooLong(targetSize: number): WireError {
  const detail = `Read request target: more than ${targetSize} bytes`
  return wireError('TARGET_TOO_LONG', detail, 'RFC 9112 section 3')
}

function badTarget(lines: Lines, targetAt: number, at: number): WireError {
  const line = quote(lineText(lines, targetAt))
  const byte = lines.bytes[at]
  const found = at === targetAt && byte === SP ? 'empty' : byteName(byte)
  return malformed(`Read request target ${line}: ${found}`, 'RFC 9112 section 3.2')
}

function badVersion(lines: Lines, at: number): WireError {
  const text = lineText(lines, at)
  const endsWell = lines.text.startsWith('\r\n', at - lines.start + text.length)
  if (endsWell && VERSION.test(text)) {
    const detail = `Read version ${quote(text)}: not supported`
    return wireError('VERSION_UNSUPPORTED', detail, 'RFC 9110 section 15.6.6')
  }
  return malformed(`Read version ${quote(text)}: malformed`, 'RFC 9112 section 2.3')
}

function malformed(detail: string, clause: string): WireError {
  return wireError(REQUEST.malformed, detail, clause)
}
