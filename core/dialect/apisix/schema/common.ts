import type { Schema } from './types.ts'

/** A whole number, with more words of the schema. */
export function integer(more: Omit<Schema, 'type'> = {}): Schema {
  return { type: 'integer', ...more }
}

/** A text, with more words of the schema. */
export function text(more: Omit<Schema, 'type'> = {}): Schema {
  return { type: 'string', ...more }
}

/** A list of things alike. */
export function list(items: Schema, more: Omit<Schema, 'type' | 'items'> = {}): Schema {
  return { type: 'array', items, ...more }
}

/** An object that has these properties, and others where `more` does not forbid them. */
export function object(
  properties: Readonly<Record<string, Schema>>,
  more: Omit<Schema, 'type' | 'properties'> = {},
): Schema {
  return { type: 'object', properties, ...more }
}

/** An object that must have these properties, whatever else it is. */
export function having(...required: string[]): Schema {
  return { required }
}

export const BOOLEAN: Schema = { type: 'boolean' }
export const NUMBER: Schema = { type: 'number' }
export const ID: Schema = {
  anyOf: [
    text({ minLength: 1, maxLength: 64, pattern: '^[a-zA-Z0-9-_.]+$' }),
    integer({ minimum: 1 }),
  ],
}
export const HOST: Schema = text({ pattern: '^\\*$|^\\*?[0-9a-zA-Z-._\\[\\]:]+$' })
export const NAME: Schema = text({ minLength: 1, maxLength: 256 })
export const DESCRIPTION: Schema = text({ maxLength: 256 })
export const TIMESTAMP: Schema = integer()
export const LABELS: Schema = {
  type: 'object',
  description: 'key/value pairs to specify attributes',
  patternProperties: {
    '.*': text({
      description: 'value of label',
      minLength: 1,
      maxLength: 256,
      pattern: '^\\S+$',
    }),
  },
}
export const PLUGINS: Schema = { type: 'object', description: 'plugins by name' }

const IPV4_PART = '([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])'
const IPV4 = new Array(4).fill(IPV4_PART).join('\\.')
const IPV6 = '([a-fA-F0-9]{0,4}:){1,8}(:[a-fA-F0-9]{0,4}){0,8}([a-fA-F0-9]{0,4})?'
export const IP_FORMS: readonly Schema[] = [
  text({ title: 'IPv4', format: 'ipv4' }),
  text({ title: 'IPv4/CIDR', pattern: `^${IPV4}/([12]?[0-9]|3[0-2])$` }),
  text({ title: 'IPv6', format: 'ipv6' }),
  text({ title: 'IPv6/CIDR', pattern: `^${IPV6}/[0-9]{1,3}$` }),
]
/** An address or a range of addresses. */
export const REMOTE_ADDRESS: Schema = text({ description: 'client IP', anyOf: IP_FORMS })

/** Seconds, all three. */
export const TIMEOUT: Schema = object({
  connect: { type: 'number', exclusiveMinimum: 0 },
  send: { type: 'number', exclusiveMinimum: 0 },
  read: { type: 'number', exclusiveMinimum: 0 },
}, { required: ['connect', 'send', 'read'] })

export const CERTIFICATE: Schema = text({ minLength: 128, maxLength: 65_536 })
export const PRIVATE_KEY: Schema = text({ minLength: 64, maxLength: 65_536 })
export const METHODS: readonly string[] = [
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'HEAD',
  'OPTIONS',
  'CONNECT',
  'TRACE',
  'PURGE',
]
