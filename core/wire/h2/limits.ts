import type { H2Limits } from './types.ts'

/**
 * Bounds that clients in use stay far below. `resets`: browsers that leave a page cancel what is under way, about a
 * hundred streams; `controls` and `windowUpdates` grow with streams and DATA (see `guards.ts`).
 */
export const DEFAULT_H2_LIMITS: H2Limits = {
  headSize: 65_536,
  headerCount: 200,
  concurrentStreams: 128,
  streamWindow: 262_144,
  connectionWindow: 1_048_576,
  continuations: 32,
  span: 10_000,
  resets: 500,
  controls: 1000,
  emptyData: 100,
  windowUpdates: 1000,
  pendingControl: 16_384,
}
