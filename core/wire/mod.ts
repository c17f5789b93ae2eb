/**
 * **wire** - bytes to messages and back: HTTP/1.1, HTTP/2 (in `h2/`), ClientHello, PROXY protocol. It must never know
 * sockets, routes, certificates or configuration, and never throws over bytes from outside.
 * @module
 */
export { type Authority, parseAuthority } from './authority.ts'
export { isFieldValue, isToken, quote } from './characters.ts'
export { SMALL_CHUNK, wholeChunk } from './chunk.ts'
export { type ClientHello, type ClientHelloResult, parseClientHello } from './client-hello.ts'
export {
  DEFAULT_H2_LIMITS,
  H2Connection,
  H2Error,
  type H2Fault,
  type H2Limits,
  type H2Options,
  type H2Sink,
  type H2Stream,
  type OutgoingRequest,
  type RequestFieldLimits,
  requestFieldsFor,
  requestFromFields,
  responseFieldsFor,
  responseFromFields,
  trailerFieldsFor,
} from './h2/mod.ts'
export {
  countHeader,
  getHeader,
  HeaderNames,
  isNamed,
  joinedHeader,
  withoutFields,
} from './headers.ts'
export {
  endToEnd,
  type EndToEndOptions,
  isForbiddenTrailer,
  namedByConnection,
} from './hop-by-hop.ts'
export { ipv4Bytes, ipv6Bytes, ipv6Text, isIpv4, isIpv6 } from './ip.ts'
export { latin1Bytes, plainLatin1 } from './latin1.ts'
export type { BodySink, MessageLimits } from './message-parser.ts'
export { parseProxyHeader, type ProxyHeader, type ProxyHeaderResult } from './proxy-header.ts'
export { type ProxyHeaderParts, writeProxyHeader } from './proxy-header-writer.ts'
export {
  type RequestLimits,
  RequestParser,
  type RequestParserOptions,
  type RequestSink,
} from './request-parser.ts'
export {
  type ResponseLimits,
  ResponseParser,
  type ResponseParserOptions,
  type ResponseSink,
} from './response-parser.ts'
export {
  CHUNK_END,
  chunkHead,
  lastChunk,
  type RequestHeadParts,
  type ResponseHeadParts,
  serializeFields,
  serializeRequestHead,
  serializeResponseHead,
} from './serialize.ts'
export { normalisePath, PathProblem } from './target.ts'
export type * from './types.ts'
export { Unfolder } from './unfold.ts'
