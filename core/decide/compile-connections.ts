import { HIGHEST_COST, MOST_ROUNDS, parsePasswordHash, UserList } from '../plan/mod.ts'
import type { ListenerConfig, Path } from '../snapshot/types.ts'
import { type CompileContext, fail } from './compile-context.ts'
import type { ConnectionRules } from './compiled.ts'
import { equal } from './equal.ts'
import { inRange, parseAddress, parseRange } from './ip-range.ts'
import { printable } from './safe-text.ts'

/** What a listener says of its connections, before and besides requests. */
export function compileConnections(
  context: CompileContext,
  config: ListenerConfig,
  path: Path,
): ConnectionRules {
  const { limits } = context
  const { stream, connections, forwardedHeaders, upstreamTimes, clientTimeout } = config
  return {
    stream,
    connections,
    forwardedHeaders,
    upstreamTimes,
    clientTimeout,
    users: compileUsers(context, config, path),
    admits: admission(config.allowFrom),
    limits: clientTimeout === undefined ? limits : {
      ...limits,
      idleTimeout: clientTimeout,
      bodyTimeout: clientTimeout,
      sendTimeout: clientTimeout,
    },
  }
}

/** The users of a listener; those of the snapshot in use, where they are the same, so that who was checked is known. */
function compileUsers(
  context: CompileContext,
  { name: listener, users }: ListenerConfig,
  path: Path,
): UserList | undefined {
  for (const [index, { name, hash }] of users.entries()) {
    if (parsePasswordHash(hash) !== undefined) continue
    const state = 'its hash is none of crypt(3) that begins with $5$ or $6$ and has at most ' +
      `${MOST_ROUNDS} rounds, or with $2a$, $2b$ or $2y$ and a cost of at most ${HIGHEST_COST}`
    const action = `Could not let user "${printable(name)}" in at listener "${listener}"`
    fail(context, [...path, 'users', index, 'hash'], `${action}: ${state}`)
  }
  if (users.length === 0) return undefined
  const before = context.reusable?.listeners.get(listener)?.users
  return before !== undefined && equal(before.users, users) ? before : new UserList(users)
}

function admission(allowFrom: readonly string[]): (address: string) => boolean {
  if (allowFrom.length === 0) return () => true
  const ranges = allowFrom.flatMap((text) => parseRange(text) ?? [])
  return (address) => {
    const bytes = parseAddress(address)
    return bytes !== undefined && ranges.some((range) => inRange(range, bytes))
  }
}
