import { setImmediate } from 'node:timers'
import type { Clock } from '../../core/port/mod.ts'

/** The host's clock and timers. */
export const hostClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  every(ms, task) {
    const timer = setInterval(task, ms)
    return () => clearInterval(timer)
  },
  after(ms, task) {
    const timer = setTimeout(task, ms)
    return () => clearTimeout(timer)
  },
  soon(task) {
    setImmediate(task)
  },
}
