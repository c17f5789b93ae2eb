/** Byte values that the grammar of HTTP/1.1 names. */
export const HTAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SP = 0x20
export const COLON = 0x3a

const ALPHANUMERIC = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** A table over all byte values: 1 where the byte's character stands in `members`. */
export function byteTable(members: string): Uint8Array {
  const table = new Uint8Array(256)
  for (let i = 0; i < members.length; i++) table[members.charCodeAt(i)] = 1
  return table
}

/** tchar (RFC 9110 section 5.6.2). */
export const TCHAR: Uint8Array = byteTable(`!#$%&'*+-.^_\`|~${ALPHANUMERIC}`)

/** What a field value may hold: HTAB, SP, VCHAR and obs-text (RFC 9110 section 5.5). */
export const FIELD_BYTE: Uint8Array = new Uint8Array(256).map((_, byte) =>
  byte === HTAB || (byte >= SP && byte !== 0x7f) ? 1 : 0
)

/** The value of a hexadecimal digit, or 255. */
export const HEX_VALUE: Uint8Array = new Uint8Array(256).map((_, byte) => {
  const value = '0123456789abcdef'.indexOf(String.fromCharCode(byte).toLowerCase())
  return value < 0 ? 255 : value
})

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const FIELD_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/

/** Whether `text` is a token (RFC 9110 section 5.6.2). */
export function isToken(text: string): boolean {
  return TOKEN.test(text)
}

/** Whether `text` may stand as a field value: Latin-1 without control characters (RFC 9110 section 5.5). */
export function isFieldValue(text: string): boolean {
  return FIELD_TEXT.test(text)
}

const QUOTED_LENGTH = 64

/** Text from outside for a message: in quotes, cut short, nothing unprintable left as it is. */
export function quote(text: string): string {
  const short = text.length > QUOTED_LENGTH ? text.slice(0, QUOTED_LENGTH) : text
  // deno-lint-ignore no-control-regex
  const safe = short.replace(/["\\\x00-\x1f\x7f-\uffff]/g, escaped)
  return short === text ? `"${safe}"` : `"${safe}"...`
}

function escaped(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`
  const code = character.charCodeAt(0)
  return code > 0xff ? `\\u${hex(code, 4)}` : `\\x${hex(code, 2)}`
}

/** A byte's name in a message. */
export function byteName(byte: number | undefined): string {
  return byte === undefined ? 'the end' : `byte 0x${hex(byte, 2)}`
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
