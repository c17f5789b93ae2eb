import type { Json } from '../../../store/types.ts'

const COMPARE = new Set([
  '==',
  '~=',
  '!=',
  '>',
  '>=',
  '<',
  '<=',
  '~~',
  '~*',
  'in',
  'has',
  'ipmatch',
])
const LOGIC = new Set(['or', 'and', '!or', '!and'])
const DEEPEST = 100

/**
 * Checks an expression of lua-resty-expr, as `vars` has it: `[["arg_x", "==", "1"], ...]`, with `!` before an operator
 * and `["OR", ...]` around others.
 * @returns what is wrong, in the words of lua-resty-expr
 */
export function checkExpression(rules: Json, depth = 0): string | undefined {
  if (!Array.isArray(rules)) return 'rule should be wrapped inside brackets'
  if (depth > DEEPEST) return 'rule too deep'
  const list = rules as readonly Json[]
  const [first] = list
  if (typeof first === 'string') {
    if (!LOGIC.has(first.toLowerCase())) return 'rule should be wrapped inside brackets'
    return list.length < 3 ? 'rule too short' : checkRules(list.slice(1), depth)
  }
  return checkRules(list, depth)
}

function checkRules(rules: readonly Json[], depth: number): string | undefined {
  for (const rule of rules) {
    const wrong = checkRule(rule, depth)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

function checkRule(rule: Json, depth: number): string | undefined {
  if (!Array.isArray(rule)) return 'rule should be wrapped inside brackets'
  const parts = rule as readonly Json[]
  const [name] = parts
  if (Array.isArray(name)) return checkExpression(rule, depth + 1)
  if (typeof name === 'string' && LOGIC.has(name.toLowerCase())) {
    return checkExpression(rule, depth + 1)
  }
  if (parts.length < 2) return 'rule too short'
  if (parts.length === 2) return undefined
  return parts.length === 3 ? checkOperator(parts[1], parts[2]) : checkNegated(parts)
}

function checkNegated(parts: readonly Json[]): string | undefined {
  if (parts[1] !== '!') return "bad 'not' expression"
  return checkOperator(parts[2], parts[3])
}

function checkOperator(operator: Json | undefined, operand: Json | undefined): string | undefined {
  const name = typeof operator === 'string' ? operator.toLowerCase() : String(operator)
  if (!COMPARE.has(name)) return `invalid operator '${operator}'`
  if (name === 'in' || name === 'ipmatch') {
    const isList = Array.isArray(operand)
    if (!isList && !(name === 'ipmatch' && typeof operand === 'string')) {
      return `invalid ip address or type of operand of operator '${operator}'`
    }
  }
  if ((name === '~~' || name === '~*') && typeof operand === 'string') return checkPattern(operand)
  return undefined
}

function checkPattern(source: string): string | undefined {
  try {
    void new RegExp(source)
    return undefined
  } catch {
    return `invalid regular expression '${source}'`
  }
}
