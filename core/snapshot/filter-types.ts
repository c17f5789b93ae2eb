/** How a variable is compared. Text is compared byte by byte; the four of size, and equality to a number, as numbers. */
export type ConditionOperator =
  | 'equals'
  | 'differs'
  | 'greater'
  | 'at-least'
  | 'less'
  | 'at-most'
  /** The variable contains what the regular expression describes. */
  | 'matches'
  | 'matches-any-case'
  /** The variable is one of the values. */
  | 'in'
  /** The variable, a list, has the value. */
  | 'has'
  | 'starts-with'
  | 'ends-with'
  | 'contains'
  /** The variable is an address in one of the ranges. */
  | 'within'

/** What a variable is compared with. Null stands for a variable that the request does not have. */
export type ConditionValue = string | number | boolean | null | readonly (string | number)[]

/** Compares a variable of the request, such as `arg_version`, `http_x_user` or `ssl_client_s_dn`, with a value. */
export interface CompareConfig {
  readonly variable: string
  readonly operator: ConditionOperator
  readonly value: ConditionValue
}

/** A condition on a request, which holds or does not. */
export type ConditionConfig =
  | CompareConfig
  | { readonly all: readonly ConditionConfig[] }
  | { readonly any: readonly ConditionConfig[] }
  | { readonly not: ConditionConfig }

/** What all filters have. */
export interface FilterBaseConfig {
  /** Only where all of these hold does the filter do anything. */
  readonly when: readonly ConditionConfig[]
  /** Higher ones run first within their phase; undefined: the place that the type has. */
  readonly priority: number | undefined
  /** What clients are told in place of the filter's own words where it answers with 400 or more. */
  readonly errorBody?: string | undefined
}

/** A header field to be written; `value` is a template, in which `$name` and `${name}` stand for variables. */
export interface HeaderConfig {
  readonly name: string
  readonly value: string
}

/** Changes to header fields: first `remove`, then `set` (in place of what is there), then `add`. */
export interface HeaderChangesConfig {
  readonly set: readonly HeaderConfig[]
  readonly add: readonly HeaderConfig[]
  readonly remove: readonly string[]
}

/** A regular expression and what takes the place of what it describes; `$1` to `$9` stand for its groups. */
export interface ReplaceConfig {
  readonly pattern: string
  readonly replacement: string
}

/** Changes what goes upstream. */
export interface RewriteFilterConfig extends FilterBaseConfig {
  readonly type: 'rewrite'
  /** The new path, a template; where it has no query, the request's own stays. */
  readonly uri: string | undefined
  /** Without `uri`: the first whose pattern the path meets makes the new path. */
  readonly regex: readonly ReplaceConfig[]
  /** Without `uri` and `regex`: a prefix that the path loses, in whole segments. */
  readonly stripPrefix: string | undefined
  /** Without `uri` and `regex`: what is put before the path, after `stripPrefix`. */
  readonly addPrefix: string | undefined
  readonly method: string | undefined
  /** The Host sent upstream, a template. */
  readonly host: string | undefined
  readonly headers: HeaderChangesConfig
  /** Starts from the target as the client wrote it, and does not encode what `uri` gives. */
  readonly raw: boolean
  /** Arguments that the query loses where the target is otherwise kept or changed by prefixes; undefined: none. */
  readonly dropArguments?: readonly string[] | undefined
}

/** Text to put in place of other text in a response's body. */
export interface BodyReplaceConfig extends ReplaceConfig {
  readonly all: boolean
  readonly anyCase: boolean
}

/** Changes what comes back. Its `when` may ask for `status` and `upstream_http_…`. */
export interface ResponseFilterConfig extends FilterBaseConfig {
  readonly type: 'response'
  readonly status: number | undefined
  /** Takes the place of the body, as it is. */
  readonly body: string | undefined
  readonly base64: boolean
  readonly headers: HeaderChangesConfig
  /** Without `body`. */
  readonly replace: readonly BodyReplaceConfig[]
  /** In place of all the others: what the gateway's own refusals look like. Undefined: as they are. */
  readonly pages?: ErrorPagesConfig | undefined
}

/** What takes the place of a refusal. */
export interface ErrorPageConfig {
  readonly status: number | undefined
  readonly headers: readonly HeaderConfig[]
  /** Text, and variables between; empty: the answer has no body. */
  readonly body: readonly (string | { readonly variable: string })[]
}

