import type { Json } from '../../../store/mod.ts'
import { type Resolve, resolvePlaceholders, valueAt, variablesFor } from './placeholders.ts'
import { isTable, type Table } from './table.ts'

export { isTable, type Table } from './table.ts'

/** Something about a `gravitee.yml`, with its place. */
export interface ConfigProblem {
  readonly severity: 'error' | 'warning'
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** What all parts of one document share. */
interface Shared {
  readonly problems: ConfigProblem[]
  readonly env: (name: string) => string | undefined
  readonly resolve: Resolve
}

/** As many items as variables of the environment can add to a list. */
const MOST_ITEMS = 64

/**
 * A part of `gravitee.yml`, in which variables of the environment stand above what is written: `http.ssl.clientAuth`
 * is `gravitee_http_ssl_clientAuth`, or the same in capitals. `${…}` stands for another key, or a variable.
 */
export class Section {
  readonly path: readonly (string | number)[]
  readonly #table: Table
  readonly #shared: Shared

  constructor(table: Table, path: readonly (string | number)[], shared: Shared) {
    this.#table = table
    this.path = path
    this.#shared = shared
  }

  /** The whole of a document. */
  static root(
    document: Table,
    { problems, env }: {
      readonly problems: ConfigProblem[]
      readonly env: (name: string) => string | undefined
    },
  ): Section {
    const resolve: Resolve = (name) => {
      for (const variable of variablesFor(name.split('.'))) {
        const found = env(variable)
        if (found !== undefined) return found
      }
      const home = name === 'gravitee.home' ? env('GRAVITEE_HOME') : undefined
      return valueAt(document, name) ?? env(name) ?? home
    }
    return new Section(document, [], { problems, env, resolve })
  }

  /** What is written under a name, or stands in the environment; undefined where it is neither. */
  value(name: string): Json | undefined {
    const own = this.#table[name]
    const found = this.#variable(name) ?? (own === null ? undefined : own)
    return typeof found === 'string' ? this.#resolved(name, found) : found
  }

  #variable(...names: readonly (string | number)[]): string | undefined {
    for (const variable of variablesFor([...this.path, ...names])) {
      const found = this.#shared.env(variable)
      if (found !== undefined) return found
    }
    return undefined
  }

  #resolved(name: string, found: string): string | undefined {
    if (found.startsWith('secret://')) {
      return this.error(
        name,
        `Could not ask for "${found}": there are no secret managers here; write the value, or set a variable`,
      )
    }
    const { text, missing } = resolvePlaceholders(found, this.#shared.resolve)
    if (missing.length === 0) return text
    return this.error(
      name,
      `Could not resolve "\${${
        missing[0]
      }}": there is no such key, nor a variable of the environment`,
    )
  }

  text(name: string): string | undefined {
    const value = this.value(name)
    return typeof value === 'object' || value === undefined || value === ''
      ? undefined
      : String(value)
  }

  flag(name: string): boolean | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true'
    return this.error(name, `Could not use "${text}": true or false is expected`)
  }

  number(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    if (/^\d+$/.test(text)) return Number(text)
    this.error(name, `Could not use "${text}": a number is expected`)
    return undefined
  }

  /** One of some words, whatever their case. */
  word<W extends string>(name: string, words: readonly W[]): W | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const found = words.find((word) => word === text.toLowerCase())
    return found ??
      this.error(name, `Could not use "${text}": ${words.join(', ')} is expected`)
  }

  /** A list, or what stands between commas. */
  texts(name: string): string[] {
    const value = this.value(name)
    if (Array.isArray(value)) {
      return (value as readonly Json[]).flatMap((each) => this.#resolved(name, String(each)) ?? [])
    }
    return this.text(name)?.split(',').map((each) => each.trim()).filter((each) => each !== '') ??
      []
  }

  section(name: string): Section {
    const own = this.#table[name]
    return new Section(isTable(own) ? own : {}, [...this.path, name], this.#shared)
  }

  /** The maps of a list; variables with one of `keys` add items to it. */
  sections(name: string, keys: readonly string[] = []): Section[] {
    const own = this.#table[name]
    const written = Array.isArray(own) ? own as readonly Json[] : []
    const isNamed = (at: number): boolean =>
      at < MOST_ITEMS && keys.some((key) => this.#variable(name, at, key) !== undefined)
    const sections: Section[] = []
    for (let at = 0; at < written.length || isNamed(at); at++) {
      const each = written[at]
      const table = each !== undefined && isTable(each) ? each : {}
      sections.push(new Section(table, [...this.path, name, at], this.#shared))
    }
    return sections
  }

  has(name: string): boolean {
    return this.#table[name] !== undefined
  }

  /** The keys that are written. */
  keys(): string[] {
    return Object.keys(this.#table)
  }

  /** Says of each key that is written and none of these that it has no effect. */
  only(known: readonly string[]): void {
    for (const key of this.keys()) {
      if (!known.includes(key)) this.warning(key, `"${key}" is not known here, and has no effect`)
    }
  }

  error(name: string, message: string): undefined {
    this.#shared.problems.push({ severity: 'error', path: [...this.path, name], message })
    return undefined
  }

  warning(name: string, message: string): void {
    this.#shared.problems.push({ severity: 'warning', path: [...this.path, name], message })
  }
}
