/**
 * **proxy** - one exchange, first byte to last, in named phases: accept, peek, handshake, identify,
 * read, decide, forward or refuse, record. It must never know a socket, a file or a clock of a
 * platform, and decides nothing itself: trust is core/pki's, admission is core/decide's.
 * @module
 */
export { ClientConnection, type ConnectionFacts } from './connection.ts'
export { Gateway } from './gateway.ts'
export type { ListenProblem } from './gateway.ts'
export type { IssuerExchange, KnownIssuers } from './known-issuers.ts'
export type { LocalHandler } from './local.ts'
export { Filtered, lookOfStop } from './filtered.ts'
export type { FilteredResponse, StopLook } from './filtered.ts'
export { HeaderClasses } from './header-classes.ts'
export { HeldBody } from './held-body.ts'
export { type HeaderQuestion, Identifier } from './identify.ts'
export { affinityFacts } from './passage.ts'
export { Picker } from './picker.ts'
export { clientFields, forwardedFields, forwardedHead } from './request-head.ts'
export type { ForwardOptions, Http1Options } from './request-head.ts'
export { type GatewayPorts, Runtime } from './runtime.ts'
