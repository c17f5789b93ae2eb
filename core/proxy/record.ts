import type { Forward, Peer, Refusal } from '../decide/mod.ts'
import type { ExchangeRecord } from '../observe/mod.ts'
import type { RequestHead } from '../wire/mod.ts'
import type { ConnectionFacts } from './connection.ts'
import type { Filtered } from './filtered.ts'

/** What an exchange knows of itself at its end. */
export interface RecordParts {
  readonly facts: ConnectionFacts
  readonly head: RequestHead
  readonly peer: Peer | undefined
  readonly route: string
  readonly forward: Forward | undefined
  readonly filtered: Filtered | undefined
  readonly refusal: Refusal | undefined
  /** 0: no answer was sent. */
  readonly status: number
  readonly endpoint: string
  /** When it began, in epoch milliseconds. */
  readonly time: number
  readonly requestBytes: number
  readonly responseBytes: number
  /** Milliseconds; the second -1 where no endpoint answered. */
  readonly duration: number
  readonly upstreamDuration: number
}

/** Phase **record**: what is told of one exchange. */
export function recordOf(parts: RecordParts): ExchangeRecord {
  const { facts, head, peer, forward, filtered, refusal } = parts
  const { time, requestBytes, responseBytes, duration, upstreamDuration, route, endpoint } = parts
  return {
    time,
    listener: facts.listenerName(),
    address: filtered?.address ?? peer?.address ?? facts.address,
    sni: facts.sni,
    version: head.version,
    method: head.method,
    host: head.host,
    path: head.path,
    status: parts.status || (refusal?.status ?? 0),
    requestBytes,
    responseBytes,
    duration,
    upstreamDuration,
    route,
    plan: forward?.grant?.plan ?? '',
    application: forward?.grant?.application ?? filtered?.consumer ?? '',
    certificate: peer?.certificate?.fingerprint ?? '',
    endpoint,
    code: refusal?.code ?? '',
    detail: refusal?.detail ?? '',
  }
}
