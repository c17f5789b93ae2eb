/** Whether two values made of objects, arrays, bytes and primitives have equal content. */
export function equal(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && equalBytes(a, b)
  }
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const left = a as Record<string, unknown>
  const right = b as Record<string, unknown>
  // Thousands are compared while there is traffic: names are counted, not listed.
  let more = 0
  for (const key in left) {
    if (!Object.hasOwn(right, key) || !equal(left[key], right[key])) return false
    more++
  }
  for (const _ in right) more--
  return more === 0
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
