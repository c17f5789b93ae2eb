import type { Json } from '../../../store/mod.ts'
import { Fault } from '../faults.ts'
import { isTable, type Table } from './table.ts'

/** What lies deep in a document. */
export function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let here: Json | undefined = value
  for (const name of path) here = isTable(here) ? here[name] : undefined
  return here
}

/** Text; undefined where it is none, or empty. */
export const text = (value: Json | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

export function namespaceOf(resource: Table): string {
  return text(at(resource, 'metadata', 'namespace')) ?? 'default'
}

/** What base64 stands for. Throws Fault. */
export function decoded(base64: string): string {
  try {
    return atob(base64.replace(/\s+/g, ''))
  } catch {
    throw new Fault(400, 'A certificate that should be base64 is not')
  }
}

/** Where a value stands in a secret or a config map. */
export interface Reference {
  readonly kind: 'Secret' | 'ConfigMap'
  readonly namespace: string
  readonly name: string
  readonly key: string
}

/** The operator's own templates: [[ secret `name/key` ]] and [[ configmap `name/key` ]]. */
const TEMPLATE = /\[\[\s*(secret|configmap)\s+[`'"]([^`'"/]+)\/([^`'"]+)[`'"]\s*\]\]/gi
/** How deep a document is looked into. */
const DEPTH = 64

/** What resources refer to by name, among the documents that were given. */
export class References {
  readonly #documents: readonly Table[]

  constructor(documents: readonly Table[]) {
    this.#documents = documents
  }

  /** What a secret or a config map has under a key; undefined where there is none. */
  value({ kind, namespace, name, key }: Reference): string | undefined {
    const found = this.#find([kind], { namespace, name })
    const clear = text(at(found, 'stringData', key))
    const data = text(at(found, 'data', key))
    if (clear !== undefined || data === undefined) return clear
    return kind === 'Secret' ? decoded(data) : data
  }

  /** A resource with what its templates stand for, and the API resources that it names. Throws Fault. */
  resolved(resource: Table): Table {
    const namespace = namespaceOf(resource)
    return { ...resource, spec: this.#within(resource['spec'] ?? null, namespace, 0) }
  }

  #within(value: Json, namespace: string, depth: number): Json {
    if (depth > DEPTH) throw new Fault(400, 'It is too deep')
    if (typeof value === 'string') return this.#filled(value, namespace)
    if (Array.isArray(value)) {
      return (value as readonly Json[]).map((each) => this.#item(each, namespace, depth + 1))
    }
    if (!isTable(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [
        name,
        this.#within(each, namespace, depth + 1),
      ]),
    )
  }

  /** An item of a list may be the name of an `ApiResource`, and nothing else. */
  #item(item: Json, namespace: string, depth: number): Json {
    const ref = at(item, 'ref')
    const isReference = isTable(item) && Object.keys(item).length === 1 && isTable(ref) &&
      ref['key'] === undefined && !/^(secret|configmap)s?$/i.test(text(ref['kind']) ?? '')
    if (!isReference) return this.#within(item, namespace, depth)
    const name = text(ref['name']) ?? ''
    const place = { namespace: text(ref['namespace']) ?? namespace, name }
    const found = this.#find(['ApiResource'], place)
    if (found === undefined) {
      throw new Fault(400, `There is no ApiResource "${name}" in these files`)
    }
    return this.#within(found['spec'] ?? null, place.namespace, depth)
  }

  #filled(value: string, namespace: string): string {
    return value.replace(TEMPLATE, (whole, kind: string, name: string, key: string) => {
      const wanted = kind.toLowerCase() === 'secret' ? 'Secret' : 'ConfigMap'
      const found = this.value({ kind: wanted, namespace, name, key })
      if (found !== undefined) return found
      throw new Fault(400, `Could not fill in "${whole}": it is not in these files`)
    })
  }

  #find(
    kinds: readonly string[],
    { namespace, name }: { readonly namespace: string; readonly name: string },
  ): Table | undefined {
    return this.#documents.find((each) =>
      kinds.includes(text(each['kind']) ?? '') && text(at(each, 'metadata', 'name')) === name &&
      namespaceOf(each) === namespace
    )
  }
}
