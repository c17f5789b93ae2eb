import type * as z from 'zod'
import type { Http2Limits, Limits } from '../types.ts'
import { duration, integer, size } from './scalars.ts'
import { map } from './structure.ts'

const KIB = 1024
const MIB = 1024 * KIB
const COUNT = 1_000_000_000

/** The largest window (RFC 9113 section 6.9.1), and the smallest that lets a frame through. */
const MAX_WINDOW = 2 ** 31 - 1
const MIN_WINDOW = 16 * KIB

/** `limits.http2`. Clients in use stay far below: browsers that leave a page cancel about a hundred streams. */
export const http2LimitsSchema: z.ZodType<Http2Limits> = map('http2', {
  concurrentStreams: integer(1, 65_535).default(128),
  streamWindow: size({ least: MIN_WINDOW, most: MAX_WINDOW }).default(256 * KIB),
  connectionWindow: size({ least: 64 * KIB, most: MAX_WINDOW }).default(MIB),
  continuations: integer(1, COUNT).default(32),
  pendingControl: size().default(16 * KIB),
  span: duration().default(10_000),
  resets: integer(1, COUNT).default(500),
  controls: integer(1, COUNT).default(1_000),
  emptyData: integer(1, COUNT).default(100),
  windowUpdates: integer(1, COUNT).default(1_000),
})

/** `limits`, with safe defaults. */
export const limitsSchema: z.ZodType<Limits> = map('limits', {
  clientHelloTimeout: duration().default(5_000),
  clientHelloSize: size().default(16 * KIB),
  handshakeTimeout: duration().default(10_000),
  headTimeout: duration().default(10_000),
  headSize: size().default(32 * KIB),
  targetSize: size().default(8 * KIB),
  headerCount: integer(1, COUNT).default(100),
  idleTimeout: duration().default(75_000),
  bodyTimeout: duration().default(60_000),
  bodySize: size({ zero: true }).default(0),
  sendTimeout: duration().default(60_000),
  connections: integer(1, COUNT).default(20_000),
  connectionsPerAddress: integer(1, COUNT).default(1_000),
  requestsPerConnection: integer(1, COUNT).default(100_000),
  http2: http2LimitsSchema.prefault({}),
  pkcs12Iterations: integer(1, COUNT).default(1_000_000),
  pkcs12Size: size().default(MIB),
  crlSize: size().default(64 * MIB),
  revocationTimeout: duration().default(5_000),
})
