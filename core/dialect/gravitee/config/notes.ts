import type { Json } from '../../../store/mod.ts'

/** Something about a `gravitee.yml`, with its place. */
export interface ConfigProblem {
  readonly severity: 'error' | 'warning'
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** A map within a document. */
export type Table = { readonly [name: string]: Json }

/** Whether a value is a map. */
export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * A part of `gravitee.yml`, in which variables of the environment stand above what is written: `http.ssl.clientAuth`
 * is `gravitee_http_ssl_clientAuth`, or the same in capitals.
 */
export class Section {
  readonly path: readonly (string | number)[]
  readonly problems: ConfigProblem[]
  readonly #table: Table
  readonly #env: (name: string) => string | undefined

  constructor(
    table: Table,
    { path, problems, env }: {
      readonly path: readonly (string | number)[]
      readonly problems: ConfigProblem[]
      readonly env: (name: string) => string | undefined
    },
  ) {
    this.#table = table
    this.path = path
    this.problems = problems
    this.#env = env
  }

  /** What is written under a name, or stands in the environment; undefined where it is neither. */
  value(name: string): Json | undefined {
    const variable = ['gravitee', ...this.path, name].join('_')
    const own = this.#table[name]
    return this.#env(variable) ?? this.#env(variable.toUpperCase()) ??
      (own === null ? undefined : own)
  }

  text(name: string): string | undefined {
    const value = this.value(name)
    return typeof value === 'object' || value === undefined || value === ''
      ? undefined
      : String(value)
  }

  flag(name: string): boolean | undefined {
    const text = this.text(name)
    return text === undefined ? undefined : text.toLowerCase() === 'true'
  }

  number(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    if (/^\d+$/.test(text)) return Number(text)
    this.error(name, `Could not use "${text}": a number is expected`)
    return undefined
  }

  /** A list, or what stands between commas. */
  texts(name: string): string[] {
    const value = this.value(name)
    if (Array.isArray(value)) return (value as readonly Json[]).map(String)
    return this.text(name)?.split(',').map((each) => each.trim()).filter((each) => each !== '') ??
      []
  }

  section(name: string): Section {
    const own = this.#table[name]
    return this.#at(isTable(own) ? own : {}, name)
  }

  /** The maps of a list. */
  sections(name: string): Section[] {
    const own = this.#table[name]
    if (!Array.isArray(own)) return []
    return (own as readonly Json[]).map((each, at) =>
      new Section(isTable(each) ? each : {}, {
        path: [...this.path, name, at],
        problems: this.problems,
        env: this.#env,
      })
    )
  }

  has(name: string): boolean {
    return this.#table[name] !== undefined
  }

  error(name: string, message: string): undefined {
    this.problems.push({ severity: 'error', path: [...this.path, name], message })
    return undefined
  }

  warning(name: string, message: string): void {
    this.problems.push({ severity: 'warning', path: [...this.path, name], message })
  }

  #at(table: Table, name: string): Section {
    return new Section(table, {
      path: [...this.path, name],
      problems: this.problems,
      env: this.#env,
    })
  }
}