/** By what a refusal is called (`DEFAULT` stands for all others), then by the media type that the client accepts. */
export type ErrorPagesConfig = Readonly<
  Record<string, Readonly<Record<string, ErrorPageConfig>>>
>

/** Sends the client elsewhere. */
export interface RedirectFilterConfig extends FilterBaseConfig {
  readonly type: 'redirect'
  /** Redirects plain requests to https, others not at all; excludes `uri` and `regex`. */
  readonly toHttps: boolean
  /** The port of `toHttps`; undefined: 443. */
  readonly httpsPort: number | undefined
  /** Where to, a template. */
  readonly uri: string | undefined
  readonly regex: ReplaceConfig | undefined
  /** Undefined: 302; for `toHttps` 301 of GET and HEAD, 308 of others. */
  readonly status: number | undefined
  /** Percent-encodes what `uri` gives. */
  readonly encode: boolean
  readonly appendQuery: boolean
}

/** Answers in the upstream's place. */
export interface RespondFilterConfig extends FilterBaseConfig {
  readonly type: 'respond'
  readonly status: number
  readonly headers: readonly HeaderConfig[]
  /** A template; undefined: the style's own page for the status. */
  readonly body: string | undefined
}

/** Lets addresses in or turns them away; `deny` counts before `allow`, and an empty `allow` is everybody. */
export interface AddressFilterConfig extends FilterBaseConfig {
  readonly type: 'addresses'
  readonly allow: readonly string[]
  readonly deny: readonly string[]
  readonly status: number
  readonly message: string
}

/** Lets consumers in or turns them away: whoever was told by `key-auth` or `basic-auth` before. */
export interface ConsumerFilterConfig extends FilterBaseConfig {
  readonly type: 'consumers'
  /** What is compared: `consumer_name`, `consumer_group_id`, `route_id`, `service_id`. */
  readonly variable: string
  readonly allow: readonly string[]
  readonly deny: readonly string[]
  readonly allowMethods: readonly { readonly name: string; readonly methods: readonly string[] }[]
  readonly status: number
  /** Undefined: a text that names what is forbidden. */
  readonly message: string | undefined
}

/** What filters that find out who calls have. */
export interface AuthFilterConfig extends FilterBaseConfig {
  /** Whether the credential is taken away before the request goes upstream. */
  readonly hide: boolean
  /** Only applications whose name begins so are known; the rest of the name is the consumer's. */
  readonly namePrefix: string
  /** The application that stands for whoever brings no credential or a wrong one; undefined: 401. */
  readonly anonymous: string | undefined
}

/** Finds the application of an API key, without plans and subscriptions. */
export interface KeyAuthFilterConfig extends AuthFilterConfig {
  readonly type: 'key-auth'
  /** Lower case. */
  readonly header: string
  readonly query: string
  /** Whether the header holds `Bearer` and then the key. */
  readonly bearer?: boolean | undefined
  /** What `WWW-Authenticate` names; undefined: there is no such field. */
  readonly realm?: string | undefined
}

/** Asks for a name and a password, those of `users` or of an application's `logins`. */
export interface BasicAuthFilterConfig extends AuthFilterConfig {
  readonly type: 'basic-auth'
  readonly users: readonly LoginConfig[]
  readonly realm: string
}

/** A name and a password. */
export interface LoginConfig {
  readonly user: string
  readonly password: string
  /** The login's own name, which upstreams are told; undefined: it has none. */
  readonly id?: string | undefined
}

/** Bounds the request's body, in bytes; 0: no bound. */
export interface BodySizeFilterConfig extends FilterBaseConfig {
  readonly type: 'body-size'
  readonly max: number
}

/** How `key` of a limit is read: a variable's name, a template, or a constant. */
export type LimitKeyType = 'variable' | 'template' | 'constant'

/** What limits have. */
export interface LimitFilterConfig extends FilterBaseConfig {
  readonly key: string
  readonly keyType: LimitKeyType
  readonly status: number
  /** Undefined: the style's own text. */
  readonly message: string | undefined
}

