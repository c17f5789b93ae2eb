/** One attribute of a distinguished name. */
export interface NamePart {
  /** Upper case. */
  readonly type: string
  readonly value: string
}

const utf8 = new TextDecoder('utf-8')

/** The attributes of RFC 4514 text, in its order; values without their escapes, as UTF-8 with a character a byte. */
export function splitName(name: string): NamePart[] {
  const parts: NamePart[] = []
  for (const written of splitUnescaped(name)) {
    const equals = written.indexOf('=')
    if (equals <= 0) continue
    const value = unescaped(written.slice(equals + 1))
    parts.push({ type: written.slice(0, equals).trim().toUpperCase(), value })
  }
  return parts
}

/** Cuts at `,` and `+` without `\` before them. */
function splitUnescaped(name: string): string[] {
  const parts: string[] = []
  let start = 0
  for (let at = 0; at < name.length; at++) {
    if (name[at] === '\\') at++
    else if (name[at] === ',' || name[at] === '+') {
      parts.push(name.slice(start, at))
      start = at + 1
    }
  }
  parts.push(name.slice(start))
  return parts
}

function unescaped(value: string): string {
  const hexless = value.replace(
    /(?:\\[\dA-Fa-f]{2})+/g,
    (run) => utf8.decode(Uint8Array.from(run.split('\\').slice(1), (hex) => parseInt(hex, 16))),
  )
  return hexless.replace(/\\(.)/g, '$1')
}
