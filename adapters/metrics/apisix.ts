import { LATENCY_BUCKETS, type Tallies, type Tally, type UpstreamHealth } from '../../core/mod.ts'
import { escapeLabel } from './labels.ts'

/** What is known of a route besides its name. */
export interface RouteLabels {
  readonly id: string
  readonly service: string
  readonly uri: string
  readonly host: string
}

/** Everything that a scrape in APISIX's names shows. */
export interface ApisixMetricsInput {
  readonly tallies: Tallies
  /** Undefined: the route is gone. */
  readonly route: (name: string) => RouteLabels | undefined
  /** What an application's name is to APISIX. */
  readonly consumer: (application: string) => string
  readonly upstreams: readonly UpstreamHealth[]
  /** What an upstream's name is to APISIX. */
  readonly upstream: (name: string) => string
  readonly requests: number
  readonly connections: number
  /** Whether the store is within reach; undefined: there is none elsewhere. */
  readonly reachable: boolean | undefined
}

type Labels = readonly (readonly [name: string, value: string])[]

/** Metrics under the names that APISIX's plugin `prometheus` has. */
export function renderApisixMetrics(input: ApisixMetricsInput): string {
  const page = new Page()
  const all = Object.entries(input.tallies).map(([key, tally]) => ({
    tally,
    ...labelsOf(key, input),
  }))
  page.family('http_status', 'counter', 'HTTP status codes per service in APISIX')
  for (const { tally, route, matched, rest } of all) {
    for (const [code, count] of Object.entries(tally.statuses)) {
      page.value('http_status', [['code', code], route, ...matched, ...rest], count)
    }
  }
  page.family(
    'http_latency',
    'histogram',
    'HTTP request latency in milliseconds per service in APISIX',
  )
  for (const { tally, route, rest } of all) latency(page, tally, [route, ...rest])
  page.family('bandwidth', 'counter', 'Total bandwidth in bytes consumed per service in APISIX')
  for (const { tally, route, rest } of all) {
    page.value('bandwidth', [['type', 'ingress'], route, ...rest], tally.received)
    page.value('bandwidth', [['type', 'egress'], route, ...rest], tally.sent)
  }
  totals(page, input)
  return page.text
}

function totals(page: Page, input: ApisixMetricsInput): void {
  const { requests, connections, reachable, upstreams, upstream } = input
  page.family(
    'http_requests_total',
    'gauge',
    'The total number of client requests since APISIX started',
  )
  page.value('http_requests_total', [], requests)
  page.family('nginx_http_current_connections', 'gauge', 'Number of HTTP connections')
  page.value('nginx_http_current_connections', [['state', 'active']], connections)
  if (reachable !== undefined) {
    page.family(
      'etcd_reachable',
      'gauge',
      'Config server etcd reachable from APISIX, 0 is unreachable',
    )
    page.value('etcd_reachable', [], reachable ? 1 : 0)
  }
  page.family('upstream_status', 'gauge', 'Upstream status from health check')
  for (const { name, endpoints } of upstreams) {
    for (const { host, port, health } of endpoints) {
      if (health === 'unknown') continue
      const labels: Labels = [['name', upstream(name)], ['ip', host], ['port', String(port)]]
      page.value('upstream_status', labels, health === 'up' ? 1 : 0)
    }
  }
}

function labelsOf(
  key: string,
  { route, consumer }: ApisixMetricsInput,
): { readonly route: Labels[number]; readonly matched: Labels; readonly rest: Labels } {
  const [name = '', endpoint = '', application = ''] = key.split('\n')
  const { id, service, uri, host } = route(name) ??
    { id: name.split(':').slice(2).join(':'), service: '', uri: '', host: '' }
  const node = endpoint.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  return {
    route: ['route', id],
    matched: [['matched_uri', uri], ['matched_host', host]],
    rest: [['service', service], ['consumer', consumer(application)], ['node', node]],
  }
}

function latency(page: Page, { request, upstream, own }: Tally, rest: Labels): void {
  const types = { request, upstream, apisix: own }
  for (const [type, { counts, sum }] of Object.entries(types)) {
    if (counts.every((count) => count === 0)) continue
    const labels: Labels = [['type', type], ...rest]
    let total = 0
    for (const [at, count] of counts.entries()) {
      total += count
      const bound = String(LATENCY_BUCKETS[at] ?? '+Inf')
      page.value('http_latency_bucket', [...labels, ['le', bound]], total)
    }
    page.value('http_latency_sum', labels, sum)
    page.value('http_latency_count', labels, total)
  }
}

class Page {
  #lines: string[] = []

  get text(): string {
    return this.#lines.join('\n') + '\n'
  }

  family(name: string, type: string, help: string): void {
    this.#lines.push(`# HELP apisix_${name} ${help}`, `# TYPE apisix_${name} ${type}`)
  }

  value(name: string, labels: Labels, value: number): void {
    const text = labels.map(([label, each]) => `${label}="${escapeLabel(each)}"`).join(',')
    this.#lines.push(`apisix_${name}${text === '' ? '' : `{${text}}`} ${value}`)
  }
}
