import type { FilterConfig } from '../../../../snapshot/types.ts'
import type { Json } from '../../../../store/types.ts'
import { isTable, numberOf, type Table, tableOf } from '../../table.ts'
import { translateVars } from '../conditions.ts'
import type { TranslateOptions } from '../options.ts'
import type { Notes } from '../outcome.ts'
import { basicAuth, consumerRestriction, cors, ipRestriction, keyAuth, realIp } from './access.ts'
import { clientControl, limitCount, limitReq } from './limits.ts'
import { proxyRewrite, redirect, requestId, responseRewrite } from './rewrite.ts'
import type { TranslatePlugin } from './types.ts'

const PLUGINS: Readonly<Record<string, TranslatePlugin>> = {
  'real-ip': realIp,
  'client-control': clientControl,
  'request-id': requestId,
  'cors': cors,
  'ip-restriction': ipRestriction,
  'basic-auth': basicAuth,
  'key-auth': keyAuth,
  'consumer-restriction': consumerRestriction,
  'proxy-rewrite': proxyRewrite,
  'limit-count': limitCount,
  'limit-req': limitReq,
  'redirect': redirect,
  'response-rewrite': responseRewrite,
  // What is counted is counted for all routes.
  'prometheus': () => [],
}

/** What translating plugins needs. */
export interface PluginsMeans {
  readonly options: TranslateOptions
  readonly notes: Notes
  readonly metadata: (name: string) => Table | undefined
}

/** Plugins of several documents as one: of the same plugin, the first that has it counts. */
export function mergePlugins(...all: readonly (Table | undefined)[]): Table {
  const merged = new Map<string, Table>()
  for (const plugins of all) {
    for (const [name, conf] of Object.entries(plugins ?? {})) {
      if (!merged.has(name)) merged.set(name, isTable(conf) ? conf : {})
    }
  }
  return Object.fromEntries(merged)
}

/** What plugins ask for, in filters of the gateway's. Undefined: one of them cannot be, so nothing may pass. */
export function translatePlugins(
  plugins: Table,
  means: PluginsMeans,
): readonly FilterConfig[] | undefined {
  const filters: FilterConfig[] = []
  for (const [name, conf] of Object.entries(plugins)) {
    if (!isTable(conf)) continue
    const translated = translatePlugin(name, conf, means)
    if (translated === undefined) return undefined
    filters.push(...translated)
  }
  return filters
}

function translatePlugin(
  name: string,
  conf: Table,
  { options, notes, metadata }: PluginsMeans,
): readonly FilterConfig[] | undefined {
  const meta = tableOf(conf, '_meta')
  if (meta?.['disable'] === true || conf['disable'] === true) return []
  const translate = Object.hasOwn(PLUGINS, name) ? PLUGINS[name] : undefined
  if (translate === undefined) {
    notes.fail(`Use plugin "${name}": there is none of that name here`)
    return undefined
  }
  const filter = meta?.['filter']
  const when = filter === undefined ? [] : translateVars(filter)
  if (typeof when === 'string') {
    notes.fail(`Use plugin "${name}": ${when}`)
    return undefined
  }
  if (meta?.['pre_function'] !== undefined) {
    notes.warn(`Use plugin "${name}": _meta.pre_function has no effect`)
  }
  const base = {
    when,
    priority: numberOf(meta, 'priority'),
    ...errorBody(meta?.['error_response']),
  }
  try {
    const warn = (message: string): void => notes.warn(message)
    return translate(conf, { base, options, warn, metadata: metadata(name) })
  } catch (error) {
    notes.fail(`Use plugin "${name}": ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

/** What clients are told instead of a plugin's own words: a text as it is, an object as JSON. */
function errorBody(told: Json | undefined): { readonly errorBody?: string } {
  if (told === undefined) return {}
  return { errorBody: typeof told === 'string' ? told : `${JSON.stringify(told)}\n` }
}
