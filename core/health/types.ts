import type { CompiledEndpoint } from '../decide/mod.ts'
import type { Clock, Dialed, Dialer, Log, Pinger } from '../port/mod.ts'

/** Something that must not last for ever, as a {@linkcode Schedule} knows it. */
export interface Task {
  /** In the schedule's milliseconds; Infinity: not at all. */
  deadline: number
  expire(): void
}

/** Calls tasks when their time has come. */
export interface Schedule {
  readonly now: number
  add(task: Task): void
  remove(task: Task): void
}

/** What checks need of their host. */
export interface HealthPorts {
  readonly dialer: Dialer
  readonly clock: Clock
  readonly log: Log
  readonly schedule: Schedule
  /** Undefined: the host has no way to ping. */
  readonly pinger: Pinger | undefined
  /** Why the endpoint at the other end is not whom it should be; undefined: it is. */
  readonly distrust: (
    endpoint: CompiledEndpoint,
    dialed: Dialed,
  ) => Promise<string | undefined>
}
