import type { CompiledEndpoint, CompiledUpstream } from '../decide/mod.ts'
import type { EndpointState } from '../upstream/mod.ts'
import { type Charge, Checker, Slots } from './checker.ts'
import type { HealthPorts } from './types.ts'

/** All active checks of a process, and what is told of endpoints whose health changed. */
export class HealthChecks {
  readonly #ports: HealthPorts
  /** By upstream and endpoint. */
  #checkers = new Map<string, Checker>()
  #slots = new Map<string, Slots>()
  #cannotPing = false

  constructor(ports: HealthPorts) {
    this.#ports = ports
  }

  /** Checks the endpoints of these upstreams from now on; those that were checked before go on in their turn. */
  apply(upstreams: Iterable<CompiledUpstream>): void {
    const before = this.#checkers
    this.#checkers = new Map()
    const slots = new Map<string, Slots>()
    for (const upstream of upstreams) {
      const checks = upstream.health.active
      if (checks === undefined) continue
      const own = this.#slots.get(upstream.name) ?? new Slots()
      slots.set(upstream.name, own)
      this.#check(upstream, { checks, slots: own }, before)
    }
    for (const [key, checker] of before) if (!this.#checkers.has(key)) checker.stop()
    this.#slots = slots
  }

  /** Checks nobody any more. */
  stop(): void {
    for (const checker of this.#checkers.values()) checker.stop()
    this.#checkers = new Map()
  }

  /** Tells the operator that an endpoint's health is another one now. */
  changed(upstream: CompiledUpstream, { id, vitals }: EndpointState<CompiledEndpoint>): void {
    const { up, reason } = vitals.health
    const fields = { upstream: upstream.name, endpoint: id }
    if (up) this.#ports.log.write('info', 'Endpoint is healthy again', fields)
    else this.#ports.log.write('warn', 'Endpoint is unhealthy', { ...fields, reason })
  }

  #check(
    upstream: CompiledUpstream,
    { checks, slots }: Pick<Charge, 'checks' | 'slots'>,
    before: ReadonlyMap<string, Checker>,
  ): void {
    if (checks.type === 'ping') this.#warnOfPing()
    for (const state of upstream.balancer.endpoints) {
      const key = `${upstream.name} ${state.id}`
      const charge: Charge = { upstream, state, checks, slots }
      const known = before.get(key)
      known?.take(charge)
      this.#checkers.set(key, known ?? this.#start(charge))
    }
  }

  #start(charge: Charge): Checker {
    return new Checker(this.#ports, charge, ({ upstream, state }) => this.changed(upstream, state))
  }

  #warnOfPing(): void {
    if (this.#cannotPing || this.#ports.pinger !== undefined) return
    this.#cannotPing = true
    this.#ports.log.write('warn', 'Health checks by ping are not made: this host cannot', {})
  }
}
