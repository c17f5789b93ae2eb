/**
 * **etcd-store** - documents in etcd, below a prefix, in the layout that others of its clients know. It must
 * never know what a document means; who wrote it goes beside the documents, not into them.
 * @module
 */
export type { EtcdStoreOptions, EtcdTls } from './options.ts'
export { EtcdStore } from './store.ts'
