import type { Limits, ListenerConfig } from '../snapshot/types.ts'
import type { ConnectionRules } from './compiled.ts'
import { inRange, parseAddress, parseRange } from './ip-range.ts'

/** What a listener says of its connections, before and besides requests. */
export function compileConnections(config: ListenerConfig, limits: Limits): ConnectionRules {
  const { stream, connections, forwardedHeaders, upstreamTimes, clientTimeout } = config
  return {
    stream,
    connections,
    forwardedHeaders,
    upstreamTimes,
    clientTimeout,
    admits: admission(config.allowFrom),
    limits: clientTimeout === undefined ? limits : {
      ...limits,
      idleTimeout: clientTimeout,
      bodyTimeout: clientTimeout,
      sendTimeout: clientTimeout,
    },
  }
}

function admission(allowFrom: readonly string[]): (address: string) => boolean {
  if (allowFrom.length === 0) return () => true
  const ranges = allowFrom.flatMap((text) => parseRange(text) ?? [])
  return (address) => {
    const bytes = parseAddress(address)
    return bytes !== undefined && ranges.some((range) => inRange(range, bytes))
  }
}
