import type { Json } from '../../../store/mod.ts'
import { PLUGIN_SCHEMAS, pluginSchema } from '../schema/plugins/mod.ts'
import { type Answer, refuse } from './answer.ts'

const VERSION = 0.1

/** Names of plugins, those that come first first. */
export function pluginNames(): string[] {
  return Object.entries(PLUGIN_SCHEMAS)
    .toSorted(([, a], [, b]) => b.priority - a.priority)
    .map(([name]) => name)
}

/** Answers `GET /plugins` and `GET /plugins/{name}`. */
export function describePlugins(name: string | undefined, query: URLSearchParams): Answer {
  const subsystem = query.get('subsystem') ?? 'http'
  if (subsystem !== 'http' && subsystem !== 'stream') {
    return refuse(400, `unsupported subsystem: ${subsystem}`)
  }
  const known = subsystem === 'http' ? pluginNames() : []
  if (name !== undefined) {
    if (!known.includes(name)) return refuse(404, `plugin not found in subsystem ${subsystem}`)
    return { status: 200, body: schemaOf(name, query.get('schema_type')) ?? null }
  }
  if (query.get('all') !== 'true') return { status: 200, body: known }
  return { status: 200, body: Object.fromEntries(known.map((each) => [each, describe(each)])) }
}

/** A plugin's schema, for routes or for consumers. */
export function schemaOf(name: string, type: string | null): Json | undefined {
  const place = type === 'consumer' || type === 'metadata' ? type : 'route'
  return pluginSchema(name, place) as Json | undefined
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
