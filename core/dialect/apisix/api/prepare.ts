import type { Json } from '../../../store/mod.ts'
import { luaType } from '../schema/lua.ts'
import { idOf, isTable, type Table, textOf, withChanges } from '../table.ts'
import { isWrong, type Passed, type Wrong } from './checks/types.ts'
import type { Place } from './places.ts'
import type { ResourceContext } from './types.ts'

export interface Prepared extends Passed {
  readonly id: string
}

/** Checks what is to be put, with the id that the path or the document gives. */
export async function prepare(
  place: Place,
  body: Json | undefined,
  context: ResourceContext,
): Promise<Prepared | Wrong> {
  const { kind } = place
  if (body === undefined || body === null) return { wrong: 'missing configurations' }
  const field = kind.idField ?? 'id'
  const own = isTable(body) && kind.name !== 'plugin_metadata' ? idOf(body, field) : undefined
  const id = place.id ?? own
  if (kind.name === 'plugin_metadata' && id === undefined) return { wrong: 'missing plugin name' }
  if (kind.idField === undefined) {
    if (id === undefined) return { wrong: `missing ${kind.word} id` }
    if (own !== undefined && own !== id) return { wrong: `wrong ${kind.word} id` }
  }
  return await check(place, body, context, { ...(id === undefined ? {} : { id }), times: false })
}

export async function check(
  place: Place,
  body: Json,
  context: ResourceContext,
  { id, times }: { readonly id?: string; readonly times: boolean },
): Promise<Prepared | Wrong> {
  const { kind } = place
  const isNamed = kind.idField !== undefined
  const conf = isTable(body) || (Array.isArray(body) && body.length === 0)
    ? withId(isTable(body) ? body : {}, isNamed ? undefined : id, place.id !== undefined)
    : body
  if (isTable(conf) && !times) {
    const forbidden = forbiddenTime(conf)
    if (forbidden !== undefined) return { wrong: `the property is forbidden:  ${forbidden}` }
  }
  if (!isTable(conf)) {
    return { wrong: 'invalid configuration: wrong type: expected object, got ' + luaType(conf) }
  }
  const checked = await kind.check(conf, context.checks, place.id)
  if (isWrong(checked)) return checked
  const name = isNamed ? textOf(checked.document, kind.idField) ?? '' : id ?? ''
  return { ...checked, id: name }
}

/** An id in the path is kept as text, one in the document as it is. */
function withId(conf: Table, id: string | undefined, fromPath: boolean): Table {
  if (id === undefined) return conf
  return fromPath || conf['id'] === undefined ? withChanges(conf, { id }) : conf
}

/** Times that clients must not set; only PATCH may. */
function forbiddenTime(conf: Table): string | undefined {
  for (const part of ['', 'upstream', 'plugins']) {
    const table = part === '' ? conf : conf[part]
    if (!isTable(table)) continue
    const found = ['create_time', 'update_time'].find((name) => table[name] !== undefined)
    if (found !== undefined) return part === '' ? found : `${part}.${found}`
  }
  return undefined
}
