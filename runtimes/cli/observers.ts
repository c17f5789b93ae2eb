import { accessLogLine, connectionLogLine, Counters, streamLogLine } from '../../core/mod.ts'
import type {
  ConnectionRefusal,
  ExchangeRecord,
  HandshakeRecord,
  Observer,
  StreamRecord,
} from '../../core/mod.ts'
import { ROUTE_PREFIX } from './apisix-metrics.ts'
import type { LineSink } from './host.ts'

/** Counts everything and writes an access-log line for each exchange and each refused connection. */
export class GatewayObserver implements Observer {
  readonly counters: Counters = new Counters(ROUTE_PREFIX)
  /** How many exchanges and passed-through connections have ended. */
  exchanges = 0
  readonly #quiet: ReadonlySet<string>
  #log: LineSink | undefined

  /** `quiet` are listeners of the gateway's own, such as the admin's, which are neither counted nor logged. */
  constructor(quiet: readonly string[]) {
    this.#quiet = new Set(quiet)
  }

  /** Where lines go from now on; undefined: nowhere. */
  set log(log: LineSink | undefined) {
    this.#log = log
  }

  exchange(record: ExchangeRecord): void {
    if (this.#quiet.has(record.listener)) return
    this.exchanges++
    this.counters.exchange(record)
    this.#log?.append(accessLogLine(record))
  }

  stream(record: StreamRecord): void {
    this.exchanges++
    this.counters.stream(record)
    this.#log?.append(streamLogLine(record))
  }

  refusedConnection(refusal: ConnectionRefusal): void {
    if (this.#quiet.has(refusal.listener)) return
    this.counters.refusedConnection(refusal)
    this.#log?.append(connectionLogLine(refusal))
  }

  handshake(record: HandshakeRecord): void {
    this.counters.handshake(record)
  }

  connection(listener: string, change: 1 | -1): void {
    if (!this.#quiet.has(listener)) this.counters.connection(listener, change)
  }

  upstreamConnection(upstream: string, change: 1 | -1): void {
    this.counters.upstreamConnection(upstream, change)
  }
}
