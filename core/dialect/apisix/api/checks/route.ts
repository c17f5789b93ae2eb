import type { Condition } from '../../../../store/mod.ts'
import { isStoreFailure } from '../../../../store/mod.ts'
import { checkExpression } from '../../schema/expression.ts'
import { codeOf } from '../../schema/filter-func.ts'
import { checkPlugins } from '../../schema/plugins/mod.ts'
import { ROUTE, SERVICE } from '../../schema/route.ts'
import type { Schema } from '../../schema/types.ts'
import { validate } from '../../schema/validate.ts'
import { idOf, type Table, tableOf, withChanges } from '../../table.ts'
import { type CheckContext, type Checked, isWrong, passed, type Wrong } from './types.ts'
import { checkUpstream } from './upstream.ts'

/** What a route or service may name: the field, where the other is kept, and its name in messages. */
interface Named {
  readonly field: string
  readonly kind: string
  readonly word: string
}

const UPSTREAM_ID: Named = { field: 'upstream_id', kind: 'upstreams', word: 'upstream' }
const SERVICE_ID: Named = { field: 'service_id', kind: 'services', word: 'service' }
const PLUGIN_CONFIG_ID: Named = {
  field: 'plugin_config_id',
  kind: 'plugin_configs',
  word: 'plugin config',
}

/** Checks a route. */
export async function checkRoute(conf: Table, context: CheckContext): Promise<Checked> {
  for (const [one, many] of [['host', 'hosts'], ['remote_addr', 'remote_addrs']] as const) {
    if (conf[one] !== undefined && conf[many] !== undefined) {
      return { wrong: `only one of ${one} or ${many} is allowed` }
    }
  }
  const checked = await checkTarget(conf, context, {
    schema: ROUTE,
    named: [UPSTREAM_ID, SERVICE_ID, PLUGIN_CONFIG_ID],
  })
  if (isWrong(checked)) return checked
  const further = checkVars(conf) ?? checkCode(conf)
  return further === undefined ? checked : { wrong: further }
}

/** Checks a service. */
export function checkService(conf: Table, context: CheckContext): Promise<Checked> {
  return checkTarget(conf, context, { schema: SERVICE, named: [UPSTREAM_ID] })
}

/** What routes and services have in common: the schema, the upstream, what they name, plugins. */
async function checkTarget(
  conf: Table,
  context: CheckContext,
  { schema, named }: { readonly schema: Schema; readonly named: readonly Named[] },
): Promise<Checked> {
  const wrong = validate(schema, conf)
  if (wrong !== undefined) return { wrong: `invalid configuration: ${wrong}` }
  const upstream = tableOf(conf, 'upstream')
  const inner = upstream === undefined ? passed({}) : await checkUpstream(upstream, context)
  if (isWrong(inner)) return inner
  const conditions = [...inner.conditions]
  for (const each of named) {
    const reference = await checkReference(conf, context, each)
    if (isWrong(reference)) return reference
    conditions.push(...reference)
  }
  const plugins = checkPlugins(tableOf(conf, 'plugins') ?? {}, 'route')
  if (plugins !== undefined) return { wrong: plugins }
  const kept = upstream === undefined ? conf : withChanges(conf, { upstream: inner.document })
  return passed(kept, { conditions })
}

async function checkReference(
  conf: Table,
  context: CheckContext,
  { field, kind, word }: Named,
): Promise<readonly Condition[] | Wrong> {
  const id = idOf(conf, field)
  if (id === undefined || !context.references) return []
  const key = `/${kind}/${id}`
  const found = await context.find(key)
  const begin = `failed to fetch ${word} info by ${word} id [${id}]`
  if (found === undefined) return { wrong: `${begin}, response code: 404` }
  if (isStoreFailure(found)) return { wrong: `${begin}: ${found.message}`, status: 503 }
  return [{ key, revision: found.modifyRevision }]
}

function checkVars({ vars }: Table): string | undefined {
  const wrong = vars === undefined ? undefined : checkExpression(vars)
  return wrong === undefined ? undefined : `failed to validate the 'vars' expression: ${wrong}`
}

/** Lua is not run here: a route that counts on it would match other requests than it says. */
function checkCode(conf: Table): string | undefined {
  const field = codeOf(conf)
  return field === undefined
    ? undefined
    : `failed to load '${field}' string: Lua code is not run by this gateway`
}
