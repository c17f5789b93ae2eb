import { compileRegex } from '../../../regex/mod.ts'
import type { CompareConfig, ConditionConfig } from '../../../snapshot/mod.ts'
import { type Operand, Unsupported } from './expression-names.ts'

/** A condition, or one that always holds or never does. */
export type Found = ConditionConfig | boolean

type Value = string | number | boolean | null

const OPERATORS: Readonly<Record<string, CompareConfig['operator']>> = {
  '==': 'equals',
  'eq': 'equals',
  'equals': 'equals',
  '!=': 'differs',
  'ne': 'differs',
  '>': 'greater',
  'gt': 'greater',
  '>=': 'at-least',
  'ge': 'at-least',
  '<': 'less',
  'lt': 'less',
  '<=': 'at-most',
  'le': 'at-most',
  'matches': 'matches',
  'contains': 'contains',
  'startsWith': 'starts-with',
  'endsWith': 'ends-with',
}

const SWAPPED: Readonly<Record<string, string>> = {
  ...{ '==': '==', '!=': '!=', eq: 'eq', ne: 'ne' },
  ...{ '<': '>', '>': '<', '<=': '>=', '>=': '<=', lt: 'gt', gt: 'lt', le: 'ge', ge: 'le' },
}

/** Methods of texts that compare. */
export const METHODS: ReadonlySet<string> = new Set([
  ...['contains', 'startsWith', 'endsWith', 'equals', 'equalsIgnoreCase', 'matches'],
])

/** Compares two sides. Throws Unsupported. */
export function compare(left: Operand, operator: string, right: Operand): Found {
  if (left.kind === 'literal' && right.kind === 'literal') {
    return compareLiterals(left.value, operator, right.value)
  }
  const swapped = SWAPPED[operator]
  if (left.kind === 'literal' && swapped !== undefined) return compare(right, swapped, left)
  if (left.kind !== 'variable' || right.kind !== 'literal') {
    throw new Unsupported('a variable is compared with a literal, and nothing else')
  }
  return compareVariable(left, operator, right.value)
}

function compareVariable(
  { name: variable, list }: Operand & { readonly kind: 'variable' },
  operator: string,
  value: Value,
): ConditionConfig {
  const text = String(value)
  if (operator === 'matches') {
    const value = `^(?:${text})$`
    const compiled = compileRegex(value)
    if (!('problem' in compiled)) return { variable, operator, value }
    throw new Unsupported(`pattern "${text.slice(0, 100)}" cannot be used: ${compiled.problem}`)
  }
  if (operator === 'equalsIgnoreCase') {
    return { variable, operator: 'matches-any-case', value: `^${escaped(text)}$` }
  }
  if (operator === 'contains' && list === 'field') {
    // All lines of a field together are a list.
    return {
      any: [{ variable, operator: 'equals', value: text }, {
        variable,
        operator: 'has',
        value: text,
      }],
    }
  }
  if (operator === 'contains' && list === 'json') return containsJson(variable, text)
  return { variable, operator: OPERATORS[operator] ?? 'equals', value }
}

/** A list has an item, a text a part. */
function containsJson(variable: string, text: string): ConditionConfig {
  const isList: ConditionConfig = { variable, operator: 'starts-with', value: '[' }
  return {
    any: [
      { all: [isList, { variable, operator: 'contains', value: JSON.stringify(text) }] },
      { all: [{ not: isList }, { variable, operator: 'contains', value: text }] },
    ],
  }
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

function compareLiterals(left: Value, operator: string, right: Value): boolean {
  const [a, b] = [String(left), String(right)]
  switch (OPERATORS[operator]) {
    case 'equals':
      return left === right
    case 'differs':
      return left !== right
    case 'contains':
      return left !== null && a.includes(b)
    case 'starts-with':
      return left !== null && a.startsWith(b)
    case 'ends-with':
      return left !== null && a.endsWith(b)
    default:
      throw new Unsupported('two literals are compared by == and !=')
  }
}
