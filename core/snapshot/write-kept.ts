/** A map of a document. */
export type Document = Readonly<Record<string, unknown>>

/** The keys of a map that say something: neither undefined nor what holds anyway. */
export function kept(map: object, defaults: object): Document {
  const otherwise = defaults as Document
  return Object.fromEntries(
    Object.entries(map).filter(([key, value]) =>
      value !== undefined && !sameValue(value, otherwise[key])
    ),
  )
}

/** Whether two values made of maps, lists and scalars are the same. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const [left, right] = [a as Document, b as Document]
  const keys = new Set([...Object.keys(left), ...Object.keys(right)])
  return [...keys].every((key) => sameValue(left[key], right[key]))
}

/** A span of time as it is written. */
export function milliseconds(ms: number): string {
  return `${ms}ms`
}

/** The same for each of these keys that a map has. */
export function spans(map: object, keys: readonly string[]): Document {
  const durations = Object.entries(map).map(([key, value]) =>
    [key, keys.includes(key) && typeof value === 'number' ? milliseconds(value) : value] as const
  )
  return Object.fromEntries(durations)
}
