import { Hono } from 'hono'
import { type MetricsInput, renderMetrics } from '../../adapters/metrics/mod.ts'
import type { CounterValues, LocalHandler, Snapshot, UpstreamHealth } from '../../core/mod.ts'
import { APISIX_METRICS, apisixMetrics } from './apisix-metrics.ts'
import { expiryList } from './expiry.ts'
import type { ReloadState } from './service.ts'
import type { DocumentProblem } from '../../core/dialect/mod.ts'
import type { StoreState } from './documents.ts'
import { upstreamList } from './upstreams.ts'
import { VERSION } from './version.ts'

/** What the admin listener tells about. */
export interface AdminView {
  readonly snapshot: () => Snapshot
  readonly reload: ReloadState
  readonly counters: () => CounterValues
  readonly droppedLines: () => number
  readonly now: () => number
  readonly runtime: string
  readonly draining: () => boolean
  /** How well the store is known, and what of it is in force; undefined where there is none. */
  readonly store: () => StoreView | undefined
  /** Says why a request would be let in or refused. */
  readonly explain: (request: Request) => Promise<Response>
  /** The APIs that are served here, by what their paths begin with. */
  readonly apis: readonly { readonly paths: readonly string[]; readonly handler: LocalHandler }[]
  readonly upstreams: () => readonly UpstreamHealth[]
  readonly process: () => { readonly memoryBytes: number; readonly cpuSeconds: number }
}

/** The store's state, with what is in force of it. */
export interface StoreView {
  readonly state: StoreState
  /** The revision that is in force. */
  readonly revision: number
  /** Documents that could not be put in force. */
  readonly problems: readonly DocumentProblem[]
}

/** What the admin listener answers: its own resources, and the APIs that are served there. */
export function adminHandler(view: AdminView): LocalHandler {
  const own = ownResources(view)
  return (request, peer) => {
    const { pathname } = new URL(request.url)
    const api = view.apis.find(({ paths }) => paths.some((path) => isBelow(pathname, path)))
    return api === undefined ? own(request, peer) : api.handler(request, peer)
  }
}

/** Prometheus metrics alone, for listeners that serve nothing else. */
export function metricsHandler(view: AdminView): LocalHandler {
  const app = new Hono()
  addMetrics(app, view)
  return (request) => app.fetch(request)
}

function addMetrics(app: Hono, view: AdminView): void {
  app.get('/metrics', async (c) => {
    const { contentType, text } = await metrics(view)
    return c.body(text, 200, { 'Content-Type': contentType })
  })
  app.get(APISIX_METRICS, (c) => c.text(apisixMetrics(view)))
  app.notFound((c) => c.json({ message: 'Nothing here', http_status_code: 404 }, 404))
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`)
}

/** The listener's own resources: `/healthz`, `/readyz`, `/metrics`, `/certificates`, `/upstreams`. */
function ownResources(view: AdminView): LocalHandler {
  const app = new Hono()
  app.get('/healthz', (c) => c.json({ status: 'ok', version: VERSION }))
  app.get('/readyz', (c) => {
    const { status, body } = readiness(view)
    return c.json(body, status)
  })
  addMetrics(app, view)
  app.post('/explain', (c) => view.explain(c.req.raw))
  app.get('/certificates', (c) => c.json(expiryList(view.snapshot(), view.now())))
  app.get('/upstreams', (c) => c.json(upstreamList(view.upstreams(), c.req.query('name'))))
  return (request) => app.fetch(request)
}

/**
 * Ready is who serves; a configuration that could not be put in force is told, not held against it, and so is a store
 * that is out of reach. Who has never heard of the store does not know what to serve.
 */
function readiness(view: AdminView): { status: 200 | 503; body: Record<string, unknown> } {
  const { since, stale } = view.reload
  const draining = view.draining()
  const store = view.store()
  const ignorant = store !== undefined && store.state.revision === undefined
  const body = {
    status: draining ? 'draining' : ignorant ? 'waiting for the store' : 'ready',
    configuration: {
      current: stale === undefined,
      loadedAt: new Date(since).toISOString(),
      ...(stale === undefined
        ? {}
        : { staleSince: new Date(stale.since).toISOString(), reason: stale.reason }),
    },
    ...(store === undefined ? {} : { store: storeBody(store) }),
  }
  return { status: draining || ignorant ? 503 : 200, body }
}

function storeBody({ state, revision, problems }: StoreView): Record<string, unknown> {
  const { lostSince, reason } = state
  return {
    current: state.connected && state.revision === revision,
    revision,
    knownRevision: state.revision ?? 0,
    ...(lostSince === undefined ? {} : { lostSince: new Date(lostSince).toISOString(), reason }),
    problems: problems.slice(0, PROBLEMS_SHOWN),
  }
}

/** How many documents' problems are shown; the log has them all. */
const PROBLEMS_SHOWN = 100

function metrics(view: AdminView): ReturnType<typeof renderMetrics> {
  const certificates = expiryList(view.snapshot(), view.now())
  return renderMetrics({
    counters: view.counters(),
    certificates,
    version: VERSION,
    runtime: view.runtime,
    current: view.reload.stale === undefined,
    loadedAt: view.reload.since,
    droppedLogLines: view.droppedLines(),
    process: view.process(),
    upstreams: view.upstreams(),
    ...storeMetrics(view),
  })
}

function storeMetrics(view: AdminView): Pick<MetricsInput, 'store'> {
  const found = view.store()
  if (found === undefined) return {}
  const { state, revision, problems } = found
  const lostFor = state.lostSince === undefined ? 0 : view.now() - state.lostSince
  const lag = (state.revision ?? 0) - revision
  const { connected, losses } = state
  return { store: { revision, lag, connected, lostFor, losses, problems: problems.length } }
}
