import type { Path, Span } from '../types.ts'
import type { Problems } from '../problems.ts'

/** A span must have a length. */
export function checkSpan(problems: Problems, { from, until }: Span, path: Path): void {
  if (from === undefined || until === undefined || from < until) return
  const iso = (time: number) => new Date(time).toISOString()
  const message = `Cannot use a span from ${iso(from)} until ${
    iso(until)
  }: it ends before it starts`
  problems.error(
    [...path, 'until'],
    from === until ? message.replace(/:[^:]*$/, ': it is empty') : message,
  )
}
