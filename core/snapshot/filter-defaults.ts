import type {
  FilterConfig,
  FilterType,
  HeaderChangesConfig,
  QuotaNamesConfig,
} from './filter-types.ts'

const none: readonly never[] = []
const base = { when: none, priority: undefined }
const headers: HeaderChangesConfig = { set: none, add: none, remove: none }
const auth = { hide: false, namePrefix: '', anonymous: undefined }

/** The headers that tell of a limit, unless a filter names others. */
export const QUOTA_NAMES: QuotaNamesConfig = {
  limit: 'X-RateLimit-Limit',
  remaining: 'X-RateLimit-Remaining',
  reset: 'X-RateLimit-Reset',
}

/** Each kind of filter with the defaults of its keys. What has no default is empty. */
export const FILTER_DEFAULTS: {
  readonly [K in FilterType]: Extract<FilterConfig, { readonly type: K }>
} = {
  'rewrite': {
    ...base,
    type: 'rewrite',
    uri: undefined,
    regex: none,
    stripPrefix: undefined,
    addPrefix: undefined,
    method: undefined,
    host: undefined,
    headers,
    raw: false,
  },
  'response': {
    ...base,
    type: 'response',
    status: undefined,
    body: undefined,
    base64: false,
    headers,
    replace: none,
  },
  'redirect': {
    ...base,
    type: 'redirect',
    toHttps: false,
    httpsPort: undefined,
    uri: undefined,
    regex: undefined,
    status: undefined,
    encode: false,
    appendQuery: false,
  },
  'respond': { ...base, type: 'respond', status: 200, headers: none, body: '' },
  'addresses': {
    ...base,
    type: 'addresses',
    allow: none,
    deny: none,
    status: 403,
    message: 'Your IP address is not allowed',
  },
  'consumers': {
    ...base,
    type: 'consumers',
    variable: 'consumer_name',
    allow: none,
    deny: none,
    allowMethods: none,
    status: 403,
    message: undefined,
  },
  'key-auth': { ...base, ...auth, type: 'key-auth', header: 'apikey', query: 'apikey' },
  'basic-auth': { ...base, ...auth, type: 'basic-auth', users: none, realm: 'basic' },
  'body-size': { ...base, type: 'body-size', max: 0 },
  'count-limit': {
    ...base,
    type: 'count-limit',
    count: 1,
    window: 1000,
    key: 'remote_addr',
    keyType: 'variable',
    status: 503,
    message: undefined,
    group: undefined,
    tell: true,
    names: undefined,
  },
  'rate-limit': {
    ...base,
    type: 'rate-limit',
    rate: 1,
    burst: 0,
    noDelay: false,
    key: 'remote_addr',
    keyType: 'variable',
    status: 503,
    message: undefined,
  },
  'cors': {
    ...base,
    type: 'cors',
    allowOrigins: ['*'],
    allowOriginsByRegex: none,
    allowMethods: '*',
    allowHeaders: '*',
    exposeHeaders: '',
    maxAge: 5,
    allowCredentials: false,
    timingAllowOrigins: none,
    timingAllowOriginsByRegex: none,
  },
  'real-address': {
    ...base,
    type: 'real-address',
    source: 'http_x_forwarded_for',
    trusted: none,
    recursive: false,
  },
  'caller-id': {
    ...base,
    type: 'caller-id',
    header: 'X-Client-Identifier',
  },
  'request-id': {
    ...base,
    type: 'request-id',
    header: 'X-Request-Id',
    inResponse: true,
    algorithm: 'uuid',
    characters: 'abcdefghijklmnopqrstuvwxyzABCDEFGHIGKLMNOPQRSTUVWXYZ0123456789',
    length: 16,
  },
}
