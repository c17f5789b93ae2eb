import type { Json, Path } from '../../store/mod.ts'
import { isTable, listOf, type Table, tableOf } from './table.ts'

/** Where the key lies that secrets in answers are encrypted by. */
export const CIPHERTEXT_KEY = '/sallyport/apisix/ciphertext'

/** The first part of a document's key: its kind. */
export function kindOf(key: string): string {
  return key.split('/')[1] ?? ''
}

/**
 * Where a document holds private keys: what APISIX encrypts, and answers as ciphertext alone. Those of an ssl are not
 * even listed.
 */
export function privateKeysOf(kind: string, document: Json): Path[] {
  if (!isTable(document)) return []
  switch (kind) {
    case 'ssls':
      return [
        ...(document['key'] === undefined ? [] : [['key']]),
        ...listOf(document, 'keys').map((_, at) => ['keys', at]),
      ]
    case 'upstreams':
      return clientKeyOf(document, [])
    case 'routes':
    case 'services':
    case 'stream_routes':
      return clientKeyOf(tableOf(document, 'upstream'), ['upstream'])
    default:
      return []
  }
}

function clientKeyOf(upstream: Table | undefined, path: Path): Path[] {
  const tls = tableOf(upstream, 'tls')
  return tls?.['client_key'] === undefined ? [] : [[...path, 'tls', 'client_key']]
}

/** Where a document of APISIX's holds what nobody but the gateway must read. */
export function secretsOf(key: string, document: Json): readonly Path[] {
  if (key === CIPHERTEXT_KEY) return [['key']]
  const kind = kindOf(key)
  if (kind !== 'consumers') return privateKeysOf(kind, document)
  const plugins = isTable(document) ? tableOf(document, 'plugins') : undefined
  return [['key-auth', 'key'], ['basic-auth', 'password']]
    .filter(([plugin = '', field = '']) => tableOf(plugins, plugin)?.[field] !== undefined)
    .map((path) => ['plugins', ...path])
}

/** What stands at a place in a document. */
export function valueAt(document: Json, path: Path): Json | undefined {
  let here: Json | undefined = document
  for (const step of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined
    here = (here as { readonly [name: string | number]: Json })[step]
  }
  return here
}

/** A document with something else at a place that there is. */
export function withValueAt(document: Json, path: Path, value: Json): Json {
  const [step, ...rest] = path
  if (step === undefined) return value
  if (Array.isArray(document)) {
    return (document as readonly Json[]).map((each, at) =>
      at === step ? withValueAt(each, rest, value) : each
    )
  }
  const table = document as Table
  return Object.fromEntries(
    Object.entries(table).map(([name, each]) => [
      name,
      name === step ? withValueAt(each, rest, value) : each,
    ]),
  )
}
