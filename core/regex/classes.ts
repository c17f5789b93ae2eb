import { type Cursor, PatternError } from './cursor.ts'
import { DIGIT, foldCase, negate, NEWLINE, normalise, POSIX, SPACE, WORD } from './ranges.ts'
import type { Ranges } from './types.ts'

/** What an escape stands for, within brackets and without. */
export type ClassEscape = { readonly ranges: Ranges } | { readonly code: number }

const CLASSES: Readonly<Record<string, Ranges>> = {
  d: DIGIT,
  D: negate(DIGIT),
  w: WORD,
  W: negate(WORD),
  s: SPACE,
  S: negate(SPACE),
  h: [0x09, 0x09, 0x20, 0x20],
  N: negate(NEWLINE),
}

const CONTROLS: Readonly<Record<string, number>> = {
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
  f: 0x0c,
  v: 0x0b,
  a: 0x07,
  e: 0x1b,
  0: 0,
}

/** Reads what follows a backslash. */
export function readClassEscape(cursor: Cursor): ClassEscape {
  if (cursor.done) throw new PatternError('a "\\" stands at the end')
  const hex = /^(?:x\{([\dA-Fa-f]{1,4})\}|x([\dA-Fa-f]{2})|u([\dA-Fa-f]{4}))/.exec(cursor.rest)
  if (hex !== null) {
    cursor.skip(hex[0].length)
    return { code: parseInt(hex[1] ?? hex[2] ?? hex[3]!, 16) }
  }
  const char = cursor.next()
  const ranges = CLASSES[char]
  if (ranges !== undefined) return { ranges }
  const control = CONTROLS[char]
  if (control !== undefined) return { code: control }
  // Punctuation stands for itself; letters may have a meaning elsewhere, and it must not be lost.
  if (/[A-Za-z\d]/.test(char)) throw new PatternError(`"\\${char}" has no meaning here`)
  return { code: char.charCodeAt(0) }
}

/** Reads brackets from behind the `[` to behind the `]`. */
export function readBrackets(cursor: Cursor, ignoreCase: boolean): Ranges {
  const negated = cursor.take('^')
  const ranges: number[] = []
  for (let first = true; first || !cursor.at(']'); first = false) {
    if (cursor.done) throw new PatternError('a "[" is not closed')
    const posix = /^\[:(\^?)(\w+):\]/.exec(cursor.rest)
    if (posix !== null) {
      ranges.push(...posixRanges(posix[2]!, posix[1] === '^'))
      cursor.skip(posix[0].length)
    } else readItem(cursor, ranges)
  }
  cursor.skip(1)
  const all = normalise(ranges)
  const folded = ignoreCase ? foldCase(all) : all
  return negated ? negate(folded) : folded
}

function posixRanges(name: string, negated: boolean): Ranges {
  const found = Object.hasOwn(POSIX, name) ? POSIX[name] : undefined
  if (found === undefined) throw new PatternError(`"[:${name}:]" is no known class`)
  return negated ? negate(normalise(found)) : found
}

/** One character, one class, or a range. */
function readItem(cursor: Cursor, ranges: number[]): void {
  const from = readMember(cursor)
  if ('ranges' in from) {
    ranges.push(...from.ranges)
    return
  }
  const isRange = cursor.at('-') && !/^-(\]|$)/.test(cursor.rest)
  if (!isRange) {
    ranges.push(from.code, from.code)
    return
  }
  cursor.skip(1)
  const to = readMember(cursor)
  if ('ranges' in to) throw new PatternError('a range ends in a class')
  if (to.code < from.code) throw new PatternError('a range is out of order')
  ranges.push(from.code, to.code)
}

function readMember(cursor: Cursor): ClassEscape {
  if (!cursor.take('\\')) return { code: cursor.next().charCodeAt(0) }
  // Within brackets it is a backspace.
  return cursor.take('b') ? { code: 0x08 } : readClassEscape(cursor)
}
