/** What a document is made of. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json }

/** One document as the store holds it. It is frozen: change it by putting another. */
export interface StoredDocument {
  /** Begins with `/` and a letter or digit; visible ASCII, 1,024 characters at most. */
  readonly key: string
  readonly value: Json
  /** The store's revision when the document came to be. */
  readonly createRevision: number
  /** The store's revision when it was put last. */
  readonly modifyRevision: number
  /** How often it was put since it came to be, from 1. */
  readonly version: number
  /** Present where it will vanish by itself: when, in ms since 1970, or 0 where the store cannot say. */
  readonly expires?: number
  /** Whether the value may hold something sealed, where that is known without reading it. */
  readonly sealed?: boolean
}

/** Why the store did not do what was asked. */
export type StoreFailureCode =
  /** A condition of the transaction does not hold: read anew, then decide. */
  | 'conflict'
  /** The store cannot be reached, or did not answer in time. A write may have been made all the same. */
  | 'unavailable'
  /** What keeps the documents takes no writes. Reads go on. */
  | 'read-only'
  /** No room is left. Reads go on. */
  | 'full'
  /** What was kept is damaged, or cannot be unsealed. */
  | 'corrupt'
  /** The store was closed. */
  | 'closed'
  /** Another process owns the folder. */
  | 'locked'
  /** The store refuses who we say we are, or what that one may do. */
  | 'denied'
  /** The question makes no sense: a malformed key, a value that is no JSON, too much at once. */
  | 'invalid'

/** A failure as a value: its stable code, and one sentence for the operator. */
export interface StoreFailure {
  readonly failure: StoreFailureCode
  readonly message: string
  /** The key whose condition did not hold. */
  readonly key?: string
}

/** A document, if there is one, and the store's revision at which that was so. */
export interface Found {
  readonly document: StoredDocument | undefined
  readonly revision: number
}

/** Which part of a list is wanted. */
export interface ListOptions {
  /** Begin with the first key after this one. */
  readonly after?: string
  /** At most so many documents; all of them where it is left out. */
  readonly limit?: number
  /** True: a store may leave out what has always lain there and nobody follows. */
  readonly followed?: boolean
}

/** Documents in the order of their keys, all as of one revision of the store. */
export interface Page {
  readonly documents: readonly StoredDocument[]
  readonly revision: number
  /** Whether others follow: ask again, `after` the last key. */
  readonly more: boolean
}

/** Puts or deletes one document. Deleting what is not there changes nothing. */
export type Operation =
  | {
    readonly put: string
    readonly value: Json
    /** Seconds after which the document vanishes unless it is put again. */
    readonly ttl?: number
    /** Leaves the time at which the document vanishes, if any, as it was. */
    readonly keepExpiry?: boolean
  }
  | { readonly delete: string }

/** Holds where the document was last put at `revision`; 0 says that there is none. */
export interface Condition {
  readonly key: string
  readonly revision: number
}

/** Operations that are done all together or not at all. No key may stand in two of them. */
export interface Transaction {
  /** Who makes the change, for those who watch. */
  readonly by: string
  readonly operations: readonly Operation[]
  readonly conditions?: readonly Condition[]
}

/** What became of one document: put, or deleted where `document` is undefined. */
export interface Change {
  readonly key: string
  readonly document: StoredDocument | undefined
}

/** What a transaction did. Where it changed nothing, `revision` is the store's present one. */
export interface Committed {
  readonly revision: number
  readonly changes: readonly Change[]
}

/** Who writes one document, and on what condition. */
export interface WriteOptions {
  readonly by: string
  /** Only if the document was last put at this revision; 0: only if there is none. */
  readonly ifRevision?: number
}

/** As {@linkcode WriteOptions}, with a lifetime in seconds. */
export interface PutOptions extends WriteOptions {
  readonly ttl?: number
}

/** A document that was put; it is new where its version is 1. */
export interface Written {
  readonly document: StoredDocument
  readonly revision: number
}

/** Whether there was something to delete. */
export interface Deleted {
  readonly deleted: boolean
  readonly revision: number
}

/** What a watcher is told, in order and once. After `compacted` and `ended` nothing more comes. */
export type WatchEvent =
  /** One transaction, with those of its changes that lie below the prefix. */
  | {
    readonly kind: 'changes'
    readonly revision: number
    readonly changes: readonly Change[]
    /** Who made them, where the writer said so. */
    readonly by?: string
    /** When, in ms since 1970, where the writer said so. */
    readonly at?: number
  }
  /** Changes after the asked revision are no longer known: list anew and watch from there. */
  | { readonly kind: 'compacted'; readonly revision: number }
  /** The store is out of reach; what is known stays true as of then. Watching goes on by itself. */
  | { readonly kind: 'lost'; readonly message: string }
  /** The store is back; changes since then follow. */
  | { readonly kind: 'regained' }
  | { readonly kind: 'ended'; readonly failure: StoreFailure }

/**
 * Documents by key, with one revision for the whole store that only ever grows. Every write is atomic and,
 * once answered, as durable as the store can make it. Nothing is thrown: failures are {@linkcode StoreFailure}.
 */
export interface Store {
  get(key: string): Promise<Found | StoreFailure>
  /** Documents whose key begins with `prefix`; `/` for all. */
  list(prefix: string, options?: ListOptions): Promise<Page | StoreFailure>
  put(key: string, value: Json, options: PutOptions): Promise<Written | StoreFailure>
  delete(key: string, options: WriteOptions): Promise<Deleted | StoreFailure>
  commit(transaction: Transaction): Promise<Committed | StoreFailure>
  /**
   * Tells of every change below `prefix` after the revision `after`, such as that of a {@linkcode Page}.
   * @returns How to stop; nothing is told after that.
   */
  watch(prefix: string, after: number, receive: (event: WatchEvent) => void): () => void
  close(): Promise<void>
}
