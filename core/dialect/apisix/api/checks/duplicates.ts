import { isStoreFailure } from '../../../../store/mod.ts'
import { isTable, type Table, tableOf, textOf } from '../../table.ts'
import type { CheckContext, Wrong } from './types.ts'

/** What tells who calls, by plugin: no two consumers may have the same. */
const TELLING: readonly (readonly [plugin: string, field: string])[] = [
  ['key-auth', 'key'],
  ['basic-auth', 'username'],
]

/** Whose document it is that tells of a key. */
export interface Owner {
  readonly consumer: string
  /** Undefined: the consumer's own document. */
  readonly credential: string | undefined
}

/** Refuses a consumer or credential that proves itself by what another one has. */
export async function duplicateKey(
  conf: Table,
  context: CheckContext,
  isOwn: (owner: Owner) => boolean,
): Promise<Wrong | undefined> {
  const told = toldBy(conf)
  if (told.length === 0 || !context.references) return undefined
  const all = await context.below('/consumers/')
  if (isStoreFailure(all)) return { wrong: all.message, status: 503 }
  for (const { key, value } of all) {
    if (!isTable(value) || !toldBy(value).some((each) => told.includes(each))) continue
    const [, , consumer = '', , credential] = key.split('/')
    if (!isOwn({ consumer, credential })) {
      return { wrong: `duplicate key found with consumer: ${consumer}` }
    }
  }
  return undefined
}

/** What a document tells callers by; what is kept elsewhere is not known. */
function toldBy(document: Table): readonly string[] {
  const plugins = tableOf(document, 'plugins')
  return TELLING.flatMap(([plugin, field]) => {
    const value = textOf(tableOf(plugins, plugin), field)
    return value === undefined || /^\$(?:secret|env):\/\//.test(value) ? [] : [`${plugin} ${value}`]
  })
}
