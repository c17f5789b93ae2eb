import type { ConditionConfig } from '../../../snapshot/mod.ts'
import type { ApiDocument } from '../model.ts'
import { compare, type Found, METHODS } from './expression-compare.ts'
import { type Operand, operandOf, type Place, Unsupported } from './expression-names.ts'
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
 * literals, `matches`, `contains`, `startsWith` and the like, joined by `&&`, `||`, `!`, `? :` and brackets.
 * @param api what it says of itself counts as literals
 */
export function translateRule(rule: string, api?: ApiDocument): Translated {
  const inner = /^\s*\{([\s\S]*)\}\s*$/.exec(rule)?.[1] ?? rule
  if (inner.trim() === '') return { conditions: [] }
  try {
    const reader = new Reader(tokenize(inner), { api, place: 'rule' })
    const condition = reader.expression(0)
    reader.end()
    return { conditions: condition === true ? [] : [asCondition(condition)] }
  } catch (error) {
    const state = error instanceof Unsupported ? error.message : 'it cannot be read'
    return { error: `Could not use selection rule "${rule.slice(0, 200)}": ${state}` }
  }
}

/** Reads what stands between `{` and `}` in a template: one variable, or a literal. Throws Unsupported. */
export function readOperand(text: string, api: ApiDocument | undefined): Operand {
  const reader = new Reader(tokenize(text), { api, place: 'template' })
  const operand = reader.operand()
  reader.end()
  return operand
}

const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
])

const COMPARISONS = [
  ...['==', '!=', '>=', '<=', '>', '<', 'eq', 'ne', 'gt', 'ge', 'lt', 'le', 'matches'],
]

class Reader {
  readonly #tokens: readonly Token[]
  readonly #api: ApiDocument | undefined
  readonly #place: Place
  #at = 0

  constructor(
    tokens: readonly Token[],
    { api, place }: { readonly api: ApiDocument | undefined; readonly place: Place },
  ) {
    this.#tokens = tokens
    this.#api = api
    this.#place = place
  }

  expression(depth: number): Found {
    if (depth > DEPTH) throw new Unsupported(`brackets stand deeper than ${DEPTH}`)
    const condition = this.#some(depth)
    if (!this.#takes('?')) return condition
    const yes = this.expression(depth + 1)
    this.#expect(':')
    const no = this.expression(depth + 1)
    if (typeof condition === 'boolean') return condition ? yes : no
    return {
      any: [
        { all: [condition, asCondition(yes)] },
        { all: [{ not: condition }, asCondition(no)] },
      ],
    }
  }

  #some(depth: number): Found {
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
      if (depth > DEPTH) throw new Unsupported(`brackets stand deeper than ${DEPTH}`)
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
    const left = this.operand()
    if (this.#takes('.', '?.')) return this.#method(left)
    const operator = COMPARISONS.find((text) => this.#takes(text))
    if (operator !== undefined) return compare(left, operator, this.operand())
    if (left.kind === 'literal' && typeof left.value === 'boolean') return left.value
    throw new Unsupported('a comparison is expected')
  }

  #method(operand: Operand): Found {
    const { text } = this.#next()
    if (!METHODS.has(text)) throw new Unsupported(`method "${text}" is not supported`)
    this.#expect('(')
    const argument = this.operand()
    this.#expect(')')
    return compare(operand, text, argument)
  }

  operand(): Operand {
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
    let first = false
    for (;;) {
      const follows = this.#tokens[this.#at + 1]?.text ?? ''
      const after = this.#tokens[this.#at + 2]?.text
      const isMethod = METHODS.has(follows) && after === '('
      if (this.#isDot() && follows === 'get' && after === '(') {
        this.#at += 3
        name += `['${this.#next().text}']`
        this.#expect(')')
      } else if (this.#isDot() && !isMethod) {
        if (after === '(') throw new Unsupported(`method "${follows}" is not supported`)
        this.#at++
        name += `.${this.#next().text}`
      } else if (this.#takes('[')) {
        const index = this.#next()
        this.#expect(']')
        const isPath = /^request\.(paths|pathInfos)$/.test(name)
        if (isPath && index.kind === 'number') name += `[${index.text}]`
        else if (index.kind === 'number' && index.text !== '0') {
          throw new Unsupported('only the first value of a list can be asked for')
        } else if (index.kind === 'number') first = true
        else name += `['${index.text}']`
      } else return this.#found(name, first)
    }
  }

  #found(name: string, first: boolean): Operand {
    const operand = operandOf(name, this.#api, this.#place)
    // One value of a list is a text.
    return first && operand.kind === 'variable' ? { kind: 'variable', name: operand.name } : operand
  }

  #isDot(): boolean {
    const token = this.#tokens[this.#at]
    return token?.kind === 'sign' && (token.text === '.' || token.text === '?.')
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

function asCondition(found: Found): ConditionConfig {
  return found === true ? { all: [] } : found === false ? NEVER : found
}
