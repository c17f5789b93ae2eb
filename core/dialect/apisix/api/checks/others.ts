import { isStoreFailure } from '../../../../store/mod.ts'
import {
  CONSUMER,
  CONSUMER_GROUP,
  CREDENTIAL,
  GLOBAL_RULE,
  PLUGIN_CONFIG,
  PROTO,
} from '../../schema/others.ts'
import { checkPlugins, PLUGIN_SCHEMAS, pluginSchema } from '../../schema/plugins/mod.ts'
import type { Schema } from '../../schema/types.ts'
import { validate } from '../../schema/validate.ts'
import { idOf, isTable, type Table, tableOf, textOf } from '../../table.ts'
import { type CheckContext, type Checked, passed, type Wrong } from './types.ts'

/** Checks a consumer. */
export async function checkConsumer(
  conf: Table,
  context: CheckContext,
  name?: string,
): Promise<Checked> {
  const schema = schemaFault(CONSUMER, conf)
  if (schema !== undefined) return schema
  const username = textOf(conf, 'username') ?? ''
  if (name !== undefined && name !== username) return { wrong: 'wrong username' }
  const plugins = checkPlugins(tableOf(conf, 'plugins') ?? {}, 'consumer')
  if (plugins !== undefined) return { wrong: `invalid plugins configuration: ${plugins}` }
  const twice = context.references
    ? await context.keys.duplicate(conf, ({ consumer }) => consumer === username)
    : undefined
  if (twice !== undefined) return twice
  const group = idOf(conf, 'group_id')
  if (group === undefined || !context.references) return passed(conf)
  const found = await context.find(`/consumer_groups/${group}`)
  const begin = `failed to fetch consumer group info by consumer group id [${group}]`
  if (found === undefined) return { wrong: `${begin}, response code: 404` }
  if (isStoreFailure(found)) return { wrong: `${begin}: ${found.message}`, status: 503 }
  return passed(conf, { conditions: [{ key: found.key, revision: found.modifyRevision }] })
}

/** Checks a credential of a consumer: one plugin that tells who calls. */
export async function checkCredential(conf: Table, context: CheckContext): Promise<Checked> {
  const own = idOf(conf, 'id')
  const fault = credentialFault(conf)
  if (fault !== undefined || !context.references) return fault ?? passed(conf)
  return await context.keys.duplicate(conf, ({ credential }) => credential === own) ?? passed(conf)
}

function credentialFault(conf: Table): Wrong | undefined {
  const schema = schemaFault(CREDENTIAL, conf)
  if (schema !== undefined) return schema
  const plugins = tableOf(conf, 'plugins') ?? {}
  const wrong = checkPlugins(plugins, 'consumer')
  if (wrong !== undefined) return { wrong: `invalid plugins configuration: ${wrong}` }
  return Object.keys(plugins).every((name) => PLUGIN_SCHEMAS[name]?.kind === 'auth')
    ? undefined
    : { wrong: 'only supports auth type plugins in consumer credential' }
}

/** Checks a plugin config. */
export function checkPluginConfig(conf: Table): Promise<Checked> {
  return Promise.resolve(pluginsFault(PLUGIN_CONFIG, conf) ?? passed(conf))
}

/** Checks a group of consumers. */
export function checkConsumerGroup(conf: Table): Promise<Checked> {
  return Promise.resolve(pluginsFault(CONSUMER_GROUP, conf) ?? passed(conf))
}

/** Checks a global rule: no plugin may stand in two of them. */
export async function checkGlobalRule(conf: Table, context: CheckContext): Promise<Checked> {
  const fault = pluginsFault(GLOBAL_RULE, conf)
  if (fault !== undefined) return fault
  if (!context.references) return passed(conf)
  const rules = await context.all('global_rules')
  if (isStoreFailure(rules)) return { wrong: rules.message, status: 503 }
  for (const { value } of rules) {
    if (!isTable(value) || idOf(value, 'id') === idOf(conf, 'id')) continue
    const taken = Object.keys(tableOf(conf, 'plugins') ?? {})
      .find((name) => tableOf(value, 'plugins')?.[name] !== undefined)
    if (taken === undefined) continue
    const id = idOf(value, 'id')
    return { wrong: `plugin '${taken}' already exists in global rule with id '${id}'` }
  }
  return passed(conf)
}

/** Checks a proto: kept, without effect. */
export function checkProto(conf: Table): Promise<Checked> {
  return Promise.resolve(schemaFault(PROTO, conf) ?? passed(conf))
}

/** Checks what all uses of a plugin have in common. `conf.id` is the plugin's name. */
export function checkMetadata(conf: Table): Promise<Checked> {
  const name = textOf(conf, 'id') ?? ''
  const schema = pluginSchema(name, 'metadata')
  if (schema === undefined) return Promise.resolve({ wrong: 'invalid plugin name' })
  return Promise.resolve(schemaFault(schema, conf) ?? passed(conf))
}

function pluginsFault(schema: Schema, conf: Table): Wrong | undefined {
  const fault = schemaFault(schema, conf)
  if (fault !== undefined) return fault
  const wrong = checkPlugins(tableOf(conf, 'plugins') ?? {}, 'route')
  return wrong === undefined ? undefined : { wrong }
}

function schemaFault(schema: Schema, conf: Table): Wrong | undefined {
  const wrong = validate(schema, conf)
  return wrong === undefined ? undefined : { wrong: `invalid configuration: ${wrong}` }
}
