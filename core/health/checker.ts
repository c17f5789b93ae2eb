import type { CompiledEndpoint, CompiledUpstream } from '../decide/mod.ts'
import type { ActiveChecksConfig } from '../snapshot/types.ts'
import { type EndpointState, reportOutcome } from '../upstream/mod.ts'
import { type Finding, probe } from './probe.ts'
import type { HealthPorts, Task } from './types.ts'

/** The checks of one upstream under way, and those whose time has come and that wait for one to end. */
export class Slots {
  #taken = 0
  readonly #waiting: (() => void)[] = []

  /** Runs a check now, or when one of `most` has ended. */
  take(check: () => Promise<void>, most: number): void {
    const run = (): void => {
      this.#taken++
      void check().finally(() => {
        this.#taken--
        this.#waiting.shift()?.()
      })
    }
    if (this.#taken < most) run()
    else this.#waiting.push(run)
  }
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
    slots.take(() => this.#run(), checks.concurrency)
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

  async #run(): Promise<void> {
    if (this.#stopped) return
    await this.#check(this.#charge)
    const { checks, state } = this.#charge
    const { interval } = state.vitals.health.up ? checks.healthy : checks.unhealthy
    this.deadline = this.#ports.schedule.now + interval
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
