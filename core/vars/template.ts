import { asBytes } from './decode.ts'
import type { Facts } from './facts.ts'
import { compileVariable, isKnownVariable, type Variable } from './variables.ts'

/** What stands for a group of a regular expression that was found before. */
export type GroupOf = (index: number) => string

/** Text with variables in it. */
export interface Template {
  readonly source: string
  /** The names of its variables. */
  readonly variables: readonly string[]
  /** The text for a request. `escape` is applied to what variables give, and not to the text between. */
  render(facts: Facts, options?: RenderOptions): string
  /** The same; undefined where none of its variables has a value. */
  renderAny(facts: Facts): string | undefined
}

/** How a template is rendered. */
export interface RenderOptions {
  readonly escape?: ((value: string) => string) | undefined
  /** What `$1` stands for; without it, nothing. */
  readonly group?: GroupOf | undefined
}

type Part = string | {
  readonly name: string
  readonly read: Variable
  readonly otherwise: string | undefined
  /** The number of a group; -1: a variable. */
  readonly group: number
}

// A backslash takes the dollar's meaning away and stays, as APISIX has it.
const PLACE = /(?<!\\)\$(?:\{\s*([^}]+?)\s*\}|(\d{1,2}|[\w.]+))/g

/** Compiles text in which `$name`, `${name}` and `${name ?? text}` stand for variables; missing ones are empty. */
export function compileTemplate(source: string): Template {
  const parts: Part[] = []
  let at = 0
  for (const found of source.matchAll(PLACE)) {
    if (found.index > at) parts.push(asBytes(source.slice(at, found.index)))
    const [whole = '', otherwise] = (found[1] ?? found[2] ?? '').split(/\s*\?\?\s*/)
    // `$host.test`: no variable has a dot in its name, unless it is that of an argument or a cookie.
    const dot = found[1] === undefined && !isKnownVariable(whole) ? whole.indexOf('.') : -1
    const name = dot > 0 ? whole.slice(0, dot) : whole
    const group = /^\d{1,2}$/.test(name) ? Number(name) : -1
    parts.push({ name, read: compileVariable(name), otherwise, group })
    at = found.index + found[0].length - (whole.length - name.length)
  }
  if (at < source.length) parts.push(asBytes(source.slice(at)))
  return new Compiled(source, parts)
}

class Compiled implements Template {
  readonly source: string
  readonly variables: readonly string[]
  readonly #parts: readonly Part[]
  readonly #fixed: string | undefined

  constructor(source: string, parts: readonly Part[]) {
    this.source = source
    this.#parts = parts
    this.variables = parts.flatMap((part) =>
      typeof part === 'string' || part.group >= 0 ? [] : [part.name]
    )
    this.#fixed = parts.every((part) => typeof part === 'string') ? parts.join('') : undefined
  }

  render(facts: Facts, { escape, group }: RenderOptions = {}): string {
    if (this.#fixed !== undefined) return this.#fixed
    let text = ''
    for (const part of this.#parts) {
      if (typeof part === 'string') text += part
      else if (part.group >= 0) text += group?.(part.group) ?? ''
      else {
        const value = part.read(facts) ?? part.otherwise ?? ''
        text += escape === undefined ? value : escape(value)
      }
    }
    return text
  }

  renderAny(facts: Facts): string | undefined {
    const some = this.#parts.some((part) =>
      typeof part !== 'string' && (part.read(facts) ?? part.otherwise) !== undefined
    )
    return some ? this.render(facts) : undefined
  }
}
