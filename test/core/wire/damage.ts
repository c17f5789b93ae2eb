/** Ways to damage messages, the same in each run. */

const HOSTILE = [
  '\r',
  '\n',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '\r\n',
  '\r\n\r\n',
  '\x7f',
  '\xff',
  '0',
  '%2e',
  '/..',
  '"',
]

/** The text with something hostile put in, or something left out. */
export function damaged(text: string, below: (limit: number) => number): string {
  const at = below(text.length + 1)
  const piece = HOSTILE[below(HOSTILE.length)]!
  switch (below(3)) {
    case 0:
      return text.slice(0, at) + piece + text.slice(at)
    case 1:
      return text.slice(0, at) + piece + text.slice(at + piece.length)
    default:
      return text.slice(0, at) + text.slice(at + 1 + below(4))
  }
}
