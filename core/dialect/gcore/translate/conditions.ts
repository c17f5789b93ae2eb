import type { ConditionConfig, ConditionOperator } from '../../../snapshot/types.ts'
import type { CompareType, RuleDoc } from '../documents.ts'

/** What an L7 rule asks of a request, as a condition. */
export function conditionOf(rule: RuleDoc): ConditionConfig {
  const condition = plain(rule)
  return rule.invert ? { not: condition } : condition
}

function plain({ type, compare_type, key, value }: RuleDoc): ConditionConfig {
  switch (type) {
    case 'HOST_NAME':
      return compare('host', compare_type, value, { anyCase: true })
    case 'PATH':
      return compare('uri', compare_type, value)
    case 'HEADER':
      return compare(`http_${nameOf(key)}`, compare_type, value)
    case 'COOKIE':
      return compare(`cookie_${key ?? ''}`, compare_type, value)
    case 'FILE_TYPE':
      return compare_type === 'REGEX'
        ? { variable: 'uri', operator: 'matches', value: `\\.${extension(value)}` }
        : { variable: 'uri', operator: 'ends-with', value: `.${value}` }
    case 'SSL_CONN_HAS_CERT': {
      const shown = /^(true|1|yes)$/i.test(value.trim()) ? '1' : '0'
      return { variable: 'ssl_client_present', operator: 'equals', value: shown }
    }
    case 'SSL_VERIFY_RESULT':
      // OpenSSL's number: 0 where there is nothing to complain of, with a certificate or without.
      return { variable: 'ssl_client_verify_code', operator: 'equals', value: value.trim() }
    case 'SSL_DN_FIELD':
      return compare(`ssl_client_s_dn_${key ?? ''}`, compare_type, value)
  }
}

const OPERATORS: Readonly<Record<CompareType, ConditionOperator>> = {
  CONTAINS: 'contains',
  ENDS_WITH: 'ends-with',
  EQUAL_TO: 'equals',
  REGEX: 'matches',
  STARTS_WITH: 'starts-with',
}

/** Host names are compared without regard to case; the variable has them in lower case. */
function compare(
  variable: string,
  type: CompareType,
  value: string,
  { anyCase = false }: { readonly anyCase?: boolean } = {},
): ConditionConfig {
  if (!anyCase) return { variable, operator: OPERATORS[type], value }
  return type === 'REGEX'
    ? { variable, operator: 'matches-any-case', value }
    : { variable, operator: OPERATORS[type], value: value.toLowerCase() }
}

function nameOf(header: string | null): string {
  return (header ?? '').toLowerCase().replaceAll('-', '_')
}

/** A regular expression on what follows the last dot of a path: its anchors mean the ends of that. */
function extension(pattern: string): string {
  const fromStart = pattern.startsWith('^')
  const toEnd = pattern.endsWith('$') && !pattern.endsWith('\\$')
  const core = pattern.slice(fromStart ? 1 : 0, toEnd ? -1 : undefined)
  return `${fromStart ? '' : ANY}(?:${core})${toEnd ? '' : ANY}$`
}

const ANY = '[^./]*'
