import type { Json } from '../../../store/mod.ts'
import { list, object, text } from '../schema/common.ts'
import { PLUGIN_SCHEMAS, pluginSchema } from '../schema/plugins/mod.ts'
import { STREAM_ROUTE } from '../schema/route.ts'
import type { Schema } from '../schema/types.ts'
import { type Answer, refuse } from './answer.ts'
import { KINDS } from './kinds.ts'

const VERSION = 0.1

/** Names of plugins, those that come first first. */
export function pluginNames(): string[] {
  return Object.entries(PLUGIN_SCHEMAS)
    .toSorted(([, a], [, b]) => b.priority - a.priority)
    .map(([name]) => name)
}

/** Answers `GET /plugins/list`. */
export function listPlugins(query: URLSearchParams): Answer {
  const subsystem = query.get('subsystem') ?? 'http'
  if (subsystem === 'stream') return { status: 200, body: [] }
  return subsystem === 'http'
    ? { status: 200, body: pluginNames() }
    : { status: 400, body: 'invalid subsystem passed' }
}

/** What a list of plugins' names is like, as it lies in etcd. */
const PLUGINS: Schema = list(
  object({ name: text({ minLength: 1 }), stream: { type: 'boolean' } }, { required: ['name'] }),
)

/** The schema that `GET /schema/{name}` tells: of one document of a kind. */
export function schemaNamed(name: string): Schema | undefined {
  if (name === 'stream_route') return STREAM_ROUTE
  if (name === 'plugins') return PLUGINS
  return KINDS.find(({ word, name: kind }) => word.replaceAll(' ', '_') === name || kind === name)
    ?.schema
}

/** Answers `GET /plugins`, and `GET /plugins/{name}` as `GET /schema/plugins/{name}`. */
export function describePlugins(name: string | undefined, query: URLSearchParams): Answer {
  const subsystem = query.get('subsystem') ?? 'http'
  if (subsystem !== 'http' && subsystem !== 'stream') {
    return refuse(400, `unsupported subsystem: ${subsystem}`)
  }
  const known = subsystem === 'http' ? pluginNames() : []
  if (name !== undefined) {
    if (!known.includes(name)) return refuse(404, `plugin not found in subsystem ${subsystem}`)
    const schema = schemaOf(name, query.get('schema_type'))
    return schema === undefined ? refuse(400, 'not found schema') : { status: 200, body: schema }
  }
  if (query.get('all') !== 'true') return { status: 200, body: known }
  return { status: 200, body: Object.fromEntries(known.map((each) => [each, describe(each)])) }
}

/** A plugin's schema, for routes, for consumers or for all its uses; not every plugin has the latter two. */
function schemaOf(name: string, type: string | null): Json | undefined {
  const plugin = PLUGIN_SCHEMAS[name]
  if (type === 'consumer' || type === 'metadata') return plugin?.[type] as Json | undefined
  return pluginSchema(name, 'route') as Json | undefined
}

function describe(name: string): Json {
  const { priority, kind, consumer, metadata } =
    PLUGIN_SCHEMAS[name] as typeof PLUGIN_SCHEMAS[string]
  return {
    priority,
    version: VERSION,
    schema: schemaOf(name, null) ?? null,
    ...(kind === undefined ? {} : { type: kind }),
    ...(consumer === undefined ? {} : { consumer_schema: consumer as Json }),
    ...(metadata === undefined ? {} : { metadata_schema: metadata as Json }),
  }
}
