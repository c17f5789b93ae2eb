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
  /** Adds to the text that is there; what fails may leave a part of it. */
  append(pieces: Iterable<string>): Promise<void>
}

/** What a mirror needs. */
export interface MirrorStoreOptions {
  readonly store: Store
  readonly file: MirrorFile
  readonly clock: Clock
  readonly log: Log
}

/** How long changes are gathered before they are written: so long, and longer where writing takes long. */
const WRITE_AFTER_MS = 2000
const TIMES_WRITING = 20
/** Documents that are turned into text at once: traffic must not wait for a hundred thousand. */
const AT_ONCE = 128
const ALL = '/'
/** The first line of a section, with its revision and number of lines; another form would begin otherwise. */
const FORM = 'sallyport-last-good 1'
const HEAD = new RegExp(`^${FORM} (\\d+) (\\d+)$`)

/** One line of a section. */
type Line = StoredDocument | {
  /** Of a document that is there no longer. */
  readonly key: string
  readonly value?: undefined
}

/**
 * Keeps the last known state of another store in a file, so that a gateway can start while that store is away. Only
 * a list of everything is answered from the file, and only as long as the store has never answered.
 *
 * The file begins with a section of all documents; sections of what changed since follow, until they would be longer.
 */
export class MirrorStore extends StoreBase {
  readonly #options: MirrorStoreOptions
  readonly #documents = new Map<string, StoredDocument>()
  /** What is not in the file as it is. */
  #changed = new Map<string, Line>()
  /** Lines in the file beyond those of all documents; undefined: the file must be written anew. */
  #added: number | undefined
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
    this.#added = undefined
    this.#writeSoon()
  }

  #follow({ changes, revision }: { changes: readonly Change[]; revision: number }): void {
    for (const { key, document } of changes) {
      this.#take(document ?? { key })
      this.#changed.set(key, document ?? { key })
    }
    this.#revision = revision
    this.#writeSoon()
  }

  #take(line: Line): void {
    if (line.value === undefined) this.#documents.delete(line.key)
    else this.#documents.set(line.key, line)
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
      await this.#writeTo(file)
    } catch (error) {
      this.#added = undefined
      log.write('warn', 'The last good state could not be kept', { detail: String(error) })
    }
    this.#writeAfter = Math.max(WRITE_AFTER_MS, TIMES_WRITING * (clock.monotonic() - from))
  }

  async #writeTo(file: MirrorFile): Promise<void> {
    const changed = [...this.#changed.values()]
    this.#changed = new Map()
    const added = (this.#added ?? Infinity) + changed.length
    if (added < this.#documents.size) {
      this.#added = added
      await file.append(section(changed, this.#revision))
    } else {
      this.#added = 0
      await file.write(section([...this.#documents.values()], this.#revision))
    }
  }

  async #read(): Promise<Page | undefined> {
    const { file, log } = this.#options
    try {
      const text = await file.read()
      if (text === undefined) return undefined
      for (const { lines, revision } of sectionsOf(text)) {
        for (const line of lines) this.#take(line)
        this.#revision = revision
      }
      log.write('warn', 'The store is away: starting from the last good state', {
        revision: this.#revision,
      })
      return { documents: [...this.#documents.values()], revision: this.#revision, more: false }
    } catch (error) {
      log.write('error', 'The last good state could not be read', { detail: String(error) })
      return undefined
    }
  }
}

function* section(lines: readonly Line[], revision: number): Iterable<string> {
  yield `${FORM} ${revision} ${lines.length}\n`
  for (let from = 0; from < lines.length; from += AT_ONCE) {
    const some = lines.slice(from, from + AT_ONCE)
    yield some.map((line) => `${JSON.stringify(line)}\n`).join('')
  }
}

interface Section {
  readonly lines: readonly Line[]
  readonly revision: number
}

/** The sections of a file as far as they are whole: who died while adding one had put the others down before. */
function* sectionsOf(text: string): Iterable<Section> {
  const all = text.split('\n')
  // What follows the last line's end.
  all.pop()
  let known = -1
  for (let at = 0; at < all.length || known < 0;) {
    const found = sectionAt(all, at)
    if (found === undefined && known < 0) throw new Error('it is not whole')
    if (found === undefined) return
    at += 1 + found.lines.length
    // Of a gateway that came before and had not ended yet.
    if (found.revision < known) continue
    known = found.revision
    yield found
  }
}

function sectionAt(all: readonly string[], at: number): Section | undefined {
  const [, revision, count] = HEAD.exec(all[at] ?? '') ?? []
  const lines = all.slice(at + 1, at + 1 + Number(count))
  if (lines.length !== Number(count)) return undefined
  try {
    return {
      lines: lines.map((line) => freezeJson(JSON.parse(line)) as Line),
      revision: Number(revision),
    }
  } catch {
    return undefined
  }
}
