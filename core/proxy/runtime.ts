import type { Snapshot } from '../decide/mod.ts'
import type { Observer } from '../observe/mod.ts'
import type { Verdicts } from '../pki/mod.ts'
import type { Clock, Dialer, Listener, Log, Pinger, TlsServer } from '../port/mod.ts'
import type { Latin1 } from '../wire/mod.ts'
import { HealthChecks } from '../health/mod.ts'
import { DateField } from './date-field.ts'
import { checkEndpoint } from './endpoint-check.ts'
import { LimitState } from '../filter/mod.ts'
import { HeaderClasses } from './header-classes.ts'
import { KnownIssuers } from './known-issuers.ts'
import type { LocalHandler } from './local.ts'
import type { PickerOptions } from './picker.ts'
import { Pools } from './pools.ts'
import { Ticker } from './ticker.ts'
import { TlsProfiles } from './tls-profiles.ts'

/** What the data path needs of its host. */
export interface GatewayPorts {
  readonly listener: Listener
  readonly tls: TlsServer
  readonly dialer: Dialer
  readonly clock: Clock
  readonly log: Log
  readonly observer: Observer
  /** The platform's quickest way from bytes to Latin-1 text. */
  readonly latin1: Latin1
  /** Judges chains, remembering what it found. */
  readonly verdicts: Verdicts
  readonly pinger?: Pinger | undefined
  /** What answers within the process under a name that listeners and routes use. */
  readonly handlers: (name: string) => LocalHandler | undefined
}

/** What all connections and exchanges of one gateway share. */
export class Runtime {
  readonly ports: GatewayPorts
  readonly ticker: Ticker
  readonly date: DateField
  readonly pools: Pools
  readonly health: HealthChecks
  /** The current one: every exchange asks here, none keeps it. */
  snapshot: Snapshot
  draining = false
  /** What the limits of routes have counted, whatever becomes of the configuration. */
  readonly limits: LimitState = new LimitState()
  /** For the ids of requests. */
  readonly random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length))
  /** Intermediates that completed trusted chains, for sessions that are taken up again. */
  readonly issuers: KnownIssuers = new KnownIssuers()
  /** What the handshakes of each listener entry depend on. */
  readonly tlsProfiles: TlsProfiles = new TlsProfiles()
  /** What becomes of request fields under the current snapshot. */
  classes: HeaderClasses

  constructor(ports: GatewayPorts, snapshot: Snapshot) {
    this.ports = ports
    this.snapshot = snapshot
    this.classes = new HeaderClasses(snapshot.isIdentityHeader)
    this.ticker = new Ticker(ports.clock)
    this.date = new DateField(ports.clock)
    this.pools = new Pools(this)
    this.health = new HealthChecks({
      dialer: ports.dialer,
      clock: ports.clock,
      log: ports.log,
      schedule: this.ticker,
      pinger: ports.pinger,
      distrust: async (endpoint, dialed) => {
        const found = await checkEndpoint(ports, { endpoint, dialed })
        return typeof found === 'number' ? undefined : found.detail
      },
    })
  }

  /** Puts another snapshot in force, for the next request of every connection. */
  swap(snapshot: Snapshot): void {
    const before = this.snapshot
    this.snapshot = snapshot
    if (before.isIdentityHeader !== snapshot.isIdentityHeader) {
      this.classes = new HeaderClasses(snapshot.isIdentityHeader)
    }
    if (before.upstreams !== snapshot.upstreams) this.pools.keepOnly(snapshot.upstreams)
    this.health.apply(snapshot.upstreams)
  }

  /** An exchange found that an endpoint's health changed. */
  readonly onHealth: NonNullable<PickerOptions['onHealth']> = (upstream, state) =>
    this.health.changed(upstream, state)

  /** A fault of our own: told to the operator, and one exchange's end rather than the gateway's. */
  failed(error: unknown): void {
    const detail = error instanceof Error ? error.stack ?? error.message : String(error)
    this.ports.log.write('error', 'An exchange failed: please report this', { detail })
  }
}
