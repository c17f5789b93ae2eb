import { ListenFailure } from '../../core/mod.ts'
import type { CounterValues } from '../../core/mod.ts'
import { adminHandler } from './admin.ts'
import { ADMIN, listenProblem, type Service } from './service.ts'

/** Opens the admin listener where the configuration has one. Returns what went wrong, empty where nothing did. */
export async function startAdmin(
  service: Service,
  counters: () => CounterValues = () => service.counters(),
): Promise<string> {
  const { host } = service
  const { admin } = service.snapshot.configuration
  if (admin === undefined) return ''
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
  try {
    const bound = await service.serve(ADMIN, admin.address, handler)
    host.log.write('info', 'Admin listening', { address: `${bound.host}:${bound.port}` })
    return ''
  } catch (error) {
    if (error instanceof ListenFailure) return listenProblem(admin.address, error.code)
    throw error
  }
}
