/** Decodes percent-encoding, one character a byte; what is no encoding stays. */
export function percentDecode(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(
    /%([\dA-Fa-f]{2})/g,
    (_, hex: string) => String.fromCharCode(parseInt(hex, 16)),
  )
}

/** A path as nginx's `$uri` has it: decoded, and `//` merged. Its dot segments are resolved already. */
export function decodePath(path: string): string {
  const decoded = percentDecode(path)
  return decoded.includes('//') ? decoded.replace(/\/{2,}/g, '/') : decoded
}

/** At most so many arguments of a query are read. */
const MOST_ARGUMENTS = 100

/** The arguments of a query, decoded, the first of each name. `query` begins with `?` or is empty. */
export function parseArguments(query: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  if (query.length < 2) return found
  for (const part of query.slice(1).split('&', MOST_ARGUMENTS)) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const name = formDecode(equals < 0 ? part : part.slice(0, equals))
    if (!found.has(name)) found.set(name, equals < 0 ? '' : formDecode(part.slice(equals + 1)))
  }
  return found
}

function formDecode(text: string): string {
  return percentDecode(text.includes('+') ? text.replaceAll('+', ' ') : text)
}

/** The cookies of a Cookie header (RFC 6265 section 5.4), the last of each name. */
export function parseCookies(header: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const part of header.split(';')) {
    const equals = part.indexOf('=')
    if (equals <= 0) continue
    found.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim())
  }
  return found
}

const utf8 = new TextEncoder()

/** Text as its UTF-8, one character a byte: as requests' values are. */
export function asBytes(text: string): string {
  // deno-lint-ignore no-control-regex
  if (/^[\u0000-\u007f]*$/.test(text)) return text
  let bytes = ''
  for (const byte of utf8.encode(text)) bytes += String.fromCharCode(byte)
  return bytes
}

/** Characters that a path and a query may have as they are, after nginx's `ngx_escape_uri` for URIs. */
// deno-lint-ignore no-control-regex
const MUST_ENCODE = /[\u0000-\u0020"#%<>?\\^`{|}\u007f-\u00ff]/g

/** Percent-encodes what may not stand in a path. `text` has one character a byte. */
export function encodePath(text: string): string {
  return text.replace(
    MUST_ENCODE,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}
