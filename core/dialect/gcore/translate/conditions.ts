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
        ? { variable: 'uri', operator: 'matches', value: `\\.${within(value, '[^./]*', '$')}` }
        : { variable: 'uri', operator: 'ends-with', value: `.${value}` }
    case 'SSL_CONN_HAS_CERT':
      return truth({ not: { variable: VERIFY, operator: 'equals', value: 'NONE' } }, value)
    case 'SSL_VERIFY_RESULT':
      return verifyResult(value)
    case 'SSL_DN_FIELD':
      return {
        variable: 'ssl_client_s_dn',
        operator: 'matches',
        value: dnPattern(key ?? '', compare_type, value),
      }
  }
}

/** `SUCCESS`, `NONE`, or `FAILED:` and the reason. */
const VERIFY = 'ssl_client_verify'

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

function truth(condition: ConditionConfig, value: string): ConditionConfig {
  return /^(true|1|yes)$/i.test(value.trim()) ? condition : { not: condition }
}

/**
 * OpenSSL's number for a check: 0 where there is nothing to complain of, with a certificate or without. Other numbers
 * all stand for a certificate that was refused: the reasons are the gateway's own.
 */
function verifyResult(value: string): ConditionConfig {
  const refused: ConditionConfig = { variable: VERIFY, operator: 'starts-with', value: 'FAILED' }
  return Number(value) === 0 ? { not: refused } : refused
}

/** Where an attribute of a name in RFC 4514 text has a value. */
function dnPattern(key: string, type: CompareType, value: string): string {
  const start = `(?:^|[,+])${escaped(key)}=`
  const end = '(?:[,+]|$)'
  switch (type) {
    case 'EQUAL_TO':
      return start + escaped(value) + end
    case 'STARTS_WITH':
      return start + escaped(value)
    case 'ENDS_WITH':
      return `${start}[^,+]*${escaped(value)}${end}`
    case 'CONTAINS':
      return `${start}[^,+]*${escaped(value)}`
    case 'REGEX':
      return start + within(value, '[^,+]*', end)
  }
}

/** A regular expression on a part of a text: its anchors mean the ends of the part. */
function within(pattern: string, any: string, end: string): string {
  const fromStart = pattern.startsWith('^')
  const toEnd = pattern.endsWith('$') && !pattern.endsWith('\\$')
  const core = pattern.slice(fromStart ? 1 : 0, toEnd ? -1 : undefined)
  return `${fromStart ? '' : any}(?:${core})${toEnd ? end : `${any}${end}`}`
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
