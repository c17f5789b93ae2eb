/** What translating depends on besides documents. */
export interface TranslateOptions {
  /** Whether upstreams over TLS are verified where their documents do not say. */
  readonly verifyUpstreams: boolean
  /** Keys that APISIX encrypted with. */
  readonly keyring: readonly string[]
  /** Variables of the environment, for `$env://NAME`. */
  readonly env: (name: string) => string | undefined
  /** The name whose certificate clients get who send none; empty: they get none. */
  readonly fallbackSni: string
  /** The port that `http_to_https` redirects to. */
  readonly httpsPort: number
  /** Whether clients are offered HTTP/2. */
  readonly http2: boolean
  /** Bounds of `ssl_protocols` where an ssl has none of its own. */
  readonly protocols: readonly string[]
  /** How routes are found. */
  readonly router: RouterName
  /** Whether answers always tell the endpoint's status, and not only where it failed. */
  readonly tellStatus: boolean
}

/** Hosts first, then paths; or paths first, then hosts, where segments such as `:name` may stand for any. */
export type RouterName = 'radixtree_host_uri' | 'radixtree_uri' | 'radixtree_uri_with_parameter'

/** What parts are named by, so that they meet no others. */
export const PREFIX: string = 'apisix:'
/** What names of consumers begin with. */
export const CONSUMER_PREFIX: string = `${PREFIX}consumer:`
