import type { FilterConfig, LimitKeyType, QuotaNamesConfig } from '../../../../snapshot/types.ts'
import { QUOTA_NAMES } from '../../../../snapshot/mod.ts'
import { isTable, listOf, numberOf, type Table, textOf } from '../../table.ts'
import { variableOf } from '../conditions.ts'
import type { PluginMeans, TranslatePlugin } from './types.ts'

const SECOND = 1000

export const limitCount: TranslatePlugin = (conf, means) => {
  onlyHere(conf, means)
  const rules = listOf(conf, 'rules').filter(isTable)
  if (rules.length === 0) return countLimit(conf, conf, means)
  return rules.flatMap((rule) => countLimit(conf, { ...rule, key_type: 'var_combination' }, means))
}

function countLimit(
  conf: Table,
  rule: Table,
  { base, warn, metadata }: PluginMeans,
): readonly FilterConfig[] {
  const count = amountOf(rule, 'count')
  const window = amountOf(rule, 'time_window')
  if (count === undefined || window === undefined) {
    warn('limit-count: count and time_window must be numbers here, so there is no limit')
    return []
  }
  return [{
    ...base,
    type: 'count-limit',
    ...keyOf(rule),
    status: numberOf(conf, 'rejected_code') ?? 503,
    message: textOf(conf, 'rejected_msg'),
    count,
    window: window * SECOND,
    group: textOf(conf, 'group'),
    tell: conf['show_limit_quota_header'] !== false,
    ...(metadata === undefined ? {} : { names: quotaNames(metadata) }),
  }]
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

function amountOf(conf: Table, name: string): number | undefined {
  const amount = Number(conf[name])
  return Number.isInteger(amount) && amount > 0 ? amount : undefined
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
