/**
 * **upstream** - which endpoint is next, as plain state with the time passed in. It must never know connections,
 * requests or TLS.
 * @module
 */
export * from './balancer.ts'
export { MOST_SESSIONS, Sessions } from './sessions.ts'
export * from './vitals.ts'
