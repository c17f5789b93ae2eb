import {
  checkConsumer,
  checkConsumerGroup,
  checkCredential,
  checkGlobalRule,
  checkMetadata,
  checkPluginConfig,
  checkProto,
} from './checks/others.ts'
import { checkRoute, checkService } from './checks/route.ts'
import { checkSsl } from './checks/ssl.ts'
import type { CheckContext, Checked } from './checks/types.ts'
import { checkUpstream } from './checks/upstream.ts'
import {
  CONSUMER,
  CONSUMER_GROUP,
  CREDENTIAL,
  GLOBAL_RULE,
  PLUGIN_CONFIG,
  PROTO,
} from '../schema/others.ts'
import { ROUTE, SERVICE } from '../schema/route.ts'
import { SSL } from '../schema/ssl.ts'
import type { Schema } from '../schema/types.ts'
import { UPSTREAM } from '../schema/upstream.ts'
import type { Table } from '../table.ts'

/** A kind of documents. */
export interface Kind {
  /** In paths and in keys: `routes`. */
  readonly name: string
  /** In messages: `route`. */
  readonly word: string
  readonly schema: Schema
  /** Methods that are answered 405. */
  readonly without: readonly string[]
  /** What takes the place of an id: `username`; undefined: `id`. */
  readonly idField?: 'username'
  /** Fields that lists can be filtered by. */
  readonly filters: readonly string[]
  /** Where documents name this one: their kind, the field, and what is told in place of the usual sentence. */
  readonly users: readonly {
    readonly kind: string
    readonly field: string
    readonly word: string
  }[]
  /** `can not delete this ...`. */
  readonly deleting: string
  /** `id`: what the path says. */
  readonly check: (conf: Table, context: CheckContext, id?: string) => Promise<Checked>
}

const NONE = { without: [], filters: [], users: [], deleting: '' } as const

/** Routes, and what they are made of. */
export const KINDS: readonly Kind[] = [
  {
    ...NONE,
    name: 'routes',
    word: 'route',
    schema: ROUTE,
    filters: ['service_id', 'upstream_id'],
    check: checkRoute,
  },
  {
    ...NONE,
    name: 'services',
    word: 'service',
    schema: SERVICE,
    users: [{ kind: 'routes', field: 'service_id', word: 'route' }],
    deleting: 'this service directly',
    check: checkService,
  },
  {
    ...NONE,
    name: 'upstreams',
    word: 'upstream',
    schema: UPSTREAM,
    users: [
      { kind: 'routes', field: 'upstream_id', word: 'route' },
      { kind: 'services', field: 'upstream_id', word: 'service' },
    ],
    deleting: 'this upstream',
    check: checkUpstream,
  },
  { ...NONE, name: 'ssls', word: 'ssl', schema: SSL, check: checkSsl },
  {
    ...NONE,
    name: 'consumers',
    word: 'consumer',
    schema: CONSUMER,
    without: ['POST', 'PATCH'],
    idField: 'username',
    check: checkConsumer,
  },
  {
    ...NONE,
    name: 'credentials',
    word: 'credential',
    schema: CREDENTIAL,
    without: ['POST', 'PATCH'],
    check: checkCredential,
  },
  {
    ...NONE,
    name: 'consumer_groups',
    word: 'consumer group',
    schema: CONSUMER_GROUP,
    without: ['POST'],
    users: [{ kind: 'consumers', field: 'group_id', word: 'consumer' }],
    deleting: 'this consumer group',
    check: checkConsumerGroup,
  },
  {
    ...NONE,
    name: 'global_rules',
    word: 'global rule',
    schema: GLOBAL_RULE,
    without: ['POST'],
    check: checkGlobalRule,
  },
  {
    ...NONE,
    name: 'plugin_configs',
    word: 'plugin config',
    schema: PLUGIN_CONFIG,
    without: ['POST'],
    users: [{ kind: 'routes', field: 'plugin_config_id', word: 'route' }],
    deleting: 'this plugin config',
    check: checkPluginConfig,
  },
  {
    ...NONE,
    name: 'plugin_metadata',
    word: 'plugin_metadata',
    schema: { type: 'object' },
    without: ['POST', 'PATCH'],
    check: checkMetadata,
  },
  { ...NONE, name: 'protos', word: 'proto', schema: PROTO, check: checkProto },
]

/** Names of kinds in versions before 3.0, which answer in their shape. */
export const OLD_NAMES: ReadonlyMap<string, string> = new Map([['ssl', 'ssls'], [
  'proto',
  'protos',
]])

/** A kind by its name. */
export function findKind(name: string): Kind | undefined {
  return KINDS.find((kind) => kind.name === name)
}
