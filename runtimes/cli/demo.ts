import type { LocalHandler } from '../../core/mod.ts'

/** The upstream's name in the try-out configuration. */
export const DEMO_UPSTREAM = 'demo'

/** An upstream for trying things out: it answers with what it was asked. */
export const demoHandler: LocalHandler = (request) => {
  const { pathname, search } = new URL(request.url)
  const answer = {
    upstream: DEMO_UPSTREAM,
    method: request.method,
    path: pathname + search,
    headers: Object.fromEntries(request.headers),
  }
  return new Response(JSON.stringify(answer, undefined, 2) + '\n', {
    headers: { 'Content-Type': 'application/json' },
  })
}
