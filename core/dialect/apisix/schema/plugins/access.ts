import type { Json } from '../../../../store/types.ts'
import { isIpv4, isIpv6 } from '../../../../wire/ip.ts'
import { having, integer, IP_FORMS, list, METHODS, object, text } from '../common.ts'
import type { Schema } from '../types.ts'
import type { PluginConf, PluginSchema } from './types.ts'

const ADDRESSES: Schema = list({ anyOf: IP_FORMS }, { minItems: 1 })

export const IP_RESTRICTION: PluginSchema = {
  priority: 3000,
  schema: object({
    message: text({ minLength: 1, maxLength: 1024, default: 'Your IP address is not allowed' }),
    response_code: integer({ minimum: 403, maximum: 404, default: 403 }),
    whitelist: ADDRESSES,
    blacklist: ADDRESSES,
  }, { oneOf: [having('whitelist'), having('blacklist')] }),
  check: ({ whitelist = [], blacklist = [] }) => badAddress(whitelist) ?? badAddress(blacklist),
}

function badAddress(addresses: Json): string | undefined {
  const bad = (addresses as readonly string[]).find((each) => !isRange(each))
  return bad === undefined ? undefined : `invalid ip address: ${bad}`
}

function isRange(range: string): boolean {
  const [address = '', bits = '0', ...more] = range.split('/')
  if (more.length > 0) return false
  return isIpv4(address) ? Number(bits) <= 32 : isIpv6(address) && Number(bits) <= 128
}

export const REAL_IP: PluginSchema = {
  priority: 23_000,
  schema: object({
    source: text({ minLength: 1 }),
    trusted_addresses: ADDRESSES,
    recursive: { type: 'boolean', default: false },
  }, { required: ['source'] }),
  check: ({ trusted_addresses = [] }) => badAddress(trusted_addresses),
}

export const KEY_AUTH: PluginSchema = {
  priority: 2500,
  kind: 'auth',
  schema: object({
    header: text({ default: 'apikey' }),
    query: text({ default: 'apikey' }),
    hide_credentials: { type: 'boolean', default: false },
    bearer_token: { type: 'boolean', default: false },
    anonymous_consumer: text({ minLength: 1 }),
    realm: text({ default: 'key' }),
  }),
  consumer: object({ key: text() }, { required: ['key'] }),
}

export const BASIC_AUTH: PluginSchema = {
  priority: 2520,
  kind: 'auth',
  schema: object({
    hide_credentials: { type: 'boolean', default: false },
    anonymous_consumer: text({ minLength: 1 }),
    realm: text({ default: 'basic' }),
  }),
  consumer: object({ username: text(), password: text() }, {
    required: ['username', 'password'],
  }),
}

const NAMES: Schema = list(text(), { minItems: 1 })

export const CONSUMER_RESTRICTION: PluginSchema = {
  priority: 2400,
  schema: object({
    type: text({
      enum: ['consumer_name', 'consumer_group_id', 'service_id', 'route_id'],
      default: 'consumer_name',
    }),
    blacklist: NAMES,
    whitelist: NAMES,
    allowed_by_methods: list(object({
      user: text(),
      methods: list(text({ enum: METHODS }), { minItems: 1 }),
    })),
    rejected_code: integer({ minimum: 200, default: 403 }),
    rejected_msg: text(),
  }, {
    anyOf: [having('blacklist'), having('whitelist'), having('allowed_by_methods')],
  }),
}

const ORIGIN = '\\w+:\\/\\/[^,]+'

export const CORS: PluginSchema = {
  priority: 4000,
  schema: object({
    allow_origins: text({
      pattern: `^(\\*|\\*\\*|null|${ORIGIN}(,${ORIGIN})*)$`,
      default: '*',
    }),
    allow_methods: text({ default: '*' }),
    allow_headers: text({ default: '*' }),
    expose_headers: text(),
    max_age: integer({ default: 5 }),
    allow_credential: { type: 'boolean', default: false },
    allow_origins_by_regex: list(text({ minLength: 1, maxLength: 4096 }), {
      minItems: 1,
      uniqueItems: true,
    }),
    allow_origins_by_metadata: list(text({ minLength: 1, maxLength: 4096 }), {
      minItems: 1,
      uniqueItems: true,
    }),
    timing_allow_origins: text(),
    timing_allow_origins_by_regex: list(text({ minLength: 1, maxLength: 4096 }), {
      minItems: 1,
      uniqueItems: true,
    }),
  }),
  metadata: object({
    allow_origins: { type: 'object', additionalProperties: text() },
  }),
  check: starWithCredentials,
}

function starWithCredentials(conf: PluginConf): string | undefined {
  const { allow_origins = '*', allow_methods = '*', allow_headers = '*', expose_headers } = conf
  if (conf['allow_credential'] !== true) return undefined
  if (![allow_origins, allow_methods, allow_headers, expose_headers].includes('*')) return undefined
  return "you can not set '*' for other option when 'allow_credential' is true"
}
