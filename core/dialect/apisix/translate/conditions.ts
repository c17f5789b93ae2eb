import type { ConditionConfig, ConditionOperator, ConditionValue } from '../../../snapshot/types.ts'
import type { Json } from '../../../store/types.ts'
import { checkExpression } from '../schema/expression.ts'

/** Operators of lua-resty-expr; those with a star are the opposite of one. */
const OPERATORS: Readonly<Record<string, ConditionOperator>> = {
  '==': 'equals',
  '~=': 'differs',
  '!=': 'differs',
  '>': 'greater',
  '>=': 'at-least',
  '<': 'less',
  '<=': 'at-most',
  '~~': 'matches',
  '~*': 'matches-any-case',
  'in': 'in',
  'has': 'has',
  'ipmatch': 'within',
}

/** What an expression of lua-resty-expr says: all of the conditions must hold. Or what is wrong with it. */
export function translateVars(vars: Json): readonly ConditionConfig[] | string {
  const wrong = checkExpression(vars)
  if (wrong !== undefined) return wrong
  try {
    return expression(vars as readonly Json[])
  } catch (error) {
    if (error instanceof Untranslatable) return error.message
    throw error
  }
}

/** Thrown within this file alone. */
class Untranslatable extends Error {}

function expression(rules: readonly Json[]): readonly ConditionConfig[] {
  const [first, ...rest] = rules
  if (typeof first !== 'string') return rules.map((each) => rule(each as readonly Json[]))
  const parts = rest.map((each) => rule(each as readonly Json[]))
  switch (first.toLowerCase()) {
    case 'or':
      return [{ any: parts }]
    case '!or':
      return [{ not: { any: parts } }]
    case '!and':
      return [{ not: { all: parts } }]
    default:
      return parts
  }
}

function rule(parts: readonly Json[]): ConditionConfig {
  const [name] = parts
  if (typeof name !== 'string' || /^!?(?:and|or)$/i.test(name)) {
    const inner = expression(parts)
    return inner.length === 1 ? inner[0] as ConditionConfig : { all: inner }
  }
  const variable = variableOf(name)
  if (parts.length === 2) return compare(variable, '==', parts[1] as Json)
  if (parts.length === 3) return compare(variable, String(parts[1]), parts[2] as Json)
  return { not: compare(variable, String(parts[2]), parts[3] as Json) }
}

function compare(variable: string, name: string, operand: Json): ConditionConfig {
  const operator = OPERATORS[name.toLowerCase()]
  if (operator === undefined) throw new Untranslatable(`invalid operator '${name}'`)
  const value = operator === 'within' && typeof operand === 'string' ? [operand] : operand
  return { variable, operator, value: value as ConditionValue }
}

/** Variables that only APISIX's own parsing of bodies gives. */
const UNKNOWN = /^(?:post_arg|graphql_|mqtt_|balancer_)/

/** A variable's name: those of header fields with underscores, as nginx has them. */
export function variableOf(name: string): string {
  if (UNKNOWN.test(name)) throw new Untranslatable(`variable '${name}' is not known here`)
  return name.startsWith('http_') ? name.toLowerCase().replaceAll('-', '_') : name
}
