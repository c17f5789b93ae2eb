import type { ApplicationConfig, FilterConfig, FilterType, Span } from '../snapshot/types.ts'
import type { HeaderList } from '../wire/types.ts'
import type { Condition } from '../vars/mod.ts'
import type { LimitState } from './limit-state.ts'
import type { Passage } from './passage.ts'

/** Why a filter turned a request away. */
export type FilterRefusalCode =
  | 'ADDRESS_NOT_ALLOWED'
  | 'CONSUMER_NOT_ALLOWED'
  | 'CREDENTIAL_MISSING'
  | 'CREDENTIAL_UNKNOWN'
  | 'RATE_LIMITED'
  | 'BODY_TOO_LARGE'
  | 'INTERNAL_ERROR'

/** A request that a filter turned away. Each style gives it its own look. */
export interface FilterRefusal {
  readonly kind: 'refusal'
  readonly code: FilterRefusalCode
  readonly status: number
  /** For the operator. */
  readonly detail: string
  /** What the client is told, under this key where the style has JSON; undefined: the style's own page. */
  readonly told: { readonly key: 'message' | 'error_msg'; readonly text: string } | undefined
  readonly headers: HeaderList
  /** What the client is told instead of all that. */
  readonly body?: Uint8Array | undefined
}

/** A request that a filter answered. */
export interface FilterAnswer {
  readonly kind: 'answer'
  readonly status: number
  readonly headers: HeaderList
  /** Undefined: the style's own page for the status. */
  readonly body: Uint8Array | undefined
}

/** A filter's last word on a request. */
export type Stop = FilterRefusal | FilterAnswer

/** The steps of a request's way, in order. */
export type FilterPhase = 'rewrite' | 'access'

/** What a filter does to a request. */
export type OnRequest = (passage: Passage) => Stop | undefined

/** An answer on its way to the client. */
export interface ResponseInHand {
  status: number
  headers: HeaderList
  /** Whether an endpoint gave it. */
  readonly upstream: boolean
  /** What takes the place of the body; undefined: it stays. */
  body: Uint8Array | undefined
  /** What changes the body once it is whole; undefined: nothing. */
  change: ((body: Uint8Array) => Uint8Array) | undefined
}

/** What a filter does to an answer. */
export type OnResponse = (passage: Passage, response: ResponseInHand) => void

/** A filter, ready for use. */
export interface CompiledFilter {
  readonly type: FilterType
  readonly config: FilterConfig
  readonly phase: FilterPhase
  readonly priority: number
  readonly when: Condition | undefined
  readonly onRequest: OnRequest | undefined
  readonly onResponse: OnResponse | undefined
}

/** An application, as filters see it. */
export interface Consumer {
  readonly name: string
  readonly config: ApplicationConfig
  /** In place of the route's of the same types. */
  readonly filters?: readonly CompiledFilter[] | undefined
}

/** What is known of an API key. */
export interface FoundKey extends Span {
  readonly application: { readonly name: string }
  /** The key's own name; undefined: it has none. */
  readonly id?: string | undefined
}

/** Where filters look up who calls. */
export interface Consumers {
  byApiKey(key: string): FoundKey | undefined
  byLogin(user: string): { readonly name: string } | undefined
  get(name: string): Consumer | undefined
}

/** What filters need besides the request. */
export interface FilterMeans {
  readonly consumers: Consumers
  readonly limits: LimitState
  readonly random: (length: number) => Uint8Array
}
