/**
 * **workers** - several processes over the same listeners: with `node:cluster` on Node, with forked processes that
 * share ports by the kernel's means on Deno, whose cluster loses connections. It must never know what the processes
 * do or say to each other.
 * @module
 */
export { ClusterWorkers } from './cluster.ts'
export { ForkedWorkers } from './forked.ts'
