import type { Path } from '../types.ts'
import type { Problems } from '../problems.ts'
import { isMap, valueAt } from '../problems.ts'
import { pathText, quote } from '../text.ts'

/** Names that must be used once. */
export class UniqueNames {
  readonly #problems: Problems
  readonly #noun: string
  readonly #first = new Map<string, Path>()

  /** @param noun what messages call the named things */
  constructor(problems: Problems, noun: string) {
    this.#problems = problems
    this.#noun = noun
  }

  /** Takes a name; one that is taken already is an error at `path`. */
  take(name: string, path: Path): void {
    const first = this.#first.get(name)
    if (first === undefined) this.#first.set(name, path)
    else {
      const message = `Duplicate ${this.#noun} ${quote(name)}: ${pathText(first)} has it already`
      this.#problems.error(path, message)
    }
  }
}

/** A map in a list of the document, as it is written, right or wrong. */
export interface WrittenItem {
  readonly path: Path
  readonly value: Readonly<Record<string, unknown>>
}

/** The maps in a list of the document, also those that are wrong in some way. */
export function writtenItems(problems: Problems, key: string): WrittenItem[] {
  const raw = valueAt(problems.document, [key])
  if (!Array.isArray(raw)) return []
  return raw.flatMap((value: unknown, index) => isMap(value) ? { path: [key, index], value } : [])
}

/** The names written in a list of things, also of those that are wrong in another way. */
export function writtenNames(problems: Problems, key: string): ReadonlySet<string> {
  const names = writtenItems(problems, key).map(({ value }) => value['name'])
  return new Set(names.filter((name) => typeof name === 'string'))
}
