import type { CounterValues } from '../../core/mod.ts'
import { adminHandler, type AdminView, metricsHandler, type StoreView } from './admin.ts'
import { explainOver } from './admin-explain.ts'
import { ADMIN, type Service } from './service.ts'

/** The name of what answers listeners that serve metrics alone. */
const METRICS = 'metrics'

/** Lets the admin listener answer, where the configuration has one. */
export function serveAdmin(
  service: Service,
  counters: () => CounterValues = () => service.counters(),
): void {
  const { host } = service
  // Node reads what these are made of when the first is made, for some 25 ms: better now than while there is traffic.
  void new Response()
  const view: AdminView = {
    snapshot: () => service.snapshot,
    reload: service.reload,
    counters,
    droppedLines: () => service.droppedLines,
    now: () => host.clock.now(),
    runtime: host.runtime,
    draining: () => service.draining,
    process: () => host.usage(),
    upstreams: () => service.gateway.upstreams,
    explain: (request) => explainOver(host, service.snapshot, request),
    store: () => storeOf(service),
    apis: apisOf(service),
  }
  service.handlers.set(ADMIN, adminHandler(view))
  service.handlers.set(METRICS, metricsHandler(view))
}

function storeOf({ backing }: Service): StoreView | undefined {
  const state = backing?.state()
  if (backing === undefined || state === undefined) return undefined
  return { state, revision: backing.live.revision, problems: backing.live.problems }
}

/** The dialects without an address of their own. Who has traffic alone takes no orders. */
function apisOf({ backing, handlers, snapshot }: Service): AdminView['apis'] {
  const { admin, store } = snapshot.configuration
  if (store.role === 'data-plane') return []
  return (backing?.dialects ?? []).flatMap(({ name, paths }) => {
    const handler = handlers.get(name)
    const apart = admin?.dialects[name]?.address !== undefined
    return handler === undefined || apart ? [] : [{ paths, handler }]
  })
}
