import type { Ranges } from './types.ts'

const LAST = 0xffff

export const DIGIT: Ranges = [0x30, 0x39]
export const WORD: Ranges = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a]
export const SPACE: Ranges = [0x09, 0x0d, 0x20, 0x20]
export const NEWLINE: Ranges = [0x0a, 0x0a]
export const ANY: Ranges = [0, LAST]

/** POSIX names, as they stand within brackets. */
export const POSIX: Readonly<Record<string, Ranges>> = {
  alnum: [0x30, 0x39, 0x41, 0x5a, 0x61, 0x7a],
  alpha: [0x41, 0x5a, 0x61, 0x7a],
  ascii: [0, 0x7f],
  blank: [0x09, 0x09, 0x20, 0x20],
  cntrl: [0, 0x1f, 0x7f, 0x7f],
  digit: DIGIT,
  graph: [0x21, 0x7e],
  lower: [0x61, 0x7a],
  print: [0x20, 0x7e],
  punct: [0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e],
  space: SPACE,
  upper: [0x41, 0x5a],
  word: WORD,
  xdigit: [0x30, 0x39, 0x41, 0x46, 0x61, 0x66],
}

/** Puts ranges in order and joins those that touch. */
export function normalise(ranges: Ranges): Ranges {
  const pairs: [number, number][] = []
  for (let i = 0; i < ranges.length; i += 2) pairs.push([ranges[i]!, ranges[i + 1]!])
  pairs.sort((a, b) => a[0] - b[0])
  const joined: number[] = []
  for (const [first, last] of pairs) {
    const end = joined.length - 1
    if (end > 0 && first <= joined[end]! + 1) joined[end] = Math.max(joined[end]!, last)
    else joined.push(first, last)
  }
  return joined
}

/** All that is not in normalised ranges. */
export function negate(ranges: Ranges): Ranges {
  const others: number[] = []
  let next = 0
  for (let i = 0; i < ranges.length; i += 2) {
    if (ranges[i]! > next) others.push(next, ranges[i]! - 1)
    next = ranges[i + 1]! + 1
  }
  if (next <= LAST) others.push(next, LAST)
  return others
}

/** Adds the other case of ASCII letters. */
export function foldCase(ranges: Ranges): Ranges {
  const more: number[] = [...ranges]
  for (let i = 0; i < ranges.length; i += 2) {
    addShifted(more, [ranges[i]!, ranges[i + 1]!], { first: 0x41, last: 0x5a, by: 0x20 })
    addShifted(more, [ranges[i]!, ranges[i + 1]!], { first: 0x61, last: 0x7a, by: -0x20 })
  }
  return normalise(more)
}

function addShifted(
  more: number[],
  [from, to]: readonly [number, number],
  { first, last, by }: { readonly first: number; readonly last: number; readonly by: number },
): void {
  const start = Math.max(from, first)
  const end = Math.min(to, last)
  if (start <= end) more.push(start + by, end + by)
}

/** Whether a code unit is in ranges. */
export function contains(ranges: Ranges, code: number): boolean {
  for (let i = 0; i < ranges.length; i += 2) {
    if (code < ranges[i]!) return false
    if (code <= ranges[i + 1]!) return true
  }
  return false
}
