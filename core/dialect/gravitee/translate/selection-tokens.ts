/** A word, sign, number or text of a rule. */
export interface Token {
  readonly kind: 'sign' | 'word' | 'number' | 'text'
  readonly text: string
}

const TOKEN =
  /\s*(?:(\d+(?:\.\d+)?)|([A-Za-z_][\w-]*)|'((?:[^']|'')*)'|"([^"]*)"|(==|!=|>=|<=|&&|\|\||\?\.|[#.()[\]!<>?:]))/y

/** Cuts a rule into tokens; what is none of them comes as a sign of its own, which nothing expects. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  const end = text.trimEnd().length
  while (at < end) {
    TOKEN.lastIndex = at
    const found = TOKEN.exec(text)
    if (found === null) {
      return [...tokens, { kind: 'sign', text: text.slice(at).trim().slice(0, 20) }]
    }
    const [, number, word, single, double, sign] = found
    if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (word !== undefined) tokens.push({ kind: 'word', text: word })
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign })
    else tokens.push({ kind: 'text', text: single?.replaceAll("''", "'") ?? double ?? '' })
    at = TOKEN.lastIndex
  }
  return tokens
}
