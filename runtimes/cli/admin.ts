import { Hono } from 'hono'
import { renderMetrics } from '../../adapters/metrics/mod.ts'
import type { CounterValues, LocalHandler, Snapshot } from '../../core/mod.ts'
import { expiryList } from './expiry.ts'
import type { ReloadState } from './service.ts'
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
  readonly process: () => { readonly memoryBytes: number; readonly cpuSeconds: number }
}

/** The admin listener's own resources: `/healthz`, `/readyz`, `/metrics`, `/certificates`. */
export function adminHandler(view: AdminView): LocalHandler {
  const app = new Hono()
  app.get('/healthz', (c) => c.json({ status: 'ok', version: VERSION }))
  app.get('/readyz', (c) => {
    const { status, body } = readiness(view)
    return c.json(body, status)
  })
  app.get('/metrics', async (c) => {
    const { contentType, text } = await metrics(view)
    return c.body(text, 200, { 'Content-Type': contentType })
  })
  app.get('/certificates', (c) => c.json(expiryList(view.snapshot(), view.now())))
  app.notFound((c) => c.json({ message: 'Nothing here', http_status_code: 404 }, 404))
  return (request) => app.fetch(request)
}

/** Ready is who serves; a configuration that could not be put in force is told, not held against it. */
function readiness(view: AdminView): { status: 200 | 503; body: Record<string, unknown> } {
  const { since, stale } = view.reload
  const draining = view.draining()
  const body = {
    status: draining ? 'draining' : 'ready',
    configuration: {
      current: stale === undefined,
      loadedAt: new Date(since).toISOString(),
      ...(stale === undefined
        ? {}
        : { staleSince: new Date(stale.since).toISOString(), reason: stale.reason }),
    },
  }
  return { status: draining ? 503 : 200, body }
}

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
  })
}
