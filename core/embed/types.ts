import type { ExchangeRecord } from '../observe/mod.ts'
import type { Problem } from '../snapshot/mod.ts'

/** What an embedding host gives; all of it may be left out. */
export interface FetchHost {
  /**
   * Sends a request to an endpoint, without following redirects. `upstream` is the name of the endpoint's upstream,
   * for hosts that keep a client for each; it is empty where issuers of tokens are asked. Default: the host's global
   * `fetch`.
   */
  readonly fetch?: (request: Request, upstream: string) => Promise<Response>
  /**
   * Whether `fetch` does for each upstream what its `tls` says: shows the certificate, checks CAs, CRLs and names.
   * Default: no, and configurations that say more than `tls: {}` are refused.
   */
  readonly upstreamTls?: boolean
  /** Looks up what `{ env: … }` names. Default: nothing is set. */
  readonly env?: (name: string) => string | undefined
  /** Further request headers that say who the client is, and so never go upstream as they came. */
  readonly identityHeaders?: readonly string[]
  /** Epoch milliseconds. Default: `Date.now`. */
  readonly now?: () => number
  /** Told of each exchange at its end; `accessLogLine` makes a line of it. It must be quick and never throw. */
  readonly onExchange?: (exchange: ExchangeRecord) => void
}

/** What the host knows of the client, from its own TLS. */
export interface FetchClient {
  /** The client's IP address. */
  readonly address: string
  /**
   * The certificate that the client has proved to hold the key of: as text in PEM, base64 of the DER or RFC 9440's
   * `:base64:`, or as DER. A list is a chain of these, leaf first. Undefined or empty: the client showed none.
   */
  readonly clientCertificate?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined
}

/** Answers requests by a configuration. */
export interface FetchHandler {
  /** Never rejects: what goes wrong within is answered with 500. */
  (request: Request, client: FetchClient): Promise<Response>
  /**
   * Compiles the configuration, which else the first request does.
   *
   * @returns the configuration's warnings
   * @throws {ConfigurationError} where it cannot be used
   */
  ready(): Promise<readonly Problem[]>
}
