import type { Path } from './types.ts'

// Controls, line separators and direction overrides: what could forge or hide part of a line.
// deno-lint-ignore no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`

/** The text with everything escaped that could break or disguise a log line. */
export function safe(text: string): string {
  return text.replace(UNSAFE, escaped)
}

/** The text in double quotes, escaped, and cut where it is long. */
export function quote(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 77)}...` : text
  return safe(JSON.stringify(short))
}

/** A path as operators write it: `listeners[0].tls[1].names`. */
export function pathText(path: Path): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (/^[\w-]+$/.test(step)) text += text === '' ? step : `.${step}`
    else text += `[${quote(step)}]`
  }
  return text === '' ? 'the configuration' : text
}

/** Where a value stands in its parent: `address`, or `hosts[2]` for an item of a list. */
export function nameOf(path: Path): string {
  const from = path.findLastIndex((step) => typeof step === 'string')
  return pathText(path.slice(Math.max(from, 0)))
}

/** What a value is, for a message. The content of a hidden value is never told. */
export function describe(value: unknown, hidden = false): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (value instanceof Date) return 'a date'
  if (typeof value === 'object') return 'a map'
  if (hidden) return `a ${typeof value}`
  return typeof value === 'string' ? quote(value) : safe(String(value))
}

/** How many edits (insert, delete, replace, swap neighbours) lead from one word to another. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let best = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (same ? 0 : 1))
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) best = Math.min(best, before[j - 2]! + 1)
      next.push(best)
    }
    before = row
    row = next
  }
  return row[b.length]!
}

/** The known word that `word` was probably meant to be. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > 40) return undefined
  const lower = word.toLowerCase().replaceAll(/[-_]/g, '')
  let best: string | undefined
  let least = Math.min(3, Math.ceil(lower.length / 3)) + 1
  // Of thousands of names, a like one is no longer a hint worth its time.
  for (const candidate of known.slice(0, 1000)) {
    const edits = distance(lower, candidate.toLowerCase().replaceAll('-', ''))
    if (edits >= least) continue
    best = candidate
    least = edits
  }
  return best
}

/** `"x": did you mean "y"`, or the words there are. */
export function suggest(word: string, known: readonly string[]): string {
  const near = nearest(word, known)
  if (near !== undefined) return `did you mean ${quote(near)}?`
  return known.length === 0 ? 'there are none' : `expected ${listed(known)}`
}

/** `a, b or c`. */
export function listed(words: readonly string[]): string {
  const shown = words.length > 30 ? [...words.slice(0, 30), 'others'] : words
  if (shown.length < 2) return shown.join('')
  return `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}`
}
