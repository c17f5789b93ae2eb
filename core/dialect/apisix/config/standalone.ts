import { parseText } from '../../../snapshot/mod.ts'
import type { Json } from '../../../store/mod.ts'
import { idOf, isTable, type Table } from '../table.ts'
import { KINDS } from '../translate/state.ts'
import { substitute } from './substitute.ts'

/** What a file of documents says. */
export interface StandaloneFile {
  /** Documents by key; of the kinds that there are. */
  readonly documents: ReadonlyMap<string, Table>
}

/** Kinds that a file may hold, each a list. */
export const STANDALONE_KINDS: readonly string[] = [...KINDS, 'protos']

/** The end of a YAML file that is whole (APISIX looks at the last ten bytes). */
const END = /#END\s*$/

/**
 * Reads APISIX's `apisix.yaml` or `apisix.json`. A YAML file that does not end with `#END` is still being written.
 * @returns what is wrong, where it cannot be read
 */
export function readStandalone(
  text: string,
  { file, env }: { readonly file: string; readonly env: (name: string) => string | undefined },
): StandaloneFile | { readonly wrong: string } {
  const isJson = file.endsWith('.json')
  if (!isJson && !END.test(text.slice(-10))) return { wrong: 'it does not end with #END' }
  const filled = substitute(text, env)
  if ('missing' in filled) return { wrong: `there is no variable ${filled.missing}` }
  const parsed = parseText(isJson ? filled.text : withQuotes(filled.text), file)
  const [problem] = parsed.problems.filter(({ severity }) => severity === 'error')
  if (problem !== undefined) {
    return { wrong: `line ${problem.position?.line ?? 1}: ${problem.message}` }
  }
  if (parsed.empty) return { documents: new Map() }
  const value = parsed.value as Json
  return isTable(value) ? { documents: documentsOf(value) } : { wrong: 'it is no map' }
}

/** `host: *.test.com`, which YAML takes for an alias, and APISIX's parser for a text. */
const BARE_WILDCARD = /([:-][ \t]+|[[,][ \t]*)(\*(?:\.[\w.-]+)?)(?=[ \t]*(?:[,\]]|[ \t]#|\r?$))/gm

function withQuotes(text: string): string {
  return text.replace(BARE_WILDCARD, '$1"$2"')
}

/** The documents of a configuration in one piece, by the keys that they would have in etcd. */
export function documentsOf(value: Table): ReadonlyMap<string, Table> {
  const documents = new Map<string, Table>()
  for (const kind of STANDALONE_KINDS) {
    const items = value[kind]
    if (!Array.isArray(items)) continue
    for (const [at, item] of (items as readonly Json[]).entries()) {
      if (!isTable(item)) continue
      const field = kind === 'consumers' && item['id'] === undefined ? 'username' : 'id'
      const id = idOf(item, field) ?? `arr_${at + 1}`
      documents.set(`/${kind}/${id}`, item)
    }
  }
  return documents
}