/** So many requests in a span of time, which begins with the first. */
export interface CountLimitFilterConfig extends LimitFilterConfig {
  readonly type: 'count-limit'
  /** A number, or a template that gives one. */
  readonly count: number | string
  /** Milliseconds, or a template that gives them in seconds. */
  readonly window: number | string
  /** Limits of one group count together. */
  readonly group: string | undefined
  /** Whether answers tell limit, rest and time to the reset. */
  readonly tell: boolean
  /** Whether requests go on for which a template gives no number; otherwise they get 500. */
  readonly degrade?: boolean | undefined
  /** The headers that tell it; undefined: `X-RateLimit-Limit`, `-Remaining` and `-Reset`. */
  readonly names?: QuotaNamesConfig | undefined
}

/** The names of headers that tell of a limit. */
export interface QuotaNamesConfig {
  readonly limit: string
  readonly remaining: string
  readonly reset: string
}

/** So many requests a second, `burst` of them delayed (a leaky bucket). */
export interface RateLimitFilterConfig extends LimitFilterConfig {
  readonly type: 'rate-limit'
  readonly rate: number
  readonly burst: number
  /** Whether what is within `burst` goes on at once. */
  readonly noDelay: boolean
}

/** Cross-origin resource sharing. `*` is anything, `**` anything even with credentials. */
export interface CorsFilterConfig extends FilterBaseConfig {
  readonly type: 'cors'
  readonly allowOrigins: readonly string[]
  readonly allowOriginsByRegex: readonly string[]
  readonly allowMethods: string
  readonly allowHeaders: string
  readonly exposeHeaders: string
  /** Seconds; -1 tells browsers not to keep it. */
  readonly maxAge: number
  readonly allowCredentials: boolean
  readonly timingAllowOrigins: readonly string[]
  readonly timingAllowOriginsByRegex: readonly string[]
  /**
   * Whether preflights alone are answered, with 400 where they ask for what is not allowed, and answers have these
   * headers only where their origin is: Gravitee's ways. Lists are between commas then, an empty one allows anything,
   * and every origin may have credentials. Undefined: no.
   */
  readonly strict?: boolean | undefined
}

/** Takes the client's address (and port) from a variable. */
export interface RealAddressFilterConfig extends FilterBaseConfig {
  readonly type: 'real-address'
  /** A variable's name, such as `http_x_forwarded_for` or `arg_realip`. */
  readonly source: string
  /** Only peers within; empty: all. */
  readonly trusted: readonly string[]
  /** Whether trusted addresses at the end of a list are passed over. */
  readonly recursive: boolean
}

/** Gives requests an id where they have none. */
export interface RequestIdFilterConfig extends FilterBaseConfig {
  readonly type: 'request-id'
  readonly header: string
  readonly inResponse: boolean
  readonly algorithm: 'uuid' | 'nanoid' | 'range' | 'ksuid'
  /** Of `range`. */
  readonly characters: string
  readonly length: number
  /** Whether what the client calls it does not count. Undefined: it does. */
  readonly replace?: boolean | undefined
  /** The header, lower case, whose value a request without an id gets; undefined: a fresh one. */
  readonly from?: string | undefined
  /** The variable that tells the id; undefined: none does. */
  readonly variable?: 'request_id' | 'transaction_id' | undefined
  /**
   * What becomes of an id that the endpoint sends back: ours takes its place, joins it, or is not told at all.
   * Undefined: ours is told where there is none.
   */
  readonly answers?: 'override' | 'merge' | 'keep' | undefined
}

/** Tells both sides who calls: the subscription, or for those without one a digest of their address. */
export interface CallerIdFilterConfig extends FilterBaseConfig {
  readonly type: 'caller-id'
  /** A client may give itself a name by it, or by the argument of the same name. */
  readonly header: string
}

/** A step on the way of a request, of its response, or both. */
export type FilterConfig =
  | RewriteFilterConfig
  | ResponseFilterConfig
  | RedirectFilterConfig
  | RespondFilterConfig
  | AddressFilterConfig
  | ConsumerFilterConfig
  | KeyAuthFilterConfig
  | BasicAuthFilterConfig
  | BodySizeFilterConfig
  | CountLimitFilterConfig
  | RateLimitFilterConfig
  | CorsFilterConfig
  | RealAddressFilterConfig
  | RequestIdFilterConfig
  | CallerIdFilterConfig

/** The kinds of filters. */
export type FilterType = FilterConfig['type']
