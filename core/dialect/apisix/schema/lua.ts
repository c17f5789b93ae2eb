import type { Json } from '../../../store/types.ts'

/** The name that Lua has for a value's type; the null of cjson is a `userdata`. */
export function luaType(value: Json): string {
  if (value === null) return 'userdata'
  return typeof value === 'object' ? 'table' : typeof value
}

/** A text as Lua's `%q` writes it. */
export function luaQuote(text: string): string {
  const escaped = text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\\n').replaceAll('\r', '\\r')
    .replaceAll('\0', '\\000')
  return `"${escaped}"`
}

/** What kind of table a value is: cjson gives the same empty table for `{}` and `[]`. */
export function tableKind(value: Json): 'object' | 'array' | 'empty' | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) return value.length === 0 ? 'empty' : 'array'
  return Object.keys(value).length === 0 ? 'empty' : 'object'
}

/** Whether two values are the same to Lua. */
export function deepEqual(a: Json, b: Json): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  const kinds = [tableKind(a), tableKind(b)]
  if (kinds[0] !== kinds[1]) return false
  const left = Object.entries(a)
  const right = b as { readonly [name: string]: Json }
  return left.length === Object.keys(right).length &&
    left.every(([name, value]) =>
      Object.hasOwn(right, name) && deepEqual(value, right[name] as Json)
    )
}
