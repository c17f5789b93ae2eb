import type {
  ConditionConfig,
  FilterConfig,
  LimitKeyType,
  QuotaNamesConfig,
} from '../../../../snapshot/types.ts'
import { QUOTA_NAMES } from '../../../../snapshot/mod.ts'
import { isTable, listOf, numberOf, type Table, textOf } from '../../table.ts'
import { variableOf } from '../conditions.ts'
import type { PluginMeans, TranslatePlugin } from './types.ts'

const SECOND = 1000

export const limitCount: TranslatePlugin = (conf, means) => {
  onlyHere(conf, means)
  if (textOf(conf, 'window_type') === 'sliding') {
    means.warn('limit-count: window_type "sliding" counts in fixed windows here')
  }
  const rules = listOf(conf, 'rules').filter(isTable)
  return rules.length === 0 ? [countLimit(conf, conf, means)] : ruledLimits(conf, rules, means)
}

function countLimit(conf: Table, rule: Table, { base, metadata }: PluginMeans): CountLimit {
  return {
    ...base,
    type: 'count-limit',
    ...keyOf(rule),
    status: numberOf(conf, 'rejected_code') ?? 503,
    message: textOf(conf, 'rejected_msg'),
    count: amountOf(rule, 'count', 1),
    window: amountOf(rule, 'time_window', SECOND),
    group: textOf(conf, 'group'),
    tell: conf['show_limit_quota_header'] !== false,
    ...(conf['allow_degradation'] === true ? { degrade: true } : {}),
    ...(metadata === undefined ? {} : { names: quotaNames(metadata) }),
  }
}

type CountLimit = Extract<FilterConfig, { readonly type: 'count-limit' }>

/** A rule counts requests that have one of its key's variables; where none does, something is wrong. */
function ruledLimits(
  conf: Table,
  rules: readonly Table[],
  means: PluginMeans,
): readonly FilterConfig[] {
  const { base } = means
  const applies = rules.map((rule): ConditionConfig => ({
    any: [...variablesOf(textOf(rule, 'key') ?? '')].map((variable) => (
      { variable, operator: 'differs', value: null }
    )),
  }))
  const limits = rules.map((rule, at) => {
    const limit = countLimit(conf, { ...rule, key_type: 'var_combination' }, means)
    const prefix = textOf(rule, 'header_prefix') ?? String(at + 1)
    const names = withPrefix(limit.names ?? QUOTA_NAMES, prefix)
    return { ...limit, names, when: [...base.when, applies[at] as ConditionConfig] }
  })
  if (conf['allow_degradation'] === true) return limits
  const none = { not: { any: applies } }
  const priority = base.priority ?? PRIORITY
  const failed = { ...base, type: 'respond', status: 500, headers: [], body: undefined } as const
  return [...limits, { ...failed, priority, when: [...base.when, none] }]
}

const PRIORITY = 1002

/** The variables that a template names. */
function variablesOf(template: string): ReadonlySet<string> {
  const found = template.matchAll(/(?<!\\)\$(?:\{\s*([\w.]+)[^}]*\}|(\w+))/g)
  return new Set([...found].map(([, braced, plain]) => variableOf(braced ?? plain ?? '')))
}

/** Each rule tells of itself: `X-RateLimit-Limit` becomes `X-1-RateLimit-Limit`. */
function withPrefix(names: QuotaNamesConfig, prefix: string): QuotaNamesConfig {
  const own = (name: string): string => name.replace('RateLimit-', `${prefix}-RateLimit-`)
  return { limit: own(names.limit), remaining: own(names.remaining), reset: own(names.reset) }
}

/** The headers that tell of limits are the same for all of them. */
function quotaNames(metadata: Table): QuotaNamesConfig {
  return {
    limit: textOf(metadata, 'limit_header') ?? QUOTA_NAMES.limit,
    remaining: textOf(metadata, 'remaining_header') ?? QUOTA_NAMES.remaining,
    reset: textOf(metadata, 'reset_header') ?? QUOTA_NAMES.reset,
  }
}

export const limitReq: TranslatePlugin = (conf, means) => {
  onlyHere(conf, means)
  return [{
    ...means.base,
    type: 'rate-limit',
    ...keyOf(conf),
    status: numberOf(conf, 'rejected_code') ?? 503,
    message: textOf(conf, 'rejected_msg'),
    rate: numberOf(conf, 'rate') ?? 1,
    burst: numberOf(conf, 'burst') ?? 0,
    noDelay: conf['nodelay'] === true,
  }]
}

export const clientControl: TranslatePlugin = (conf, { base }) => [{
  ...base,
  type: 'body-size',
  max: numberOf(conf, 'max_body_size') ?? 0,
}]

/** Counters of several gateways are not brought together. */
function onlyHere(conf: Table, { warn }: PluginMeans): void {
  const policy = textOf(conf, 'policy') ?? 'local'
  if (policy !== 'local') warn(`policy "${policy}": each gateway counts for itself`)
}

/** A number, or a text with variables that gives one. */
function amountOf(conf: Table, name: string, unit: number): number | string {
  const amount = Number(conf[name])
  return Number.isInteger(amount) && amount > 0 ? amount * unit : textOf(conf, name) ?? ''
}

function keyOf(conf: Table): { readonly key: string; readonly keyType: LimitKeyType } {
  const key = textOf(conf, 'key') ?? 'remote_addr'
  switch (textOf(conf, 'key_type')) {
    case 'var_combination':
      return { key, keyType: 'template' }
    case 'constant':
      return { key, keyType: 'constant' }
    default:
      return { key: variableOf(key), keyType: 'variable' }
  }
}
