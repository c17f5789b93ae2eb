import type * as z from 'zod'
import { FILTER_DEFAULTS, QUOTA_NAMES } from '../filter-defaults.ts'
import { isMap } from '../problems.ts'
import type {
  BasicAuthFilterConfig,
  FilterBaseConfig,
  FilterConfig,
  FilterType,
  HeaderChangesConfig,
  HeaderConfig,
  QuotaNamesConfig,
} from '../types.ts'
import { cidr } from './addresses.ts'
import { conditions } from './conditions.ts'
import { fieldName, method } from './names.ts'
import { boolean, choice, duration, integer, name, number, size, text } from './scalars.ts'
import { secret, type Source } from './sources.ts'
import { list, map, Mismatch, pick, scalar, type Shape, someOf } from './structure.ts'
import { variableName } from './variables.ts'

type Of<K extends FilterType> = Extract<FilterConfig, { readonly type: K }>

const base: Shape<FilterBaseConfig> = {
  when: conditions(),
  priority: integer(-100_000, 100_000).optional(),
  errorBody: text().optional(),
}

/** A header field to be written. */
export const headerSchema: z.ZodType<HeaderConfig> = map('a header', {
  name: fieldName(),
  value: text(),
})

/** `headers` of `rewrite` and `response`. */
export const headerChangesSchema: z.ZodType<HeaderChangesConfig> = map('headers', {
  set: list('headers', headerSchema).default([]),
  add: list('headers', headerSchema).default([]),
  remove: list('names of headers', fieldName()).default([]),
})

/** A pattern and what takes its place. */
export const replaceSchema: z.ZodType<Of<'rewrite'>['regex'][number]> = map('a replacement', {
  pattern: text(),
  replacement: text(),
})

/** `replace[]` of `response`. */
export const bodyReplaceSchema: z.ZodType<Of<'response'>['replace'][number]> = map(
  'a replacement',
  {
    pattern: text(),
    replacement: text(),
    all: boolean().default(false),
    anyCase: boolean().default(false),
  },
)

/** `names` of `count-limit`. */
export const quotaNamesSchema: z.ZodType<QuotaNamesConfig> = map('names', {
  limit: fieldName().default(QUOTA_NAMES.limit),
  remaining: fieldName().default(QUOTA_NAMES.remaining),
  reset: fieldName().default(QUOTA_NAMES.reset),
})

/** `allowMethods[]` of `consumers`. */
export const allowMethodsSchema: z.ZodType<Of<'consumers'>['allowMethods'][number]> = map(
  'methods of a consumer',
  { name: name(), methods: someOf('methods', method()) },
)

/** A login, before its password is read. */
export interface WrittenLogin {
  readonly user: string
  readonly password: Source<string>
  readonly id?: string | undefined
}

/** A name and a password. */
export const loginSchema: z.ZodType<WrittenLogin> = map('a login', {
  user: name(),
  password: secret(),
  id: name().optional(),
})

/** A filter, before its secrets are read. */
export type WrittenFilter =
  | Exclude<FilterConfig, BasicAuthFilterConfig>
  | (Omit<BasicAuthFilterConfig, 'users'> & { readonly users: readonly WrittenLogin[] })

type Written<K extends FilterType> = Extract<WrittenFilter, { readonly type: K }>

const status = integer(200, 599)
const texts = list('texts', text()).default([])
const ranges = list('ranges of addresses', cidr()).default([])
const headers = headerChangesSchema.prefault({})

function type<K extends FilterType>(word: K): z.ZodType<K> {
  return choice(word)
}

const limitShape = {
  key: text().default('remote_addr'),
  keyType: choice('variable', 'template', 'constant').default('variable'),
  status: status.default(429),
  message: text().optional(),
}

const authShape = {
  hide: boolean().default(false),
  namePrefix: text().default(''),
  anonymous: name().optional(),
}

/** A text with variables, or what else there may be. */
function templateOr(other: z.ZodType<number>): z.ZodType<number | string> {
  return pick<number | string>((raw) =>
    typeof raw === 'string' && raw.includes('$') ? text() : other
  )
}

