import {
  BOOLEAN,
  DESCRIPTION,
  having,
  HOST,
  ID,
  integer,
  LABELS,
  list,
  METHODS,
  NAME,
  object,
  PLUGINS,
  REMOTE_ADDRESS,
  text,
  TIMEOUT,
  TIMESTAMP,
} from './common.ts'
import type { Schema } from './types.ts'
import { UPSTREAM } from './upstream.ts'

const SCRIPT = text({ minLength: 10, maxLength: 102_400 })

/** One of the two, or none. */
const atMostOne = (one: string, many: string): Schema => ({
  oneOf: [{ not: { anyOf: [having(one), having(many)] } }, having(one), having(many)],
})

const TARGETS = ['plugins', 'upstream', 'upstream_id', 'service_id'] as const

/** A route. */
export const ROUTE: Schema = object({
  create_time: TIMESTAMP,
  update_time: TIMESTAMP,
  uri: text({ minLength: 1, maxLength: 4096 }),
  uris: list(text({ description: 'HTTP uri' }), { minItems: 1, uniqueItems: true }),
  name: NAME,
  desc: DESCRIPTION,
  priority: integer({ default: 0 }),
  methods: list(text({ description: 'HTTP method', enum: METHODS }), { uniqueItems: true }),
  host: HOST,
  hosts: list(HOST, { minItems: 1, uniqueItems: true }),
  remote_addr: REMOTE_ADDRESS,
  remote_addrs: list(REMOTE_ADDRESS, { minItems: 1, uniqueItems: true }),
  timeout: TIMEOUT,
  vars: { type: 'array' },
  filter_func: text({ minLength: 10, pattern: '^function' }),
  script: SCRIPT,
  script_id: ID,
  plugins: PLUGINS,
  plugin_config_id: ID,
  upstream: UPSTREAM,
  labels: LABELS,
  service_id: ID,
  upstream_id: ID,
  enable_websocket: BOOLEAN,
  status: integer({ enum: [1, 0], default: 1 }),
  id: ID,
}, {
  allOf: [
    { oneOf: [having('uri'), having('uris')] },
    atMostOne('host', 'hosts'),
    atMostOne('remote_addr', 'remote_addrs'),
  ],
  anyOf: [
    ...['uri', 'uris'].flatMap((path) => TARGETS.map((target) => having(target, path))),
    having('script', 'uri'),
    having('script', 'uris'),
  ],
  not: { anyOf: [having('script', 'plugins'), having('script', 'plugin_config_id')] },
  additionalProperties: false,
})

/** A service: what routes have in common. */
export const SERVICE: Schema = object({
  id: ID,
  plugins: PLUGINS,
  upstream: UPSTREAM,
  upstream_id: ID,
  name: NAME,
  desc: DESCRIPTION,
  labels: LABELS,
  script: SCRIPT,
  create_time: TIMESTAMP,
  update_time: TIMESTAMP,
  enable_websocket: BOOLEAN,
  hosts: list(HOST, { minItems: 1, uniqueItems: true }),
}, { additionalProperties: false })

/** A route of TCP. */
export const STREAM_ROUTE: Schema = object({
  id: ID,
  name: NAME,
  desc: DESCRIPTION,
  labels: LABELS,
  create_time: TIMESTAMP,
  update_time: TIMESTAMP,
  remote_addr: REMOTE_ADDRESS,
  server_addr: text({ description: 'server IP', anyOf: REMOTE_ADDRESS.anyOf ?? [] }),
  server_port: integer({ description: 'server port' }),
  sni: HOST,
  upstream: UPSTREAM,
  upstream_id: ID,
  service_id: ID,
  plugins: PLUGINS,
  protocol: { type: 'object' },
}, { additionalProperties: false })
