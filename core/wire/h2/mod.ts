/**
 * **wire/h2** - HTTP/2 (RFC 9113) and its header compression (RFC 7541): frames to messages and back, from either side.
 * Like the room around it, it must never know sockets, timers, routes or configuration, and never throws over bytes from
 * outside: what a peer does wrong ends a stream or the connection, and is told as a value.
 * @module
 */
export { H2Connection } from './connection.ts'
export { DEFAULT_H2_LIMITS } from './limits.ts'
export {
  type OutgoingRequest,
  requestFieldsFor,
  responseFieldsFor,
  trailerFieldsFor,
} from './outgoing-fields.ts'
export { type RequestFieldLimits, requestFromFields } from './request-fields.ts'
export { responseFromFields } from './response-fields.ts'
export {
  H2Error,
  type H2Fault,
  type H2Limits,
  type H2Options,
  type H2Sink,
  type H2Stream,
} from './types.ts'
