/**
 * **port** - interfaces only: what the core needs of a platform. It must never know who fills them.
 * @module
 */
export type * from './duplex.ts'
export * from './fetch.ts'
export * from './host.ts'
export * from './net.ts'
export * from './tls.ts'
