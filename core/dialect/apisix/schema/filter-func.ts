import type { Json } from '../../../store/types.ts'
import type { Table } from '../table.ts'

/** How `function(vars) return … end` begins, with the name of its parameter. */
const HEAD = /^\s*function\s*\(\s*([A-Za-z_]\w*)\s*\)\s*return\b/
const TOKEN = /\s*(?:([A-Za-z_]\w*)|'([^'\\\n]*)'|"([^"\\\n]*)"|(==|~=|[()[\].]))/y
const MAX_LENGTH = 4096

interface Token {
  readonly kind: 'name' | 'text' | 'sign'
  readonly value: string
}

/**
 * Reads the `filter_func` of a route where it does no more than to compare variables with texts or with nil, joined by
 * `and` and `or`: most do. @returns the same as an expression of `vars`; undefined where it is more than that
 */
export function readFilterFunc(code: string): Json | undefined {
  const head = code.length > MAX_LENGTH ? null : HEAD.exec(code)
  if (head === null) return undefined
  const body = withoutEnd(code.slice(head[0].length))
  const tokens = body === undefined ? undefined : tokensOf(body)
  if (tokens === undefined) return undefined
  try {
    const reader = new Reader(tokens, head[1] ?? '')
    const rule = reader.either()
    return reader.ended ? [rule] : undefined
  } catch (error) {
    if (error instanceof Unreadable) return undefined
    throw error
  }
}

/** The field of a route that is Lua, of which more would have to be run than can be read. */
export function codeOf(route: Table): string | undefined {
  if (route['script'] !== undefined) return 'script'
  const code = route['filter_func']
  if (code === undefined) return undefined
  return typeof code === 'string' && readFilterFunc(code) !== undefined ? undefined : 'filter_func'
}

/** Thrown within this file alone. */
class Unreadable extends Error {}

/** What stands before the last `end`. */
function withoutEnd(text: string): string | undefined {
  const body = withoutSemicolon(text)
  return /\Wend$/.test(body) ? withoutSemicolon(body.slice(0, -3)) : undefined
}

function withoutSemicolon(text: string): string {
  const trimmed = text.trimEnd()
  return trimmed.endsWith(';') ? trimmed.slice(0, -1).trimEnd() : trimmed
}

function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = []
  for (let at = 0; at < text.length;) {
    TOKEN.lastIndex = at
    const found = TOKEN.exec(text)
    if (found === null) return undefined
    const [whole, name, single, double, sign] = found
    const quoted = single ?? double
    if (name !== undefined) tokens.push({ kind: 'name', value: name })
    else if (quoted !== undefined) tokens.push({ kind: 'text', value: quoted })
    else tokens.push({ kind: 'sign', value: sign ?? '' })
    at += whole.length
  }
  return tokens
}

const MAX_DEPTH = 20

class Reader {
  readonly #tokens: readonly Token[]
  readonly #parameter: string
  #at = 0
  #depth = 0

  constructor(tokens: readonly Token[], parameter: string) {
    this.#tokens = tokens
    this.#parameter = parameter
  }

  get ended(): boolean {
    return this.#at === this.#tokens.length
  }

  either(): Json {
    return this.#joined('or', () => this.#joined('and', () => this.#unit()))
  }

  #joined(word: 'and' | 'or', part: () => Json): Json {
    const parts = [part()]
    while (this.#takes('name', word)) parts.push(part())
    return parts.length === 1 ? parts[0] as Json : [word.toUpperCase(), ...parts]
  }

  #unit(): Json {
    if (!this.#takes('sign', '(')) return this.#comparison()
    if (++this.#depth > MAX_DEPTH) throw new Unreadable()
    const inner = this.either()
    this.#expect(')')
    this.#depth--
    return inner
  }

  #comparison(): Json {
    const left = this.#operand()
    const operator = this.#next('sign')
    if (operator !== '==' && operator !== '~=') throw new Unreadable()
    const right = this.#operand()
    const [variable, value] = 'variable' in left ? [left, right] : [right, left]
    if (!('variable' in variable) || 'variable' in value) throw new Unreadable()
    return [variable.variable, operator, value.value]
  }

  #operand(): { readonly variable: string } | { readonly value: string | null } {
    if (this.#tokens[this.#at]?.kind === 'text') return { value: this.#next('text') }
    if (this.#takes('name', 'nil')) return { value: null }
    if (!this.#takes('name', this.#parameter)) throw new Unreadable()
    if (this.#takes('sign', '.')) return { variable: this.#next('name') }
    this.#expect('[')
    const variable = this.#next('text')
    this.#expect(']')
    return { variable }
  }

  #next(kind: Token['kind']): string {
    const token = this.#tokens[this.#at]
    if (token?.kind !== kind) throw new Unreadable()
    this.#at++
    return token.value
  }

  #expect(sign: string): void {
    if (!this.#takes('sign', sign)) throw new Unreadable()
  }

  #takes(kind: Token['kind'], value: string): boolean {
    const token = this.#tokens[this.#at]
    const is = token?.kind === kind && token.value === value
    if (is) this.#at++
    return is
  }
}
