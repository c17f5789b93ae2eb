import { renderApisixMetrics, type RouteLabels } from '../../adapters/metrics/mod.ts'
import { CONSUMER_PREFIX, PREFIX } from '../../core/dialect/apisix/mod.ts'
import type { AdminView } from './admin.ts'

/** What names of APISIX's routes begin with. */
export const ROUTE_PREFIX: string = `${PREFIX}route:`

/** Where APISIX's plugin `prometheus` shows its metrics. */
export const APISIX_METRICS = '/apisix/prometheus/metrics'

/** A scrape in APISIX's names. */
export function apisixMetrics(view: AdminView): string {
  const counters = view.counters()
  const routes = routeLabels(view)
  const sum = (values: Iterable<number>): number => [...values].reduce((all, each) => all + each, 0)
  return renderApisixMetrics({
    tallies: counters.tallies,
    route: (name) => routes.get(name),
    consumer: (name) => name.startsWith(CONSUMER_PREFIX) ? name.slice(CONSUMER_PREFIX.length) : '',
    upstreams: view.upstreams().filter(({ name }) => name.startsWith(PREFIX)),
    upstream: keyOf,
    requests: sum(Object.values(counters.requests).map((each) => sum(Object.values(each)))),
    connections: sum(Object.values(counters.connections)),
    reachable: view.store()?.state.connected,
  })
}

function routeLabels(view: AdminView): ReadonlyMap<string, RouteLabels> {
  const labels = new Map<string, RouteLabels>()
  for (const { name, match, variables = {} } of view.snapshot().configuration.routes) {
    if (!name.startsWith(ROUTE_PREFIX)) continue
    labels.set(name, {
      id: name.slice(ROUTE_PREFIX.length),
      service: variables['service_id'] ?? '',
      uri: match.paths[0] ?? '',
      host: match.hosts[0] ?? '',
    })
  }
  return labels
}

/** `apisix:upstream:1` is kept as `/apisix/upstreams/1`. */
function keyOf(name: string): string {
  const [, kind = '', ...id] = name.split(':')
  return `/apisix/${kind}s/${id.join(':')}`
}
