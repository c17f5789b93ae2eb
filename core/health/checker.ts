import type { CompiledEndpoint, CompiledUpstream } from '../decide/mod.ts'
import type { ActiveChecksConfig } from '../snapshot/types.ts'
import { type EndpointState, reportOutcome } from '../upstream/mod.ts'
import { type Finding, probe } from './probe.ts'
import type { HealthPorts, Task } from './types.ts'

/** How many checks of one upstream may be under way; shared by its checkers. */
export interface Slots {
  taken: number
}

/** What a checker looks after, under the current snapshot. */
export interface Charge {
  readonly upstream: CompiledUpstream
  readonly state: EndpointState<CompiledEndpoint>
  readonly checks: ActiveChecksConfig
  readonly slots: Slots
}

/** Checks one endpoint over and over. */
export class Checker implements Task {
  deadline: number
  #charge: Charge
  readonly #ports: HealthPorts
  readonly #told: (charge: Charge) => void
  #stopped = false

  constructor(ports: HealthPorts, charge: Charge, told: (charge: Charge) => void) {
    this.#ports = ports
    this.#charge = charge
    this.#told = told
    this.deadline = ports.schedule.now
    ports.schedule.add(this)
  }

  expire(): void {
    const { slots, checks } = this.#charge
    if (slots.taken >= checks.concurrency) {
      // Not before the next look at the clock.
      this.deadline = this.#ports.schedule.now
      return
    }
    slots.taken++
    void this.#check(this.#charge).then(() => {
      slots.taken--
      const { checks, state } = this.#charge
      const { interval } = state.vitals.health.up ? checks.healthy : checks.unhealthy
      this.deadline = this.#ports.schedule.now + interval
    })
  }

  /** Goes on under another snapshot; what is asked otherwise is asked at once. */
  take(charge: Charge): void {
    const { checks, state, upstream } = this.#charge
    if (upstream === charge.upstream) return
    const same = state.endpoint.key === charge.state.endpoint.key &&
      (checks === charge.checks || JSON.stringify(checks) === JSON.stringify(charge.checks))
    this.#charge = charge
    const underWay = this.deadline === Infinity
    if (!same && !underWay) this.deadline = this.#ports.schedule.now
  }

  stop(): void {
    this.#stopped = true
    this.#ports.schedule.remove(this)
  }

  async #check(charge: Charge): Promise<void> {
    const { upstream, state, checks } = charge
    const found = await probe(this.#ports, { upstream, endpoint: state.endpoint, checks })
    // What was asked under another configuration says nothing about this one.
    if (!this.#stopped && charge.state.vitals === this.#charge.state.vitals) this.#count(found)
  }

  #count(found: Finding): void {
    const { state: { vitals: { health } }, checks } = this.#charge
    const now = this.#ports.clock.now()
    health.checkedAt = now
    if (found === undefined) return
    const { httpFailures, tcpFailures, timeouts } = checks.unhealthy
    const thresholds = {
      httpFailures,
      tcpFailures,
      timeouts,
      successes: checks.healthy.successes,
    }
    if (reportOutcome(health, { ...found, now }, thresholds)) this.#told(this.#charge)
  }
}
