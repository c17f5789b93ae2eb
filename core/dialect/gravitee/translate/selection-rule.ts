import type { CompareConfig, ConditionConfig } from '../../../snapshot/mod.ts'
import { type Token, tokenize } from './selection-tokens.ts'

/** What a rule was translated to, or why it cannot be. */
export type Translated = { readonly conditions: readonly ConditionConfig[] } | {
  readonly error: string
}

const NEVER: ConditionConfig = { any: [] }
/** How deep brackets may stand in brackets. */
const DEPTH = 16

/**
 * Translates a selection rule: of Gravitee's expression language, comparisons of what a request says of itself with
 * literals, `matches`, `contains`, `startsWith` and `endsWith`, joined by `&&`, `||`, `!` and brackets.
 */
export function translateRule(rule: string): Translated {
  const inner = /^\s*\{([\s\S]*)\}\s*$/.exec(rule)?.[1] ?? rule
  if (inner.trim() === '') return { conditions: [] }
  try {
    const reader = new Reader(tokenize(inner))
    const condition = reader.expression(0)
    reader.end()
    return { conditions: condition === true ? [] : [condition === false ? NEVER : condition] }
  } catch (error) {
    const state = error instanceof Unsupported ? error.message : 'it cannot be read'
    return { error: `Could not use selection rule "${rule.slice(0, 200)}": ${state}` }
  }
}

/** Something that this subset does not have. */
class Unsupported extends Error {}

/** A condition, or one that always holds or never does. */
type Found = ConditionConfig | boolean

/** What stands on a side of a comparison. */
type Operand =
  | { readonly kind: 'variable'; readonly name: string; readonly attribute?: string }
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }

class Reader {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  expression(depth: number): Found {
    if (depth > DEPTH) throw new Unsupported(`brackets stand deeper than ${DEPTH}`)
    const parts = [this.#all(depth)]
    while (this.#takes('||', 'or')) parts.push(this.#all(depth))
    return parts.length === 1 ? parts[0] as Found : { any: parts.map(asCondition) }
  }

  end(): void {
    const token = this.#tokens[this.#at]
    if (token !== undefined) throw new Unsupported(`"${token.text}" is not expected`)
  }

  #all(depth: number): Found {
    const parts = [this.#one(depth)]
    while (this.#takes('&&', 'and')) parts.push(this.#one(depth))
    return parts.length === 1 ? parts[0] as Found : { all: parts.map(asCondition) }
  }

  #one(depth: number): Found {
    if (this.#takes('!', 'not')) {
      const inner = this.#one(depth + 1)
      return typeof inner === 'boolean' ? !inner : { not: inner }
    }
    if (this.#takes('(')) {
      const inner = this.expression(depth + 1)
      this.#expect(')')
      return inner
    }
    return this.#comparison()
  }

  #comparison(): Found {
    const left = this.#operand()
    if (this.#takes('.')) return this.#method(left)
    const operator = this.#operator()
    if (operator === undefined) {
      if (left.kind === 'literal' && typeof left.value === 'boolean') return left.value
      throw new Unsupported('a comparison is expected')
    }
    return compare(left, operator, this.#operand())
  }

  #operator(): string | undefined {
    for (const text of ['==', '!=', '>=', '<=', '>', '<', 'eq', 'ne', 'matches']) {
      if (this.#takes(text)) return text
    }
    return undefined
  }

  #method(operand: Operand): Found {
    const { text } = this.#next()
    if (!['contains', 'startsWith', 'endsWith', 'equals', 'matches'].includes(text)) {
      throw new Unsupported(`method "${text}" is not supported`)
    }
    this.#expect('(')
    const argument = this.#operand()
    this.#expect(')')
    return compare(operand, text, argument)
  }

  #operand(): Operand {
    const token = this.#next()
    if (token.kind === 'text') return { kind: 'literal', value: token.text }
    if (token.kind === 'number') return { kind: 'literal', value: Number(token.text) }
    const constant = CONSTANTS.get(token.text)
    if (constant !== undefined) return { kind: 'literal', value: constant }
    if (token.text !== '#') throw new Unsupported(`"${token.text}" is not supported`)
    return this.#variable()
  }

  /** `#request.` and what follows, with indices. */
  #variable(): Operand {
    let name = this.#next().text
    for (;;) {
      const follows = this.#tokens[this.#at + 1]?.text ?? ''
      if (this.#tokens[this.#at]?.text === '.' && !METHODS.has(follows)) {
        this.#at++
        name += `.${this.#next().text}`
      } else if (this.#takes('[')) {
        const index = this.#next()
        this.#expect(']')
        if (index.kind === 'number' && index.text !== '0') {
          throw new Unsupported('only the first value of a list can be asked for')
        }
        if (index.kind !== 'number') name += `['${index.text}']`
      } else return variableOf(name)
    }
  }

