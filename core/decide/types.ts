import type { Verdict } from '../pki/mod.ts'
import type { Address } from '../port/mod.ts'
import type { PendingToken, PlanRefusal, PlanRefusalCode } from '../plan/mod.ts'
import type { PlanType } from '../snapshot/types.ts'
import type { FilterChain, FilterRefusalCode } from '../filter/mod.ts'
import type { Facts } from '../vars/mod.ts'
import type { HeaderList } from '../wire/types.ts'
import type { CompiledRoute, CompiledUpstream } from './compiled.ts'

/** The stable code of every refusal; the table in docs/refusals.md says what each means and what to do. */
export type RefusalCode =
  | PlanRefusalCode
  | FilterRefusalCode
  | 'MALFORMED_REQUEST'
  | 'HEAD_TOO_LARGE'
  | 'TARGET_TOO_LONG'
  | 'VERSION_UNSUPPORTED'
  | 'TRANSFER_CODING_UNSUPPORTED'
  | 'METHOD_UNSUPPORTED'
  | 'UPGRADE_UNSUPPORTED'
  | 'REQUEST_TIMEOUT'
  | 'CLIENT_GONE'
  | 'CLIENT_HELLO_INVALID'
  | 'PROXY_HEADER_INVALID'
  | 'HANDSHAKE_FAILED'
  | 'HANDSHAKE_TIMEOUT'
  | 'SNI_UNKNOWN'
  | 'CONNECTION_LIMIT'
  | 'CONNECTION_NOT_ALLOWED'
  | 'CONNECTION_ABUSED'
  | 'HOST_MISDIRECTED'
  | 'ROUTE_NOT_FOUND'
  | 'CREDENTIAL_UNCHECKED'
  | 'NO_ENDPOINT'
  | 'DRAINING'
  | 'UPSTREAM_UNREACHABLE'
  | 'UPSTREAM_TLS_FAILED'
  | 'UPSTREAM_CERTIFICATE_REFUSED'
  | 'UPSTREAM_MALFORMED'
  | 'UPSTREAM_CLOSED'
  | 'UPSTREAM_TIMEOUT'
  | 'ANSWER_TIMEOUT'

/** A request or connection turned away. */
export interface Refusal {
  readonly code: RefusalCode
  /** The HTTP status answered, or 0 where a connection is closed without an answer. */
  readonly status: number
  /** For the operator: the log, `explain`, and clients where `verbose` is on. */
  readonly detail: string
  /** Whether `detail` may be told to the client. */
  readonly verbose: boolean
  /** Fields that the answer has besides. */
  readonly headers?: HeaderList
  /** In place of what the client is told otherwise; its key in JSON, where a style has it. */
  readonly told?: { readonly key: 'message' | 'error_msg'; readonly text: string } | undefined
  /** By which plan's rules, once it was chosen. */
  readonly chosen?: PlanRefusal['chosen']
}

/** A client certificate that was presented, and what was found about it. */
export interface ClientCertificate {
  /** SHA-256 of its DER, hex, lower case. */
  readonly fingerprint: string
  readonly verdict: Verdict
  /** The truststore id that the verdict was made against. */
  readonly truststore: string
}

/** Everything about the other end that a decision may depend on. */
export interface Peer {
  /** The client's address, after PROXY protocol. */
  readonly address: string
  /** The name of the listener it came in by. */
  readonly listener: string
  readonly secure: boolean
  /** The SNI in lower case, empty without. */
  readonly sni: string
  /** Whether the peer is a proxy that may speak for its clients. */
  readonly trustedProxy: boolean
  /** From the handshake, or from a trusted proxy's header. */
  readonly certificate: ClientCertificate | undefined
  /** Both ends of its connection, where they are known. */
  readonly ends?: { readonly source: Address; readonly destination: Address }
}

/** The filters that a request meets, and what they read variables from. */
export interface Filtering {
  readonly chain: FilterChain
  readonly facts: Facts
}

/** What a decision says about the subscription that let a request in. */
export interface Grant {
  readonly plan: string
  readonly planType: PlanType
  readonly application: string | undefined
  /** What its subscription is called, where it has a name. */
  readonly subscription?: string | undefined
}

/** A request that may go on. */
export interface Forward {
  readonly kind: 'forward'
  readonly route: CompiledRoute
  readonly upstream: CompiledUpstream
  /** Undefined: a route without plans. */
  readonly grant: Grant | undefined
  /** Names and values in turn that the request gains, after identity from the client was removed. */
  readonly added: HeaderList
  /** Headers that the route sets itself, lower case with `-`: they go even where a trusted proxy sent them. */
  readonly owned: readonly string[]
  /** Undefined: there are none. */
  readonly filtering: Filtering | undefined
}

/** A request that is turned away. */
export interface Refuse {
  readonly kind: 'refuse'
  readonly refusal: Refusal
  /** The route that was asked for, where one was found. */
  readonly route: CompiledRoute | undefined
  /** What may answer before it is refused; undefined: nothing. */
  readonly filtering?: Filtering | undefined
}

/** A request that is answered within the process. */
export interface Local {
  readonly kind: 'local'
  /** Undefined where the listener has no routes at all. */
  readonly route: CompiledRoute | undefined
  /** The name of what answers. */
  readonly handler: string
  /** The client's certificate, where it counts. */
  readonly certificate: ClientCertificate | undefined
}

/** A request whose token has to be checked before it can be decided. */
export interface Pending extends PendingToken {
  readonly kind: 'pending'
  readonly route: CompiledRoute
}

/** What is to be done with a request. */
export type Decision = Forward | Local | Refuse | Pending
