/**
 * **metrics** - counted values as Prometheus text, with prom-client. It must never count anything itself.
 * @module
 */
import { Counter, Gauge, Registry } from 'prom-client'
import {
  addressText,
  type CounterValues,
  DURATION_BUCKETS,
  type UpstreamHealth,
} from '../../core/mod.ts'
import { escapeLabel } from './labels.ts'

export { type ApisixMetricsInput, renderApisixMetrics, type RouteLabels } from './apisix.ts'

/** How many certificates a scrape shows: each is a time series. */
const SHOWN = 1000

/** Everything that a scrape shows. */
export interface MetricsInput {
  readonly counters: CounterValues
  /** Certificates and CRLs, the most urgent first; of very many the first ones are shown. */
  readonly certificates: readonly {
    readonly kind: string
    readonly usedBy: string
    readonly subject: string
    readonly sha256: string
    /** May be negative. */
    readonly daysLeft: number
  }[]
  readonly upstreams?: readonly UpstreamHealth[]
  readonly version: string
  readonly runtime: string
  /** Whether the newest configuration is in force. */
  readonly current: boolean
  /** Epoch milliseconds of the configuration in force. */
  readonly loadedAt: number
  readonly droppedLogLines: number
  /** The store that documents come from; undefined where there is none. */
  readonly store?: {
    /** In force. */
    readonly revision: number
    /** How many revisions are known and not in force. */
    readonly lag: number
    readonly connected: boolean
    /** Milliseconds since it was lost. */
    readonly lostFor: number
    readonly losses: number
    /** Documents that could not be put in force. */
    readonly problems: number
  }
  /** Resident memory and CPU seconds of the process. */
  readonly process: { readonly memoryBytes: number; readonly cpuSeconds: number }
}

function streams(registry: Registry, counters: CounterValues): void {
  const { streams, streamReceivedBytes, streamSentBytes } = counters
  const of = (name: string, help: string, values: Readonly<Record<string, number>>): void => {
    const total = counter(registry, name, help, ['listener'])
    for (const [listener, count] of Object.entries(values)) total.inc({ listener }, count)
  }
  of('streams_total', 'Connections that were no HTTP and are over', streams)
  of('stream_received_bytes_total', 'Bytes of such connections from clients', streamReceivedBytes)
  of('stream_sent_bytes_total', 'Bytes of such connections to clients', streamSentBytes)
}

/** How many endpoints a scrape shows: each is a time series. */
const ENDPOINTS_SHOWN = 10_000

function upstreams(registry: Registry, { upstreams = [] }: MetricsInput): void {
  const labels = ['upstream', 'endpoint']
  const up = gauge(
    registry,
    'upstream_endpoint_up',
    '1 where a checked endpoint is healthy',
    labels,
  )
  const help = 'Exchanges and connections under way at an endpoint'
  const active = gauge(registry, 'upstream_endpoint_active', help, labels)
  const all = upstreams.flatMap(({ name, endpoints }) =>
    endpoints.map((endpoint) => ({ name, endpoint }))
  )
  for (const { name, endpoint } of all.slice(0, ENDPOINTS_SHOWN)) {
    const { health, connections } = endpoint
    const at = { upstream: name, endpoint: addressText(endpoint) }
    if (health !== 'unknown') up.set(at, health === 'up' ? 1 : 0)
    active.set(at, connections)
  }
}

/** What a scrape answers. */
export interface MetricsText {
  readonly contentType: string
  readonly text: string
}

/** Renders a scrape. Made anew each time: what is counted lives in the core, as plain values. */
export async function renderMetrics(input: MetricsInput): Promise<MetricsText> {
  const registry = new Registry()
  requests(registry, input.counters)
  connections(registry, input.counters)
  certificates(registry, input)
  upstreams(registry, input)
  state(registry, input)
  if (input.store !== undefined) store(registry, input.store)
  const durations = durationText(input.counters)
  return { contentType: registry.contentType, text: await registry.metrics() + durations }
}

function requests(registry: Registry, counters: CounterValues): void {
  const total = counter(registry, 'requests_total', 'Requests answered', ['route', 'status'])
  for (const [route, byStatus] of Object.entries(counters.requests)) {
    for (const [status, count] of Object.entries(byStatus)) total.inc({ route, status }, count)
  }
  const refusals = counter(registry, 'refusals_total', 'Requests and connections refused', ['code'])
  for (const [code, count] of Object.entries(counters.refusals)) refusals.inc({ code }, count)
  const received = counter(registry, 'request_bytes_total', 'Bytes of request bodies', ['route'])
  for (const [route, count] of Object.entries(counters.requestBytes)) received.inc({ route }, count)
  const sent = counter(registry, 'response_bytes_total', 'Bytes of response bodies', ['route'])
  for (const [route, count] of Object.entries(counters.responseBytes)) sent.inc({ route }, count)
}

