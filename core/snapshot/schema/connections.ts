import type * as z from 'zod'
import type { ListenerConfig, StreamConfig, UpstreamTimes } from '../types.ts'
import { CONNECTION_DEFAULTS, NO_UPSTREAM_TIMES } from '../defaults.ts'
import { cidr } from './addresses.ts'
import { boolean, choice, duration, integer, name } from './scalars.ts'
import { secret, type Source } from './sources.ts'
import { list, map, Mismatch, scalar, type Shape } from './structure.ts'

/** A user, before secrets are read. */
export interface WrittenUser {
  readonly name: string
  readonly hash: Source<string>
}

/** Time-outs towards endpoints, as they are written. */
export type WrittenTimes = UpstreamTimes

/** What a listener says of its connections, before secrets are read. */
export interface WrittenConnections {
  readonly stream: StreamConfig | undefined
  readonly allowFrom: readonly string[]
  readonly connections: number
  readonly users: readonly WrittenUser[]
  readonly forwardedHeaders: ListenerConfig['forwardedHeaders']
  readonly clientTimeout: number | undefined
  readonly upstreamTimes: WrittenTimes | undefined
}

/** `listeners[].stream`. */
export const streamSchema: z.ZodType<StreamConfig> = map('stream', {
  upstream: name(),
  sni: boolean().default(false),
})

/** A name in front of a colon (RFC 7617 section 2). */
const userName = scalar((raw) =>
  typeof raw === 'string' && /^[^:\p{Cc}]{1,128}$/u.test(raw)
    ? raw
    : new Mismatch('expected a name without colon')
)

/** `listeners[].users[]`. */
export const userSchema: z.ZodType<WrittenUser> = map('a user', {
  name: userName,
  hash: secret(),
})

/** `upstreamTimes` of listeners, routes and APIs. */
export const upstreamTimesSchema: z.ZodType<WrittenTimes> = map('upstreamTimes', {
  connect: duration().optional(),
  read: duration().optional(),
  send: duration().optional(),
  answer: duration().optional(),
})

/** The keys of `listeners[]` that concern connections. */
export const connectionsShape: Shape<WrittenConnections> = {
  stream: streamSchema.optional(),
  allowFrom: list('ranges of addresses', cidr()).default([]),
  connections: integer(0, 10_000_000).default(0),
  users: list('users', userSchema).default([]),
  forwardedHeaders: choice('set', 'pass', 'remove').default(CONNECTION_DEFAULTS.forwardedHeaders),
  clientTimeout: duration().optional(),
  upstreamTimes: upstreamTimesSchema.optional(),
}

/** Time-outs in their final form. */
export function upstreamTimes(written: WrittenTimes | undefined): UpstreamTimes {
  if (written === undefined) return NO_UPSTREAM_TIMES
  const { connect, read, send, answer } = written
  return { connect, read, send, ...(answer === undefined ? {} : { answer }) }
}
