import type { Json } from '../../../../store/types.ts'
import { BOOLEAN, integer, object, text } from '../common.ts'
import { checkExpression } from '../expression.ts'
import { tableKind } from '../lua.ts'
import type { Schema } from '../types.ts'
import { validate } from '../validate.ts'
import * as access from './access.ts'
import * as rewrite from './rewrite.ts'
import * as traffic from './traffic.ts'
import type { PluginConf, PluginSchema } from './types.ts'

export type { PluginConf, PluginSchema } from './types.ts'

/** The plugins that there are, by name. */
export const PLUGIN_SCHEMAS: Readonly<Record<string, PluginSchema>> = {
  'real-ip': access.REAL_IP,
  'client-control': traffic.CLIENT_CONTROL,
  'request-id': traffic.REQUEST_ID,
  'cors': access.CORS,
  'ip-restriction': access.IP_RESTRICTION,
  'basic-auth': access.BASIC_AUTH,
  'key-auth': access.KEY_AUTH,
  'consumer-restriction': access.CONSUMER_RESTRICTION,
  'proxy-rewrite': rewrite.PROXY_REWRITE,
  'limit-count': traffic.LIMIT_COUNT,
  'limit-req': traffic.LIMIT_REQ,
  'redirect': rewrite.REDIRECT,
  'response-rewrite': rewrite.RESPONSE_REWRITE,
  'prometheus': traffic.PROMETHEUS,
}

/** What every plugin's configuration may hold besides its own. */
const META: Schema = object({
  disable: BOOLEAN,
  error_response: { oneOf: [text(), { type: 'object' }] },
  priority: integer(),
  filter: { type: 'array' },
  pre_function: text(),
}, { additionalProperties: false })

/** In whose document plugins stand. */
export type PluginPlace = 'route' | 'consumer' | 'metadata'

/** The schema of one plugin with what every plugin has. */
export function pluginSchema(name: string, place: PluginPlace = 'route'): Schema | undefined {
  if (!Object.hasOwn(PLUGIN_SCHEMAS, name)) return undefined
  const plugin = PLUGIN_SCHEMAS[name] as PluginSchema
  if (place === 'metadata') return plugin.metadata ?? { type: 'object' }
  const schema = place === 'consumer' ? plugin.consumer ?? plugin.schema : plugin.schema
  return { ...schema, properties: { ...schema.properties, _meta: META } }
}

/** Checks plugins by name. @returns what is wrong, in APISIX's words */
export function checkPlugins(plugins: PluginConf, place: PluginPlace): string | undefined {
  for (const [name, conf] of Object.entries(plugins)) {
    const wrong = checkPlugin(name, conf as Json, place)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

function checkPlugin(name: string, conf: Json, place: PluginPlace): string | undefined {
  const kind = tableKind(conf)
  if (kind === undefined) return `invalid plugin conf ${JSON.stringify(conf)} for plugin [${name}]`
  const schema = pluginSchema(name, place)
  if (schema === undefined) return `unknown plugin [${name}]`
  const table = (kind === 'empty' ? {} : conf) as PluginConf
  const unlike = validate(schema, conf)
  const wrong = unlike === undefined
    ? checkFurther(name, table, place) ?? checkMeta(table)
    : PLUGIN_SCHEMAS[name]?.reword?.(unlike, table) ?? unlike
  return wrong === undefined
    ? undefined
    : `failed to check the configuration of plugin ${name} err: ${wrong}`
}

function checkFurther(name: string, conf: PluginConf, place: PluginPlace): string | undefined {
  return place === 'route' || PLUGIN_SCHEMAS[name]?.consumer === undefined
    ? PLUGIN_SCHEMAS[name]?.check?.(conf)
    : undefined
}

function checkMeta({ _meta }: PluginConf): string | undefined {
  const { filter } = (_meta ?? {}) as PluginConf
  const wrong = filter === undefined ? undefined : checkExpression(filter)
  return wrong === undefined ? undefined : `failed to validate the 'vars' expression: ${wrong}`
}