function connections(registry: Registry, counters: CounterValues): void {
  const labels = ['listener', 'result']
  const handshakes = counter(registry, 'handshakes_total', 'TLS handshakes by result', labels)
  for (const [listener, byResult] of Object.entries(counters.handshakes)) {
    for (const [result, count] of Object.entries(byResult)) {
      handshakes.inc({ listener, result }, count)
    }
  }
  const resumed = counter(
    registry,
    'handshakes_resumed_total',
    'TLS handshakes that resumed a session',
    ['listener'],
  )
  for (const [listener, count] of Object.entries(counters.resumed)) resumed.inc({ listener }, count)
  const open = gauge(registry, 'connections', 'Open downstream connections', ['listener'])
  for (const [listener, count] of Object.entries(counters.connections)) {
    open.set({ listener }, count)
  }
  streams(registry, counters)
  const upstream = gauge(registry, 'upstream_connections', 'Open upstream connections', [
    'upstream',
  ])
  for (const [name, count] of Object.entries(counters.upstreamConnections)) {
    upstream.set({ upstream: name }, count)
  }
}

function certificates(registry: Registry, input: MetricsInput): void {
  const labels = ['kind', 'used_by', 'subject', 'sha256']
  const help = 'Days until a certificate or CRL expires'
  const left = gauge(registry, 'certificate_days_left', help, labels)
  for (const { kind, usedBy, subject, sha256, daysLeft } of input.certificates.slice(0, SHOWN)) {
    left.set({ kind, used_by: usedBy, subject, sha256 }, daysLeft)
  }
}

function state(registry: Registry, input: MetricsInput): void {
  const { version, runtime, current, loadedAt, droppedLogLines } = input
  gauge(registry, 'info', 'The program that is running', ['version', 'runtime'])
    .set({ version, runtime }, 1)
  gauge(registry, 'configuration_current', '1 where the newest configuration is in force', [])
    .set(current ? 1 : 0)
  gauge(
    registry,
    'configuration_loaded_timestamp_seconds',
    'When the configuration in force was loaded',
    [],
  )
    .set(loadedAt / 1000)
  counter(registry, 'access_log_lines_dropped_total', 'Access-log lines lost to a slow reader', [])
    .inc(droppedLogLines)
  gauge(registry, 'resident_memory_bytes', 'Resident memory of the process', [])
    .set(input.process.memoryBytes)
  counter(registry, 'cpu_seconds_total', 'User and system CPU time of the process', [])
    .inc(input.process.cpuSeconds)
}

function store(registry: Registry, found: NonNullable<MetricsInput['store']>): void {
  const set = (name: string, help: string, value: number): void =>
    gauge(registry, `store_${name}`, help, []).set(value)
  set('revision', 'The revision of the store that is in force', found.revision)
  set('revision_lag', 'Revisions of the store that are known and not in force', found.lag)
  set('connected', '1 where the store is within reach', found.connected ? 1 : 0)
  set('lost_seconds', 'For how long the store has been out of reach', found.lostFor / 1000)
  set('document_problems', 'Documents that are not in force as they are', found.problems)
  counter(registry, 'store_losses_total', 'How often the store went out of reach', [])
    .inc(found.losses)
}

function counter(
  registry: Registry,
  name: string,
  help: string,
  labelNames: string[],
): Counter<string> {
  return new Counter({ name: `sallyport_${name}`, help, labelNames, registers: [registry] })
}

function gauge(
  registry: Registry,
  name: string,
  help: string,
  labelNames: string[],
): Gauge<string> {
  return new Gauge({ name: `sallyport_${name}`, help, labelNames, registers: [registry] })
}

/** prom-client's histogram takes single observations only; ours are counted already. */
function durationText(counters: CounterValues): string {
  const name = 'sallyport_request_duration_seconds'
  const lines = [`\n# HELP ${name} Time from a request's head to the end of its response`]
  lines.push(`# TYPE ${name} histogram`)
  for (const [route, { counts, sum }] of Object.entries(counters.durations)) {
    const label = `route="${escapeLabel(route)}"`
    let total = 0
    counts.forEach((count, i) => {
      total += count
      lines.push(`${name}_bucket{${label},le="${DURATION_BUCKETS[i] ?? '+Inf'}"} ${total}`)
    })
    lines.push(`${name}_sum{${label}} ${sum}`, `${name}_count{${label}} ${total}`)
  }
  return lines.join('\n') + '\n'
}
