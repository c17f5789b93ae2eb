import { isStoreFailure, type Json, type Store, type StoreFailure } from '../../../../store/mod.ts'
import { isTable, tableOf, textOf } from '../../table.ts'
import type { Wrong } from './types.ts'

/** What tells who calls, by plugin: no two consumers may have the same. */
const TELLING: readonly (readonly [plugin: string, field: string])[] = [
  ['key-auth', 'key'],
  ['basic-auth', 'username'],
]

const FOLDER = '/consumers/'

/** Whose document it is that tells of a key. */
export interface Owner {
  readonly consumer: string
  /** Undefined: the consumer's own document. */
  readonly credential: string | undefined
}

/**
 * What consumers and credentials are told by. It is read once, when it is asked for first, and follows the store from
 * there on: a write among ten thousand consumers does not read them all.
 */
export class ConsumerKeys {
  readonly #store: Store
  /** Keys of documents, by what they tell. */
  readonly #documents = new Map<string, Set<string>>()
  readonly #told = new Map<string, readonly string[]>()
  #following: Promise<StoreFailure | undefined> | undefined

  constructor(store: Store) {
    this.#store = store
  }

  /** Refuses a document that tells of a consumer by what another one has. */
  async duplicate(
    document: Json,
    isOwn: (owner: Owner) => boolean,
  ): Promise<Wrong | undefined> {
    const told = toldBy(document)
    if (told.length === 0) return undefined
    const failure = await (this.#following ??= this.#follow())
    if (failure !== undefined) {
      this.#following = undefined
      return { wrong: failure.message, status: 503 }
    }
    for (const key of told.flatMap((each) => [...this.#documents.get(each) ?? []])) {
      const [, , consumer = '', , credential] = key.split('/')
      if (isOwn({ consumer, credential })) continue
      return { wrong: `duplicate key found with consumer: ${consumer}` }
    }
    return undefined
  }

  async #follow(): Promise<StoreFailure | undefined> {
    const page = await this.#store.list(FOLDER)
    if (isStoreFailure(page)) return page
    this.#documents.clear()
    this.#told.clear()
    for (const { key, value } of page.documents) this.#note(key, value)
    this.#store.watch(FOLDER, page.revision, (event) => {
      if (event.kind === 'changes') {
        for (const { key, document } of event.changes) this.#note(key, document?.value)
      } else this.#following = undefined
    })
    return undefined
  }

  #note(key: string, document: Json | undefined): void {
    for (const each of this.#told.get(key) ?? []) {
      const documents = this.#documents.get(each)
      documents?.delete(key)
      if (documents?.size === 0) this.#documents.delete(each)
    }
    const told = document === undefined ? [] : toldBy(document)
    if (told.length === 0) return void this.#told.delete(key)
    this.#told.set(key, told)
    for (const each of told) {
      this.#documents.set(each, (this.#documents.get(each) ?? new Set()).add(key))
    }
  }
}

/** What a document tells callers by; what is kept elsewhere is not known. */
function toldBy(document: Json): readonly string[] {
  const plugins = isTable(document) ? tableOf(document, 'plugins') : undefined
  return TELLING.flatMap(([plugin, field]) => {
    const value = textOf(tableOf(plugins, plugin), field)
    return value === undefined || /^\$(?:secret|env):\/\//.test(value) ? [] : [`${plugin} ${value}`]
  })
}
