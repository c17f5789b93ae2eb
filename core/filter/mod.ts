/**
 * **filter** - what requests and answers meet on their way, by configuration: rewriting, redirection, limits, who may
 * come. It must never know routes, upstreams or sockets; its state is plain and outlives configurations.
 * @module
 */
export { compileFilters } from './chain.ts'
export type { FilterOwner } from './chain.ts'
export { LimitState } from './limit-state.ts'
export { Passage } from './passage.ts'
export { changesResponse, runRequest, runResponse } from './run.ts'
export type { FilterChain } from './run.ts'
export type {
  CompiledFilter,
  Consumer,
  Consumers,
  FilterAnswer,
  FilterMeans,
  FilterRefusal,
  FilterRefusalCode,
  ResponseInHand,
  Stop,
} from './types.ts'
