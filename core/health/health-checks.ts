import type { CompiledEndpoint, CompiledUpstream } from '../decide/mod.ts'
import { PersistentMap } from '../snapshot/mod.ts'
import type { EndpointState } from '../upstream/mod.ts'
import { type Charge, Checker, Slots } from './checker.ts'
import type { HealthPorts } from './types.ts'

/** The checks of one upstream, by the id of its endpoints. */
interface Watched {
  readonly slots: Slots
  readonly checkers: ReadonlyMap<string, Checker>
}

type Upstreams = ReadonlyMap<string, CompiledUpstream>

/** All active checks of a process, and what is told of endpoints whose health changed. */
export class HealthChecks {
  readonly #ports: HealthPorts
  #upstreams: Upstreams = new Map()
  /** By upstream, of those that are checked. */
  readonly #watched = new Map<string, Watched>()
  #cannotPing = false

  constructor(ports: HealthPorts) {
    this.#ports = ports
  }

  /** Checks the endpoints of these upstreams from now on; those that were checked before go on in their turn. */
  apply(upstreams: Upstreams): void {
    const few = PersistentMap.between(this.#upstreams, upstreams)
    this.#upstreams = upstreams
    if (few === undefined) {
      for (const name of [...this.#watched.keys()]) {
        if (!upstreams.has(name)) this.#watch(name, undefined)
      }
    }
    if (few === undefined) { for (const [name, upstream] of upstreams) this.#watch(name, upstream) }
    for (const name of few ?? []) this.#watch(name, upstreams.get(name))
  }

  /** Checks nobody any more. */
  stop(): void {
    this.apply(new Map())
  }

  /** Tells the operator that an endpoint's health is another one now. */
  changed(upstream: CompiledUpstream, { id, vitals }: EndpointState<CompiledEndpoint>): void {
    const { up, reason } = vitals.health
    const fields = { upstream: upstream.name, endpoint: id }
    if (up) this.#ports.log.write('info', 'Endpoint is healthy again', fields)
    else this.#ports.log.write('warn', 'Endpoint is unhealthy', { ...fields, reason })
  }

  #watch(name: string, upstream: CompiledUpstream | undefined): void {
    const checks = upstream?.config.health.active
    const before = this.#watched.get(name)
    if (before === undefined && checks === undefined) return
    const checkers = new Map<string, Checker>()
    const slots = before?.slots ?? new Slots()
    if (upstream !== undefined && checks !== undefined) {
      if (checks.type === 'ping') this.#warnOfPing()
      for (const state of upstream.balancer.endpoints) {
        const charge: Charge = { upstream, state, checks, slots }
        const known = before?.checkers.get(state.id)
        known?.take(charge)
        checkers.set(state.id, known ?? this.#start(charge))
      }
    }
    for (const [id, checker] of before?.checkers ?? []) if (!checkers.has(id)) checker.stop()
    if (checks === undefined) this.#watched.delete(name)
    else this.#watched.set(name, { slots, checkers })
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
