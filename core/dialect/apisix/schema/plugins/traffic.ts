import { BOOLEAN, integer, list, object, text } from '../common.ts'
import type { Schema } from '../types.ts'
import type { PluginConf, PluginSchema } from './types.ts'

const REJECTED_CODE = integer({ minimum: 200, maximum: 599, default: 503 })
const REJECTED_MESSAGE = text({ minLength: 1 })
const COUNT: Schema = {
  oneOf: [integer({ exclusiveMinimum: 0 }), text()],
}

const REDIS: Schema = {
  if: { required: ['policy'], properties: { policy: { enum: ['redis'] } } },
  then: object({
    redis_host: text({ minLength: 2 }),
    redis_port: integer({ minimum: 1, default: 6379 }),
  }, { required: ['redis_host'] }),
  else: {
    if: { required: ['policy'], properties: { policy: { enum: ['redis-cluster'] } } },
    then: object({
      redis_cluster_nodes: list(text({ minLength: 2, maxLength: 100 }), { minItems: 1 }),
      redis_cluster_name: text(),
    }, { required: ['redis_cluster_nodes', 'redis_cluster_name'] }),
  },
}

export const LIMIT_COUNT: PluginSchema = {
  priority: 1002,
  schema: object({
    count: COUNT,
    time_window: COUNT,
    window_type: text({ enum: ['fixed', 'sliding'], default: 'fixed' }),
    rules: list(object({ count: COUNT, time_window: COUNT, key: text(), header_prefix: text() }, {
      required: ['count', 'time_window', 'key'],
    })),
    group: text(),
    key: text({ default: 'remote_addr' }),
    key_type: text({ enum: ['var', 'var_combination', 'constant'], default: 'var' }),
    rejected_code: REJECTED_CODE,
    rejected_msg: REJECTED_MESSAGE,
    policy: text({ enum: ['local', 'redis', 'redis-cluster'], default: 'local' }),
    allow_degradation: { type: 'boolean', default: false },
    show_limit_quota_header: { type: 'boolean', default: true },
  }, {
    oneOf: [{ required: ['count', 'time_window'] }, { required: ['rules'] }],
    ...REDIS,
  }),
  metadata: object({
    limit_header: text({ default: 'X-RateLimit-Limit' }),
    remaining_header: text({ default: 'X-RateLimit-Remaining' }),
    reset_header: text({ default: 'X-RateLimit-Reset' }),
  }),
  reword: (wrong, { count, time_window, rules }) =>
    wrong.startsWith('value should match only one schema') && rules !== undefined &&
      (count ?? time_window) !== undefined
      ? BOTH
      : wrong,
  check: wrongRules,
}

const BOTH = 'count/time_window and rules cannot be specified at the same time'

function wrongRules(conf: PluginConf): string | undefined {
  const { rules = [], group, count, time_window } = conf
  if (conf['rules'] !== undefined && (count ?? time_window) !== undefined) return BOTH
  if (conf['rules'] !== undefined && group !== undefined) {
    return 'group and rules cannot be specified at the same time'
  }
  const seen = new Set<string>()
  for (const rule of rules as readonly { readonly key: string }[]) {
    if (seen.has(rule.key)) return `duplicate key '${rule.key}' in rules`
    seen.add(rule.key)
  }
  return undefined
}

export const LIMIT_REQ: PluginSchema = {
  priority: 1001,
  schema: object({
    rate: { type: 'number', exclusiveMinimum: 0 },
    burst: { type: 'number', minimum: 0 },
    key: text(),
    key_type: text({ enum: ['var', 'var_combination'], default: 'var' }),
    policy: text({ enum: ['redis', 'redis-cluster', 'local'], default: 'local' }),
    rejected_code: REJECTED_CODE,
    rejected_msg: REJECTED_MESSAGE,
    nodelay: { type: 'boolean', default: false },
    allow_degradation: { type: 'boolean', default: false },
  }, { required: ['rate', 'burst', 'key'], ...REDIS }),
}

export const CLIENT_CONTROL: PluginSchema = {
  priority: 22_000,
  schema: object({
    max_body_size: integer({
      description: 'Maximum message body size in bytes. No restriction when set to 0.',
      minimum: 0,
    }),
  }),
}

export const PROMETHEUS: PluginSchema = {
  priority: 500,
  schema: object({ prefer_name: { ...BOOLEAN, default: false } }),
}

export const REQUEST_ID: PluginSchema = {
  priority: 12_015,
  schema: object({
    header_name: text({ default: 'X-Request-Id' }),
    include_in_response: { type: 'boolean', default: true },
    algorithm: text({ enum: ['uuid', 'nanoid', 'range_id', 'ksuid'], default: 'uuid' }),
    range_id: object({
      length: integer({ minimum: 6, default: 16 }),
      char_set: text({
        minLength: 6,
        default: 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789',
      }),
    }),
  }),
}
