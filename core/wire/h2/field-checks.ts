import { FIELD_BYTE, HTAB, quote, SP, TCHAR } from '../characters.ts'
import { HeaderNames } from '../headers.ts'
import type { HeaderList } from '../types.ts'

/** What is wrong with a field, and the section of RFC 9113 that says so. */
export interface FieldProblem {
  readonly detail: string
  readonly section: string
}

/** Fields of a connection of HTTP/1.1, which mean nothing here (RFC 9113 section 8.2.2). */
export const CONNECTION_SPECIFIC: HeaderNames = new HeaderNames([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

/** Names in lower case alone (RFC 9113 section 8.2.1). */
const NAME_BYTE = TCHAR.map((allowed, byte) => byte >= 0x41 && byte <= 0x5a ? 0 : allowed)

/** What is wrong with a field that is no pseudo-field (RFC 9113 sections 8.2.1 and 8.2.2). */
export function checkField(name: string, value: string): FieldProblem | undefined {
  if (!consistsOf(name, NAME_BYTE) || name === '') {
    return problem(`Read field ${quote(name)}: not a name`, '8.2.1')
  }
  if (!isValue(value)) {
    return problem(`Read field ${quote(name)} ${quote(value)}: not a value`, '8.2.1')
  }
  if (CONNECTION_SPECIFIC.has(name)) {
    return problem(`Read field ${quote(name)}: of HTTP/1.1 connections`, '8.2.2')
  }
  if (name === 'te' && value.toLowerCase() !== 'trailers') {
    return problem(`Read field "te" ${quote(value)}: other than "trailers"`, '8.2.2')
  }
  return undefined
}

/** What is wrong with trailers (RFC 9113 section 8.1). */
export function checkTrailers(fields: HeaderList): FieldProblem | undefined {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!
    if (name.startsWith(':')) return problem(`Read trailer ${quote(name)}: a pseudo-field`, '8.1')
    const found = checkField(name, fields[i + 1]!)
    if (found !== undefined) return found
  }
  return undefined
}

/** Whether each character of Latin-1 text stands in the table. */
export function consistsOf(text: string, table: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) {
    if (table[text.charCodeAt(i)] !== 1) return false
  }
  return true
}

function isValue(value: string): boolean {
  if (value === '') return true
  return !isBlank(value.charCodeAt(0)) && !isBlank(value.charCodeAt(value.length - 1)) &&
    consistsOf(value, FIELD_BYTE)
}

function isBlank(code: number): boolean {
  return code === SP || code === HTAB
}

function problem(detail: string, section: string): FieldProblem {
  return { detail, section }
}
