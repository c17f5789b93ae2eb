import type { Clock, Log } from '../port/mod.ts'
import { StoreBase } from './base.ts'
import { isStoreFailure } from './failure.ts'
import { freezeJson } from './json.ts'
import type {
  Change,
  Committed,
  Found,
  ListOptions,
  Page,
  Store,
  StoredDocument,
  StoreFailure,
  Transaction,
  WatchEvent,
} from './types.ts'

/** Where the last known state is kept. Both may reject. */
export interface MirrorFile {
  /** Undefined where nothing was kept yet. */
  read(): Promise<string | undefined>
  /** Writes the whole text or nothing; a piece is asked for when the one before has been written. */
  write(pieces: Iterable<string>): Promise<void>
}

/** What a mirror needs. */
export interface MirrorStoreOptions {
  readonly store: Store
  readonly file: MirrorFile
  readonly clock: Clock
  readonly log: Log
}

/** How long changes are gathered before the file is written again: so long, and longer where writing takes long. */
const WRITE_AFTER_MS = 2000
const TIMES_WRITING = 20
/** Documents that are turned into text at once: traffic must not wait for a hundred thousand. */
const AT_ONCE = 128
const ALL = '/'
/** The first line of the file; another form would begin otherwise. */
const FORM = 'sallyport-last-good 1'
const HEAD = new RegExp(`^${FORM} (\\d+) (\\d+)$`)

/**
 * Keeps the last known state of another store in a file, so that a gateway can start while that store is away. Only
 * a list of everything is answered from the file, and only as long as the store has never answered.
 */
export class MirrorStore extends StoreBase {
  readonly #options: MirrorStoreOptions
  readonly #documents = new Map<string, StoredDocument>()
  #revision = 0
  #heard = false
  #cancelWrite: (() => void) | undefined
  #writeAfter = WRITE_AFTER_MS
  #writing: Promise<void> = Promise.resolve()

  constructor(options: MirrorStoreOptions) {
    super()
    this.#options = options
  }

  override get(key: string): Promise<Found | StoreFailure> {
    return this.#options.store.get(key)
  }

  override async list(prefix: string, options?: ListOptions): Promise<Page | StoreFailure> {
    const page = await this.#options.store.list(prefix, options)
    if (prefix !== ALL || options?.after !== undefined || options?.limit !== undefined) return page
    if (!isStoreFailure(page)) {
      this.#remember(page)
      return page
    }
    const kept = this.#heard || page.failure !== 'unavailable' ? undefined : await this.#read()
    return kept ?? page
  }

  override commit(transaction: Transaction): Promise<Committed | StoreFailure> {
    return this.#options.store.commit(transaction)
  }

  override watch(
    prefix: string,
    after: number,
    receive: (event: WatchEvent) => void,
  ): () => void {
    return this.#options.store.watch(prefix, after, (event) => {
      if (prefix === ALL && event.kind === 'changes') this.#follow(event)
      receive(event)
    })
  }

  override async close(): Promise<void> {
    if (this.#cancelWrite !== undefined) await this.#write()
    await this.#writing
    await this.#options.store.close()
  }

  #remember({ documents, revision }: Page): void {
    this.#heard = true
    this.#documents.clear()
    for (const document of documents) this.#documents.set(document.key, document)
    this.#revision = revision
    this.#writeSoon()
  }

  #follow({ changes, revision }: { changes: readonly Change[]; revision: number }): void {
    for (const { key, document } of changes) {
      if (document === undefined) this.#documents.delete(key)
      else this.#documents.set(key, document)
    }
    this.#revision = revision
    this.#writeSoon()
  }

  #writeSoon(): void {
    this.#cancelWrite ??= this.#options.clock.after(this.#writeAfter, () => void this.#write())
  }

  /** Begins once the writing before is over. */
  async #write(): Promise<void> {
    this.#cancelWrite?.()
    this.#cancelWrite = undefined
    this.#writing = this.#writing.then(() => this.#writeNow())
    await this.#writing
  }

  async #writeNow(): Promise<void> {
    const { clock, file, log } = this.#options
    const from = clock.monotonic()
    try {
      await file.write(piecesOf([...this.#documents.values()], this.#revision))
    } catch (error) {
      log.write('warn', 'The last good state could not be kept', { detail: String(error) })
    }
    this.#writeAfter = Math.max(WRITE_AFTER_MS, TIMES_WRITING * (clock.monotonic() - from))
  }

  async #read(): Promise<Page | undefined> {
    try {
      const text = await this.#options.file.read()
      if (text === undefined) return undefined
      const [head = '', ...lines] = text.trimEnd().split('\n')
      const [, revision, count] = HEAD.exec(head) ?? []
      if (Number(count) !== lines.length) throw new Error('it is not whole')
      const documents = lines.map((line) => freezeJson(JSON.parse(line)) as StoredDocument)
      this.#options.log.write('warn', 'The store is away: starting from the last good state', {
        revision: Number(revision),
      })
      for (const document of documents) this.#documents.set(document.key, document)
      this.#revision = Number(revision)
      return { documents, revision: this.#revision, more: false }
    } catch (error) {
      this.#options.log.write('error', 'The last good state could not be read', {
        detail: String(error),
      })
      return undefined
    }
  }
}

function* piecesOf(documents: readonly StoredDocument[], revision: number): Iterable<string> {
  yield `${FORM} ${revision} ${documents.length}\n`
  for (let from = 0; from < documents.length; from += AT_ONCE) {
    const some = documents.slice(from, from + AT_ONCE)
    yield some.map((document) => `${JSON.stringify(document)}\n`).join('')
  }
}