  #next(): Token {
    const token = this.#tokens[this.#at++]
    if (token === undefined) throw new Unsupported('it ends too early')
    return token
  }

  #takes(...texts: readonly string[]): boolean {
    const token = this.#tokens[this.#at]
    if (token === undefined || token.kind === 'text' || !texts.includes(token.text)) return false
    this.#at++
    return true
  }

  #expect(text: string): void {
    if (!this.#takes(text)) throw new Unsupported(`"${text}" is expected`)
  }
}

const METHODS = new Set(['contains', 'startsWith', 'endsWith', 'equals', 'matches'])
const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
])

/** Variables by Gravitee's names. */
const PLAIN: Readonly<Record<string, string>> = {
  'request.method': 'request_method',
  'request.path': 'uri',
  'request.uri': 'request_uri',
  'request.scheme': 'scheme',
  'request.host': 'host',
  'request.remoteAddress': 'remote_addr',
  'request.ssl.client.dn': 'ssl_client_s_dn',
}

function variableOf(name: string): Operand {
  const plain = PLAIN[name]
  if (plain !== undefined) return { kind: 'variable', name: plain }
  const [, map, key = ''] =
    /^request\.(headers|params|ssl\.client\.attributes)(?:\['([^']*)'\]|\.([\w-]+))$/
      .exec(name)?.map((part, at, all) => at === 2 ? part ?? all[3] : part) ?? []
  if (map === 'headers' && /^[\w-]+$/.test(key)) {
    return { kind: 'variable', name: `http_${key.toLowerCase().replaceAll('-', '_')}` }
  }
  if (map === 'params' && /^[\w-]+$/.test(key)) return { kind: 'variable', name: `arg_${key}` }
  if (map === 'ssl.client.attributes' && /^[A-Za-z]+$/.test(key)) {
    return { kind: 'variable', name: 'ssl_client_s_dn', attribute: key.toUpperCase() }
  }
  throw new Unsupported(`"#${name}" is not known before a plan is selected, or not supported`)
}

const OPERATORS: Readonly<Record<string, CompareConfig['operator']>> = {
  '==': 'equals',
  'eq': 'equals',
  'equals': 'equals',
  '!=': 'differs',
  'ne': 'differs',
  '>': 'greater',
  '>=': 'at-least',
  '<': 'less',
  '<=': 'at-most',
  'matches': 'matches',
  'contains': 'contains',
  'startsWith': 'starts-with',
  'endsWith': 'ends-with',
}

function compare(left: Operand, operator: string, right: Operand): Found {
  if (left.kind === 'literal' && right.kind === 'variable' && /^[=!]=$/.test(operator)) {
    return compare(right, operator, left)
  }
  if (left.kind === 'literal' && right.kind === 'literal' && /^[=!]=$/.test(operator)) {
    return (left.value === right.value) === (operator === '==')
  }
  if (left.kind !== 'variable' || right.kind !== 'literal') {
    throw new Unsupported('a variable is compared with a literal, and nothing else')
  }
  const { name: variable, attribute } = left
  if (attribute !== undefined) return compareAttribute(attribute, operator, right.value)
  const value = operator === 'matches' ? `^(?:${String(right.value)})$` : right.value
  return { variable, operator: OPERATORS[operator] ?? 'equals', value }
}

/** An attribute of a distinguished name is a part of its text. */
function compareAttribute(
  attribute: string,
  operator: string,
  value: string | number | boolean | null,
): ConditionConfig {
  const literal = String(value).replace(/[\\^$.*+?()[\]{}|/,]/g, '\\$&')
  const pattern = value === null ? '.' : literal
  const condition: ConditionConfig = {
    variable: 'ssl_client_s_dn',
    operator: 'matches',
    value: `(?:^|[,+] *)${attribute}=${pattern}${value === null ? '' : '(?: *[,+]|$)'}`,
  }
  const equal = /^(==|eq|equals)$/.test(operator)
  if (!equal && !/^(!=|ne)$/.test(operator)) {
    throw new Unsupported('attributes of a certificate can be compared by == and !=')
  }
  return equal === (value !== null) ? condition : { not: condition }
}

function asCondition(found: Found): ConditionConfig {
  return found === true ? { all: [] } : found === false ? NEVER : found
}
