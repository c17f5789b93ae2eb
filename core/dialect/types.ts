import type { Address, Clock, Entropy, Files, Log } from '../port/mod.ts'
import type {
  ApiConfig,
  ApplicationConfig,
  FilterConfig,
  ListenerConfig,
  RouteConfig,
  TlsEntryConfig,
  UpstreamConfig,
} from '../snapshot/types.ts'
import type { Change, Store, StoreFailure } from '../store/mod.ts'

/** Something about a document of the store that cannot be done, or is worth a warning. */
export interface DocumentProblem {
  /** The document's key in the store. */
  readonly key: string
  readonly severity: 'error' | 'warning'
  readonly message: string
}

/** What the documents of a dialect ask for, in the gateway's own terms. */
export interface ConfigurationParts {
  /** Listeners of its own. */
  readonly listeners: readonly ListenerConfig[]
  /** Server certificates for the listeners that the dialect's option `listeners` names. */
  readonly tls: readonly TlsEntryConfig[]
  /**
   * By name. Names of upstreams, routes, APIs and applications begin with the dialect's and a colon. The map is never
   * changed once it was given.
   */
  readonly upstreams: ReadonlyMap<string, UpstreamConfig>
  readonly routes: readonly RouteConfig[]
  readonly apis: readonly ApiConfig[]
  /** By name, as of now: later changes are seen in the same map. */
  readonly applications: ReadonlyMap<string, ApplicationConfig>
  /** What every request meets, besides the document's own. */
  readonly filters?: readonly FilterConfig[]
  /** Documents left out, and why. */
  readonly problems: readonly DocumentProblem[]
}

/** Which parts a change of documents changed. */
export interface PartsChange {
  /** Names of applications put or removed. */
  readonly applications: ReadonlySet<string>
  /** Whether anything else changed. */
  readonly others: boolean
}

/**
 * Turns a dialect's documents into parts of the configuration, bit by bit: it never throws, and what a change does
 * not touch stays the very same object, by which the gateway knows what it need not do again.
 */
export interface Translator {
  /** Takes changes of documents, in order; the first call brings all that there are. */
  take(changes: readonly Change[]): PartsChange
  /** What all documents together ask for. */
  parts(): ConfigurationParts
  /** The key of the document that a part came from; undefined where it is not one of its parts. */
  documentOf(part: object): string | undefined
}

/** Whether what was written is in force. */
export type InForce =
  | { readonly ok: true }
  | { readonly ok: false; readonly problems: readonly DocumentProblem[] }

/** An endpoint of a running upstream. */
export interface EndpointView {
  readonly host: string
  readonly port: number
  /** `unknown` where nobody checks it. */
  readonly health: 'up' | 'down' | 'unknown'
  readonly connections: number
}

/** What an API may say about the gateway as it runs. */
export interface RunningView {
  /** Where listeners accept, by name; a port 0 has become a real one. */
  addresses(): ReadonlyMap<string, Address>
  /** The endpoints of an upstream, by its name; empty where there is none. */
  endpoints(upstream: string): readonly EndpointView[]
}

/** What a dialect's API may use. */
export interface DialectContext {
  /** Documents, with their secrets in clear: never answer them. */
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly entropy: Entropy
  /**
   * Resolves once everything up to a revision of the store is in force in this process, or is known not to be. A write
   * that must bite before its answer waits for it.
   */
  readonly inForce: (revision: number) => Promise<InForce>
  readonly running: RunningView
  /**
   * A secret of the gateway's own, such as an admin key: what the store has under this name, or what `make` makes,
   * which is then stored and told once, in the process's log.
   */
  readonly credential: (name: string, make: () => string) => Promise<string | StoreFailure>
  /** False: this gateway only follows the store, so nothing is made at its first start. */
  readonly takesOrders?: boolean
  /** The version of the gateway. */
  readonly version: string
  /** Whether a password has a hash that is written as crypt(3) writes them; undefined: it is none. */
  readonly hasHash?: (password: string, hash: string) => Promise<boolean> | undefined
  /** The files of the gateway's machine; undefined: none are read. */
  readonly files?: Pick<Files, 'read' | 'realPath'>
  /** Variables of the environment. */
  readonly env?: (name: string) => string | undefined
}

/** Who asks an API. */
export interface Caller {
  readonly address: string
  readonly secure: boolean
  /** SHA-256 (hex) of the client certificate, where one was shown that counts. */
  readonly certificate: string | undefined
}

/** An API over HTTP. It never rejects. */
export type DialectApi = (request: Request, caller: Caller) => Promise<Response>

/** A foreign way to configure the gateway. */
export interface Dialect {
  readonly name: 'apisix' | 'gravitee' | 'gcore'
  /** What the keys of its documents begin with; empty: it has the store's own root. */
  readonly root: string
  /** What the paths that its API answers begin with. */
  readonly paths: readonly string[]
  readonly translator: Translator
  readonly api: DialectApi
}
