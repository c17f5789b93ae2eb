import type { HeaderList } from './types.ts'

/** Whether `name` is `lower` in any case. `lower` must be in lower case, and both of tchar alone. */
export function isNamed(name: string, lower: string): boolean {
  if (name.length !== lower.length) return false
  for (let i = 0; i < lower.length; i++) {
    if ((name.charCodeAt(i) | 0x20) !== (lower.charCodeAt(i) | 0x20)) return false
  }
  return true
}

/** The first value of the field `lower`, or undefined. */
export function getHeader(headers: HeaderList, lower: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) {
    if (isNamed(headers[i]!, lower)) return headers[i + 1]
  }
  return undefined
}

/** How many fields are named `lower`. */
export function countHeader(headers: HeaderList, lower: string): number {
  let count = 0
  for (let i = 0; i < headers.length; i += 2) {
    if (isNamed(headers[i]!, lower)) count++
  }
  return count
}

/** All values of the field `lower`, joined as RFC 9110 section 5.3 says; undefined where there is none. */
export function joinedHeader(headers: HeaderList, lower: string): string | undefined {
  let joined: string | undefined
  for (let i = 0; i < headers.length; i += 2) {
    if (!isNamed(headers[i]!, lower)) continue
    joined = joined === undefined ? headers[i + 1] : `${joined}, ${headers[i + 1]}`
  }
  return joined
}

/** The fields of `headers` that are not named in `names` (lower case). */
export function withoutFields(headers: HeaderList, names: Iterable<string>): HeaderList {
  const dropped = new HeaderNames(names)
  const kept: HeaderList = []
  for (let i = 0; i < headers.length; i += 2) {
    if (!dropped.has(headers[i]!)) kept.push(headers[i]!, headers[i + 1]!)
  }
  return kept
}

/** A set of field names that is asked in any case without making strings. Build it once. */
export class HeaderNames {
  readonly #byLength: (readonly string[] | undefined)[] = []

  constructor(names: Iterable<string>) {
    for (const name of names) {
      const length = name.length
      while (this.#byLength.length <= length) this.#byLength.push(undefined)
      this.#byLength[length] = [...(this.#byLength[length] ?? []), name.toLowerCase()]
    }
  }

  has(name: string): boolean {
    const { length } = name
    const names = length < this.#byLength.length ? this.#byLength[length] : undefined
    if (names === undefined) return false
    for (let i = 0; i < names.length; i++) {
      if (isNamed(name, names[i]!)) return true
    }
    return false
  }
}
