const utf8 = new TextEncoder()

function hexPairs(text: string, mark: string): string {
  let out = ''
  for (const byte of utf8.encode(text)) {
    out += mark + byte.toString(16).toUpperCase().padStart(2, '0')
  }
  return out
}

/**
 * A distinguished name (RFC 4514) as printable ASCII without quotes. Whatever else occurs in it is written as
 * `\XX`, which RFC 4514 section 2.4 allows for any octet: the name stays the same, and can stand within quotes.
 */
export function safeSubject(subject: string): string {
  return subject.replace(
    /\\[0-9a-f]{2}|\\.|[^\x20-\x7e]|["\\]/gisu,
    (found) =>
      /^\\[0-9a-f]{2}$/i.test(found) ? found : hexPairs(found.replace(/^\\(?=.)/su, ''), '\\'),
  )
}

/** A name of a certificate as printable ASCII without blanks, quotes and backslashes; the rest is percent-encoded. */
export function safeName(name: string): string {
  return name.replace(/[^\x21-\x7e]|["\\]/gu, (found) => hexPairs(found, '%'))
}

/** Text that may quote what came from outside: controls, format characters and line separators become spaces. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, ' ')
}
