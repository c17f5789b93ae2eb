import type { Span } from '../snapshot/types.ts'

/** Where a moment lies: within a span, before it or after it. `from` counts in, `until` does not. */
export function placeIn(span: Span, now: number): 'within' | 'before' | 'after' {
  if (span.from !== undefined && now < span.from) return 'before'
  if (span.until !== undefined && now >= span.until) return 'after'
  return 'within'
}

/** A moment for people, UTC; what no calendar can show comes as its number. */
export function showTime(time: number | undefined): string {
  if (time === undefined) return 'never'
  return Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : String(time)
}