/** The schema of each kind of filter. */
export const filterSchemas: { readonly [K in FilterType]: z.ZodType<Written<K>> } = {
  'rewrite': map('a filter of type rewrite', {
    type: type('rewrite'),
    uri: text().optional(),
    regex: list('replacements', replaceSchema).default([]),
    stripPrefix: text().optional(),
    addPrefix: text().optional(),
    method: method().optional(),
    host: text().optional(),
    headers,
    raw: boolean().default(false),
    ...base,
  }),
  'response': map('a filter of type response', {
    type: type('response'),
    status: status.optional(),
    body: text().optional(),
    base64: boolean().default(false),
    headers,
    replace: list('replacements', bodyReplaceSchema).default([]),
    ...base,
  }),
  'redirect': map('a filter of type redirect', {
    type: type('redirect'),
    toHttps: boolean().default(false),
    httpsPort: integer(1, 65_535).optional(),
    uri: text().optional(),
    regex: replaceSchema.optional(),
    status: status.optional(),
    encode: boolean().default(false),
    appendQuery: boolean().default(false),
    ...base,
  }),
  'respond': map('a filter of type respond', {
    type: type('respond'),
    status: status.default(200),
    headers: list('headers', headerSchema).default([]),
    body: text().default(''),
    ...base,
  }),
  'addresses': map('a filter of type addresses', {
    type: type('addresses'),
    allow: ranges,
    deny: ranges,
    status: status.default(403),
    message: text().default(FILTER_DEFAULTS.addresses.message),
    ...base,
  }),
  'consumers': map('a filter of type consumers', {
    type: type('consumers'),
    variable: variableName().default('consumer_name'),
    allow: texts,
    deny: texts,
    allowMethods: list('methods of consumers', allowMethodsSchema).default([]),
    status: status.default(403),
    message: text().optional(),
    ...base,
  }),
  'key-auth': map('a filter of type key-auth', {
    type: type('key-auth'),
    header: fieldName().transform((each) => each.toLowerCase()).default('apikey'),
    query: text().default('apikey'),
    bearer: boolean().optional(),
    realm: text().optional(),
    ...authShape,
    ...base,
  }),
  'basic-auth': map('a filter of type basic-auth', {
    type: type('basic-auth'),
    users: list('logins', loginSchema).default([]),
    realm: text().default('basic'),
    ...authShape,
    ...base,
  }),
  'body-size': map('a filter of type body-size', {
    type: type('body-size'),
    max: size({ zero: true }),
    ...base,
  }),
  'count-limit': map('a filter of type count-limit', {
    type: type('count-limit'),
    count: templateOr(integer(1, 1_000_000_000)),
    window: templateOr(duration()),
    degrade: boolean().optional(),
    group: name().optional(),
    tell: boolean().default(true),
    names: quotaNamesSchema.optional(),
    ...limitShape,
    ...base,
  }),
  'rate-limit': map('a filter of type rate-limit', {
    type: type('rate-limit'),
    rate: number({ above: 0 }),
    burst: number({ least: 0 }).default(0),
    noDelay: boolean().default(false),
    ...limitShape,
    ...base,
  }),
  'cors': map('a filter of type cors', {
    type: type('cors'),
    allowOrigins: list('origins', text()).default(['*']),
    allowOriginsByRegex: texts,
    allowMethods: text().default('*'),
    allowHeaders: text().default('*'),
    exposeHeaders: text().default(''),
    maxAge: integer(-1, 1_000_000_000).default(5),
    allowCredentials: boolean().default(false),
    timingAllowOrigins: texts,
    timingAllowOriginsByRegex: texts,
    ...base,
  }),
  'real-address': map('a filter of type real-address', {
    type: type('real-address'),
    source: variableName().default('http_x_forwarded_for'),
    trusted: ranges,
    recursive: boolean().default(false),
    ...base,
  }),
  'caller-id': map('a filter of type caller-id', {
    type: type('caller-id'),
    header: fieldName().default(FILTER_DEFAULTS['caller-id'].header),
    ...base,
  }),
  'request-id': map('a filter of type request-id', {
    type: type('request-id'),
    header: fieldName().default('X-Request-Id'),
    inResponse: boolean().default(true),
    algorithm: choice('uuid', 'nanoid', 'range', 'ksuid').default('uuid'),
    characters: text().default(FILTER_DEFAULTS['request-id'].characters),
    length: integer(6, 256).default(16),
    ...base,
  }),
}

const known = Object.keys(filterSchemas) as FilterType[]

const untyped: z.ZodType<WrittenFilter> = map<WrittenFilter>('a filter', {
  type: choice(...known),
} as unknown as Shape<WrittenFilter>)

const notMap: z.ZodType<WrittenFilter> = scalar<WrittenFilter>(() =>
  new Mismatch('expected a map with type, and what belongs to it')
)

/** A filter of a route, an API, an application or the configuration itself. */
export const filterSchema: z.ZodType<WrittenFilter> = pick<WrittenFilter>((raw) => {
  if (!isMap(raw)) return notMap
  const word = known.find((each) => each === raw['type'])
  return word === undefined ? untyped : filterSchemas[word] as z.ZodType<WrittenFilter>
})

/** A list of filters, empty unless written. */
export function filters(): z.ZodType<readonly WrittenFilter[]> {
  return list('filters', filterSchema).default([])
}
