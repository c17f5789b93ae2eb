/**
 * **embed** - the gateway's decisions for hosts that speak `fetch`: a `Request` and what the host knows of its
 * client in, a `Response` out. It must never know Node, Deno or any one host, and takes no decision itself.
 * @module
 */
export { ConfigurationError } from './configuration.ts'
export { createFetchHandler } from './handler.ts'
export type * from './types.ts'
