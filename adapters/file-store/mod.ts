/**
 * **file-store** - documents in a folder, without a server: a log of what was done, a snapshot of what came of
 * it, and a socket that says who owns the folder. docs/store.md tells what the files hold. It must never know
 * what a document means, and decides nothing about transactions: `core/store` does.
 * @module
 */
export { type Disk, type DiskFile, hostDisk } from './disk.ts'
export { FileStore, type FileStoreOptions } from './store.ts'
