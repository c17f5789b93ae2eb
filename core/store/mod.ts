/**
 * **store** - the port that documents of configuration are kept behind: get, put, delete, list, transactions,
 * watch; its form in memory, the form that seals secrets, and the form that reaches another process's store.
 * It must never know what a document means, nor where bytes end up: files, sockets and timers are others'.
 * @module
 */
export { StoreBase } from './base.ts'
export { checkTransaction, isKey, keyOf, MAX_OPERATIONS } from './check.ts'
export { type DumpLine, dumpLines, type DumpOptions } from './dump.ts'
export { isStoreFailure, storeFailure } from './failure.ts'
export { Feed } from './feed.ts'
export { follow, type Follower, type FollowOptions } from './follow.ts'
export { copyJson, freezeJson } from './json.ts'
export { addKey, dropOldKeys, type KeyFile, openKeyFile, readKeyFile } from './key-file.ts'
export { type KeyRing, readKeyRing, type SealingKey } from './keys.ts'
export { LeaseSweep } from './leases.ts'
export { MemoryStore, type MemoryStoreOptions } from './memory.ts'
export { isStale, rekey, type Rekeyed } from './rekey.ts'
export { type MirrorFile, MirrorStore, type MirrorStoreOptions } from './mirror.ts'
export { RemoteStore, type RemoteStoreOptions } from './remote.ts'
export { type StoreChannel } from './remote-messages.ts'
export { serveStore } from './remote-server.ts'
export { restore, type Restored, type RestoreOptions } from './restore.ts'
export { isSealed, type Path, privateKeyPaths, SEALED_MARK, type SecretsOf } from './seal.ts'
export { SealedStore, type SealedStoreOptions } from './sealed.ts'
export { SortedKeys } from './sorted-keys.ts'
export {
  type ColdDocuments,
  type Commit,
  evaluate,
  type Evaluated,
  type Ground,
  Table,
} from './table.ts'
export type * from './types.ts'
