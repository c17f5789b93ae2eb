/** Stands for any one character. */
const ONE = Symbol('?')
/** Stands for any characters, also none. */
const ANY = Symbol('*')

/** A pattern, ready to be matched. */
export interface Glob {
  /** Characters to be met as they are, and wildcards. */
  readonly tokens: readonly (string | symbol)[]
  /** Characters that no wildcard stands for. */
  readonly stops: string
  /** Whether the `*` at the end stands for all characters, stops too. */
  readonly open: boolean
  /** Whether there is any wildcard. */
  readonly wild: boolean
}

/** How wildcards are bounded. */
export interface GlobOptions {
  readonly stops?: string
  readonly open?: boolean
}

/** Reads a pattern: `*`, `?`, and `\` before a character that stands for itself. */
export function parseGlob(text: string, { stops = '', open = false }: GlobOptions = {}): Glob {
  const tokens: (string | symbol)[] = []
  let escaped = false
  for (const character of text) {
    if (!escaped && character === '\\') escaped = true
    else {
      tokens.push(escaped ? character : wildcardOf(character))
      escaped = false
    }
  }
  return globOf(tokens, { stops, open })
}

/** A pattern of tokens that were read elsewhere. */
export function globOf(
  tokens: readonly (string | symbol)[],
  { stops = '', open = false }: GlobOptions = {},
): Glob {
  const wild = tokens.some((token) => typeof token === 'symbol')
  return { tokens, stops, open: open && tokens.at(-1) === ANY, wild }
}

/** The token that a character without `\` before it is. */
export function wildcardOf(character: string): string | symbol {
  return character === '*' ? ANY : character === '?' ? ONE : character
}

/**
 * Whether a text fits a pattern as a whole. Each character is compared at most once with each token: after a
 * mismatch only the last `*` takes one character more, for what an earlier one could take, that one can too.
 */
export function matchesGlob({ tokens, stops, open }: Glob, text: string): boolean {
  const characters = [...text]
  const end = open ? tokens.length - 1 : tokens.length
  const passes = (character: string): boolean => !stops.includes(character)
  let token = 0
  let star = -1
  let taken = 0
  for (let at = 0; at < characters.length;) {
    if (open && token === end) return true
    const character = characters[at] as string
    const wanted = token < end ? tokens[token] : undefined
    if (wanted === character || (wanted === ONE && passes(character))) {
      token++
      at++
    } else if (wanted === ANY) {
      star = token++
      taken = at
    } else if (star >= 0 && passes(characters[taken] as string)) {
      token = star + 1
      at = ++taken
    } else return false
  }
  while (token < end && tokens[token] === ANY) token++
  return token === end
}
