import {
  CERTIFICATE,
  DESCRIPTION,
  having,
  HOST,
  ID,
  integer,
  LABELS,
  list,
  NAME,
  object,
  PRIVATE_KEY,
  text,
  TIMEOUT,
  TIMESTAMP,
} from './common.ts'
import type { Schema } from './types.ts'

const counter = (fallback: number): Schema =>
  integer({ minimum: 0, maximum: 254, default: fallback })
const positive = (fallback: number): Schema =>
  integer({ minimum: 1, maximum: 254, default: fallback })
const statuses = (fallback: readonly number[]): Schema =>
  list(integer({ minimum: 200, maximum: 599 }), {
    minItems: 1,
    uniqueItems: true,
    default: fallback,
  })
const PASSIVE_HEALTHY = [
  ...[200, 201, 202, 203, 204, 205, 206, 207, 208, 226],
  ...[300, 301, 302, 303, 304, 305, 306, 307, 308],
]
const CHECK_TYPE = text({ enum: ['http', 'https', 'tcp'], default: 'http' })

const ACTIVE: Schema = object({
  type: CHECK_TYPE,
  timeout: { type: 'number', default: 1 },
  concurrency: integer({ default: 10 }),
  host: HOST,
  port: integer({ minimum: 1, maximum: 65_535 }),
  http_path: text({ default: '/' }),
  https_verify_certificate: { type: 'boolean', default: true },
  healthy: object({
    interval: integer({ minimum: 1, default: 1 }),
    http_statuses: statuses([200, 302]),
    successes: positive(2),
  }),
  unhealthy: object({
    interval: integer({ minimum: 1, default: 1 }),
    http_statuses: statuses([429, 404, 500, 501, 502, 503, 504, 505]),
    http_failures: positive(5),
    tcp_failures: positive(2),
    timeouts: positive(3),
  }),
  req_headers: list(text(), { minItems: 1 }),
})

const PASSIVE: Schema = object({
  type: CHECK_TYPE,
  healthy: object({ http_statuses: statuses(PASSIVE_HEALTHY), successes: counter(5) }),
  unhealthy: object({
    http_statuses: statuses([429, 500, 503]),
    tcp_failures: counter(2),
    timeouts: counter(7),
    http_failures: counter(5),
  }),
})

const CHECKS: Schema = object({ active: ACTIVE, passive: PASSIVE }, {
  anyOf: [having('active'), having('active', 'passive')],
  additionalProperties: false,
})

const NODES: Schema = {
  anyOf: [
    {
      type: 'object',
      patternProperties: { '.*': integer({ description: 'weight of node', minimum: 0 }) },
    },
    list(object({
      host: HOST,
      port: integer({ description: 'port of node', minimum: 1 }),
      weight: integer({ description: 'weight of node', minimum: 0 }),
      priority: integer({ description: 'priority of node', default: 0 }),
      metadata: { type: 'object', description: 'metadata of node' },
    }, { required: ['host', 'weight'] })),
  ],
}

const CLIENT_CERT_ID = { not: having('client_cert_id') }
const TLS: Schema = object({
  client_cert_id: ID,
  client_cert: CERTIFICATE,
  client_key: PRIVATE_KEY,
  verify: {
    type: 'boolean',
    description: 'whether to verify certificates of nodes',
    default: false,
  },
  ca_certs: list(CERTIFICATE, { minItems: 1 }),
}, {
  dependencies: {
    client_cert: { required: ['client_key'], ...CLIENT_CERT_ID },
    client_key: { required: ['client_cert'], ...CLIENT_CERT_ID },
    client_cert_id: { not: { required: ['client_cert', 'client_key'] } },
  },
})

/** An upstream, by itself or within a route or a service. */
export const UPSTREAM: Schema = object({
  create_time: TIMESTAMP,
  update_time: TIMESTAMP,
  nodes: NODES,
  retries: integer({ minimum: 0 }),
  retry_timeout: { type: 'number', minimum: 0 },
  timeout: TIMEOUT,
  tls: TLS,
  keepalive_pool: object({
    size: integer({ minimum: 1, default: 320 }),
    idle_timeout: { type: 'number', minimum: 0, default: 60 },
    requests: integer({ minimum: 1, default: 1000 }),
  }),
  type: {
    type: 'string',
    description: 'algorithms of load balancing',
    // `none` is what APISIX's own documents give to Kafka.
    enum: ['roundrobin', 'chash', 'ewma', 'least_conn', 'none'],
    default: 'roundrobin',
  },
  checks: CHECKS,
  hash_on: text({
    enum: ['vars', 'header', 'cookie', 'consumer', 'vars_combinations'],
    default: 'vars',
  }),
  key: text({ description: 'the key of chash for dynamic load balancing' }),
  scheme: {
    enum: ['grpc', 'grpcs', 'http', 'https', 'tcp', 'tls', 'udp', 'kafka'],
    default: 'http',
  },
  discovery_type: text({ description: 'discovery type' }),
  discovery_args: object({
    namespace_id: text(),
    group_name: text(),
    metadata: { type: 'object' },
  }),
  pass_host: text({ enum: ['pass', 'node', 'rewrite'], default: 'pass' }),
  upstream_host: HOST,
  service_name: text({ minLength: 1, maxLength: 256 }),
  name: NAME,
  desc: DESCRIPTION,
  labels: LABELS,
  id: ID,
}, {
  oneOf: [having('nodes'), having('service_name', 'discovery_type')],
  additionalProperties: false,
})

/** What `key` must be like where `hash_on` says what it names. */
export const HASH_KEYS: Readonly<Record<string, Schema | undefined>> = {
  vars: text({
    pattern: '^((uri|server_name|server_addr|request_uri|remote_port' +
      '|remote_addr|query_string|host|hostname|mqtt_client_id)|arg_[0-9a-zA-z_-]+)$',
  }),
  header: text({ pattern: '^[a-zA-Z0-9-_]+$' }),
  cookie: text({ pattern: '^[a-zA-Z0-9-_]+$' }),
  vars_combinations: text(),
}
