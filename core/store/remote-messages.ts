import type { Committed, Found, StoredDocument, StoreFailure, Transaction } from './types.ts'
import type { WatchEvent } from './types.ts'

/**
 * Carries plain values between two processes, in order: the workers' messages of a runtime are one. Everyone may
 * hear everything: messages name the client they are for.
 */
export interface StoreChannel {
  send(message: unknown): void
  onMessage(receive: (message: unknown) => void): void
}

/** What a client asks. `list` is answered in parts; `watch` by events until `unwatch`. */
export type Question =
  | { readonly ask: 'get'; readonly key: string }
  | {
    readonly ask: 'list'
    readonly prefix: string
    readonly after?: string
    readonly limit?: number
    readonly followed?: boolean
  }
  | { readonly ask: 'commit'; readonly transaction: Transaction }
  | { readonly ask: 'watch'; readonly prefix: string; readonly after: number }
  | { readonly ask: 'unwatch'; readonly watch: number }
  /** The client is still there. */
  | { readonly ask: 'alive' }
  | { readonly ask: 'bye' }

/** From a client to the owner. */
export interface Asked {
  readonly store: 'ask'
  readonly client: string
  /** Counts the client's questions. */
  readonly id: number
  readonly question: Question
}

/** Part of a list; the last says so. */
export interface ListPart {
  readonly documents: readonly StoredDocument[]
  readonly revision: number
  readonly more: boolean
  readonly last: boolean
}

/** From the owner to one client: what became of question `id`. */
export type Told =
  & {
    readonly store: 'tell'
    readonly client: string
    readonly id: number
  }
  & (
    | { readonly answer: Found | Committed | ListPart | StoreFailure }
    | { readonly event: WatchEvent }
  )

/** Whether a message is a question to the owner of a store. */
export function isAsked(message: unknown): message is Asked {
  return (message as Partial<Asked> | null | undefined)?.store === 'ask'
}

/** Whether a message is for this client of a store. */
export function isTold(message: unknown, client: string): message is Told {
  const told = message as Partial<Told> | null | undefined
  return told?.store === 'tell' && told.client === client
}
