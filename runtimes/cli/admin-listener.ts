import type { CounterValues } from '../../core/mod.ts'
import { adminHandler } from './admin.ts'
import { ADMIN, type Service } from './service.ts'

/** Lets the admin listener answer, where the configuration has one. */
export function serveAdmin(
  service: Service,
  counters: () => CounterValues = () => service.counters(),
): void {
  const { host } = service
  const handler = adminHandler({
    snapshot: () => service.snapshot,
    reload: service.reload,
    counters,
    droppedLines: () => service.droppedLines,
    now: () => host.clock.now(),
    runtime: host.runtime,
    draining: () => service.draining,
    process: () => host.usage(),
  })
  service.handlers.set(ADMIN, handler)
}
