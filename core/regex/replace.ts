import type { Groups, Regex } from './types.ts'

/** The text of a group; empty where it took no part. */
export function groupText(text: string, found: Groups, index: number): string {
  const start = found[index * 2] ?? -1
  const end = found[index * 2 + 1] ?? -1
  return start < 0 || end < start ? '' : text.slice(start, end)
}

/**
 * Puts something else in place of what a pattern finds.
 *
 * @param all everywhere, or where it is found first
 * @returns undefined where nothing is found
 */
export function replaceFound(
  regex: Regex,
  text: string,
  { by, all }: { readonly by: (found: Groups) => string; readonly all: boolean },
): string | undefined {
  let done = ''
  let copied = 0
  let from = 0
  let times = 0
  const search = regex.search(text)
  while (from <= text.length) {
    const found = search(from)
    if (found === undefined) break
    times++
    const [start, end] = found as readonly [number, number]
    done += text.slice(copied, start) + by(found)
    copied = end
    // What is empty stands once between two characters.
    from = end === start ? end + 1 : end
    if (!all) break
  }
  return times === 0 ? undefined : done + text.slice(copied)
}

/** Compiles `$1`, `${1}`, `$&`, `$0` in a replacement; `$$` is a dollar. What is no group stays. */
export function compileReplacement(
  replacement: string,
): (text: string, found: Groups) => string {
  const parts: (string | number)[] = []
  let at = 0
  for (const match of replacement.matchAll(/\$(?:(\d{1,2})|\{(\d{1,2})\}|(&)|(\$))/g)) {
    parts.push(replacement.slice(at, match.index))
    parts.push(match[4] !== undefined ? '$' : Number(match[1] ?? match[2] ?? 0))
    at = match.index + match[0].length
  }
  parts.push(replacement.slice(at))
  return (text, found) =>
    parts.map((part) => typeof part === 'number' ? groupText(text, found, part) : part).join('')
}
