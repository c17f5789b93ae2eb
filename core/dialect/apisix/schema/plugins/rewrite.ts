import type { Json } from '../../../../store/types.ts'
import { BOOLEAN, having, integer, list, METHODS, NUMBER, object, text } from '../common.ts'
import type { Schema } from '../types.ts'
import { checkExpression } from '../expression.ts'
import type { PluginConf, PluginSchema } from './types.ts'

const FIELD = '^[^:]+$'
const VALUES: Schema = {
  type: 'object',
  minProperties: 1,
  patternProperties: { [FIELD]: { oneOf: [text(), NUMBER] } },
}
const REMOVE: Schema = list(text({ pattern: FIELD }), { minItems: 1 })
const REGEX = list(text({ description: 'regex uri' }), { minItems: 2 })

export const PROXY_REWRITE: PluginSchema = {
  priority: 1008,
  schema: object({
    uri: text({
      description: 'new uri for upstream',
      minLength: 1,
      maxLength: 4096,
      pattern: '^\\/.*',
    }),
    method: text({ description: 'proxy route method', enum: METHODS }),
    regex_uri: REGEX,
    host: text({
      description: 'new host for upstream',
      pattern: '^[0-9a-zA-Z-.]+(:\\d{1,5})?$',
    }),
    scheme: text({ enum: ['http', 'https'] }),
    headers: {
      description: 'new headers for request',
      anyOf: [
        object({ add: VALUES, set: VALUES, remove: REMOVE }, {
          minProperties: 1,
          additionalProperties: false,
        }),
        VALUES,
      ],
    },
    use_real_request_uri_unsafe: { ...BOOLEAN, default: false },
  }, { minProperties: 1 }),
  check: (conf) => checkRegexPairs(conf) ?? checkFields(conf),
}

function checkRegexPairs({ regex_uri = [] }: PluginConf): string | undefined {
  const parts = regex_uri as readonly string[]
  if (parts.length % 2 !== 0) return 'The length of regex_uri should be an even number'
  for (let at = 0; at < parts.length; at += 2) {
    const wrong = checkRegex(parts[at] as string)
    if (wrong !== undefined) return `invalid regex_uri(${parts[at]}, ${parts[at + 1]}): ${wrong}`
  }
  return undefined
}

/** What is wrong with a regular expression. */
function checkRegex(source: string): string | undefined {
  try {
    void new RegExp(source)
    return undefined
  } catch {
    return `pcre_compile() failed in "${source}"`
  }
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

function checkFields({ headers }: PluginConf): string | undefined {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) return undefined
  const { add, set } = headers as { readonly [name: string]: Json }
  const named = add ?? set ?? headers
  const groups = [add, set].filter((each) => typeof each === 'object' && each !== null)
  for (const group of groups.length === 0 ? [named] : groups) {
    for (const [field, value] of Object.entries(group as { readonly [name: string]: Json })) {
      if (!TOKEN.test(field)) return 'invalid field character in header'
      // deno-lint-ignore no-control-regex -- control characters are what must not be there
      if (/[\x00-\x08\x0a-\x1f\x7f]/.test(String(value))) return 'invalid value character in header'
    }
  }
  return undefined
}

export const RESPONSE_REWRITE: PluginSchema = {
  priority: 899,
  schema: object({
    headers: {
      description: 'new headers for response',
      anyOf: [
        VALUES,
        object({
          add: list(text({ pattern: '^[^:]+:[^:]*[^/]$' }), { minItems: 1 }),
          set: VALUES,
          remove: REMOVE,
        }),
      ],
    },
    body: text({ description: 'new body for response' }),
    body_base64: { ...BOOLEAN, default: false },
    status_code: integer({
      description: 'new status code for response',
      minimum: 200,
      maximum: 598,
    }),
    vars: { type: 'array' },
    filters: list(
      object({
        regex: text({ minLength: 1 }),
        scope: text({ enum: ['once', 'global'], default: 'once' }),
        replace: text(),
        options: text({ default: 'jo' }),
      }, { required: ['regex', 'replace'] }),
      { minItems: 1 },
    ),
  }, {
    dependencies: { body: { not: having('filters') }, filters: { not: having('body') } },
  }),
  check: (conf) => checkBody(conf) ?? checkVars(conf) ?? checkFilters(conf),
}

function checkBody({ body, body_base64 }: PluginConf): string | undefined {
  if (body_base64 !== true) return undefined
  try {
    if (typeof body === 'string' && body !== '' && atob(body) !== '') return undefined
  } catch {
    // Told below.
  }
  return 'invalid base64 content'
}

function checkVars({ vars }: PluginConf): string | undefined {
  const wrong = vars === undefined ? undefined : checkExpression(vars)
  return wrong === undefined ? undefined : `failed to validate the 'vars' expression: ${wrong}`
}

function checkFilters({ filters = [] }: PluginConf): string | undefined {
  for (const { regex } of filters as readonly { readonly regex: string }[]) {
    const wrong = checkRegex(regex)
    if (wrong !== undefined) return `regex "${regex}" validation failed: ${wrong}`
  }
  return undefined
}

export const REDIRECT: PluginSchema = {
  priority: 900,
  schema: object({
    ret_code: integer({ minimum: 200, default: 302 }),
    uri: text({ minLength: 2 }),
    regex_uri: { ...REGEX, maxItems: 2 },
    http_to_https: BOOLEAN,
    encode_uri: { ...BOOLEAN, default: false },
    append_query_string: { ...BOOLEAN, default: false },
  }, {
    oneOf: [having('uri'), having('regex_uri'), having('http_to_https')],
  }),
  check: (conf) => {
    if (conf['http_to_https'] === true && conf['append_query_string'] === true) {
      return 'only one of `http_to_https` and `append_query_string` can be configured.'
    }
    return checkRegexPairs(conf)
  },
}
