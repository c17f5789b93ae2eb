import type { Change, Json } from '../../../store/mod.ts'
import { isTable, type Table } from '../table.ts'

/** One document that is known. */
export interface Known {
  readonly key: string
  readonly value: Table
  /** The store's revision at which it came to be: who came first counts first. */
  readonly created: number
}

/** The documents of APISIX's that there are, by kind and id, and which of them were translated with which. */
export class Documents {
  readonly #kinds = new Map<string, Map<string, Known>>()
  /** Who was translated with a document: keys of those, by its key. */
  readonly #users = new Map<string, Set<string>>()
  readonly #used = new Map<string, string[]>()

  /** The documents of a kind by id; a credential's id is `jack/a`. */
  of(kind: string): ReadonlyMap<string, Known> {
    return this.#kinds.get(kind) ?? NONE
  }

  get(kind: string, id: string): Known | undefined {
    return this.#kinds.get(kind)?.get(id)
  }

  /** Takes a change. @returns the kind and id of the document, where it is one that is known of */
  take({ key, document }: Change): readonly [kind: string, id: string] | undefined {
    const place = placeOf(key)
    if (place === undefined) return undefined
    const [kind, id] = place
    const all = this.#kinds.get(kind) ?? new Map<string, Known>()
    this.#kinds.set(kind, all)
    const value = document?.value as Json | undefined
    if (document === undefined || !isTable(value)) all.delete(id)
    else all.set(id, { key, value, created: document.createRevision })
    return place
  }

  /** Begins a translation: what a document was translated with before is forgotten. */
  begin(user: string): void {
    for (const key of this.#used.get(user) ?? []) this.#users.get(key)?.delete(user)
    this.#used.delete(user)
  }

  /** Notes that a document was translated with another, or without one that may come. */
  note(user: string, key: string): void {
    const users = this.#users.get(key) ?? new Set()
    this.#users.set(key, users.add(user))
    const used = this.#used.get(user)
    if (used === undefined) this.#used.set(user, [key])
    else if (!used.includes(key)) used.push(key)
  }

  /** Who was translated with a document. */
  usersOf(key: string): readonly string[] {
    return [...this.#users.get(key) ?? []]
  }
}

const NONE: ReadonlyMap<string, Known> = new Map()
/** The kinds of documents that are translated, or translated with. */
export const KINDS: ReadonlySet<string> = new Set([
  'routes',
  'services',
  'upstreams',
  'ssls',
  'consumers',
  'consumer_groups',
  'global_rules',
  'plugin_configs',
  'plugin_metadata',
])

/** The kind and id that a key tells. */
export function placeOf(key: string): readonly [kind: string, id: string] | undefined {
  const [, folder = '', id = '', credentials, credential, ...more] = key.split('/')
  // Versions before 3.0 kept ssls elsewhere.
  const kind = folder === 'ssl' ? 'ssls' : folder
  if (!KINDS.has(kind) || id === '' || more.length > 0) return undefined
  if (credentials === undefined) return [kind, id]
  const isCredential = kind === 'consumers' && credentials === 'credentials'
  return isCredential && credential !== undefined
    ? ['credentials', `${id}/${credential}`]
    : undefined
}
