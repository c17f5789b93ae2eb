import { Buffer } from 'node:buffer'
import { join } from 'node:path'
import type { Clock, Log } from '../../core/port/mod.ts'
import {
  checkTransaction,
  type Commit,
  type Committed,
  evaluate,
  type Feed,
  type Found,
  isStoreFailure,
  LeaseSweep,
  type ListOptions,
  type Page,
  StoreBase,
  type StoredDocument,
  type StoreFailure,
  storeFailure,
  type Table,
  type Transaction,
  type WatchEvent,
} from '../../core/store/mod.ts'
import { type Disk, hostDisk } from './disk.ts'
import { asFailure } from './fault.ts'
import type { Cold } from './cold.ts'
import type { Asleep } from './kept.ts'
import { encodeText } from './line.ts'
import { logName, logStart, LogWriter } from './log.ts'
import { ownFolder } from './owner.ts'
import { commitText } from './records.ts'
import { recover, type Recovered } from './recover.ts'
import { resumeLog, unlessUnwritable } from './resume.ts'
import { writeSnapshot } from './snapshot.ts'

/** Where the documents lie, and what the store may ask of its host. */
export interface FileStoreOptions {
  readonly folder: string
  readonly clock: Clock
  /** Told of torn ends that were dropped, and of compactions that failed. */
  readonly log?: Log
  readonly disk?: Disk
  /** Changes remembered for watchers; 10,000 unless given. */
  readonly remembered?: number
  /** The log is compacted where it has so many bytes and more than the snapshot; 16 MiB unless given. */
  readonly compactFrom?: number
  /** Of which documents the text alone is kept, as it was read; unless given, of none. */
  readonly asleep?: Asleep
  /** Of which of these nobody follows the state at the start, only changes: there is no object for each. */
  readonly cold?: Cold
}

/** What a store holds of its folder. */
interface Held {
  readonly letGo: () => Promise<void>
  readonly openWriter: () => Promise<LogWriter>
}

/** A transaction in line, and who waits for it. */
interface Waiting {
  readonly transaction: Transaction
  readonly answer: (done: Committed | StoreFailure) => void
}

const COMPACT_FROM = 16 * 1024 * 1024
/** Transactions that share one sync at the most. */
const MAX_BATCH = 1000
/** Bytes of one transaction at the most. */
const MAX_RECORD = 64 * 1024 * 1024

/** Documents in a folder. A write is answered when it is safe on disk; those that come together share a sync. */
export class FileStore extends StoreBase {
  readonly #options: FileStoreOptions
  readonly #disk: Disk
  readonly #table: Table
  readonly #feed: Feed
  readonly #leases: LeaseSweep
  readonly #letGo: () => Promise<void>
  readonly #openWriter: () => Promise<LogWriter>
  /** Undefined while the folder takes no writes; then each write tries anew. */
  #writer: LogWriter | undefined
  /** The log is compacted beyond this length. */
  #compactAt: number
  #queue: Waiting[] = []
  #pumping: Promise<void> | undefined
  #compacting: Promise<void> | undefined
  /** What became of the last compaction. */
  #compacted: StoreFailure | undefined
  /** Set where somebody asked for a compaction: the next turn of the pump begins it. */
  #wanted = false
  #closing: Promise<void> | undefined

  private constructor(
    options: FileStoreOptions,
    recovered: Recovered,
    held: Held,
  ) {
    super()
    this.#options = options
    this.#disk = options.disk ?? hostDisk
    this.#table = recovered.table
    this.#feed = recovered.feed
    this.#compactAt = Math.max(options.compactFrom ?? COMPACT_FROM, recovered.snapshotSize)
    this.#openWriter = held.openWriter
    this.#letGo = held.letGo
    this.#leases = new LeaseSweep(options.clock, (transaction) => this.commit(transaction))
    this.#leases.note(this.#table.leased().map((document) => ({ key: document.key, document })))
  }

  /** Opens a folder, making it where there is none, and reads all that it holds. */
  static async open(options: FileStoreOptions): Promise<FileStore | StoreFailure> {
    const { folder, disk = hostDisk, log } = options
    let letGo: () => Promise<void> = () => Promise.resolve()
    try {
      await disk.makeFolder(folder)
      const owner = await unlessUnwritable(ownFolder(folder))
      if (owner.done !== undefined) letGo = owner.done
      const recovered = await recover(disk, folder, options)
      const openWriter = async (): Promise<LogWriter> => {
        // Who could not become the owner must not write, whatever changes.
        if (owner.done === undefined) throw owner.refused
        return await resumeLog(disk, folder, recovered)
      }
      const writer = await unlessUnwritable(openWriter())
      const { torn = 0, name } = recovered.log ?? {}
      if (torn > 0) {
        log?.write('warn', 'Dropped the torn end of the log of the store', {
          file: name,
          bytes: torn,
        })
      }
      const store = new FileStore(options, recovered, { letGo, openWriter })
      store.#writer = writer.done
      return store
    } catch (error) {
      await letGo()
      return asFailure(error, `Open the store "${folder}"`)
    }
  }

  override get(key: string): Promise<Found | StoreFailure> {
    return Promise.resolve(this.#closed() ?? this.#table.get(key))
  }

  override list(prefix: string, options?: ListOptions): Promise<Page | StoreFailure> {
    return Promise.resolve(this.#closed() ?? this.#table.list(prefix, options))
  }

  override commit(transaction: Transaction): Promise<Committed | StoreFailure> {
    const wrong = this.#closed() ?? checkTransaction(transaction)
    if (wrong !== undefined) return Promise.resolve(wrong)
    return new Promise((answer) => {
      this.#queue.push({ transaction, answer })
      this.#pump()
    })
  }

  override watch(
    prefix: string,
    after: number,
    receive: (event: WatchEvent) => void,
  ): () => void {
    return this.#feed.watch(prefix, after, receive)
  }

  /** Writes a snapshot and drops the logs before it; resolves when that is done. */
  async compact(): Promise<StoreFailure | undefined> {
    while (this.#compacting !== undefined) await this.#compacting
    const closed = this.#closed()
    if (closed !== undefined) return closed
    this.#wanted = true
    this.#pump()
    while (this.#wanted) await (this.#pumping ?? this.#compacting)
    await this.#compacting
    return this.#compacted
  }

  /** Forgets, for watchers, the changes up to a revision. */
  forget(revision: number): void {
    this.#feed.forget(revision)
  }

  override close(): Promise<void> {
    return this.#closing ??= this.#close()
  }

  async #close(): Promise<void> {
    this.#leases.close()
    await this.#pumping
    await this.#compacting
    this.#feed.end(
      storeFailure('closed', `Watch the store "${this.#options.folder}": it was closed`),
    )
    await this.#writer?.close()
    await this.#letGo()
  }

  #closed(): StoreFailure | undefined {
    if (this.#closing === undefined) return undefined
    return storeFailure('closed', `Use the store "${this.#options.folder}": it was closed`)
  }

  /** Works the queue off, one batch after the other. */
  #pump(): void {
    this.#pumping ??= this.#work().finally(() => {
      this.#pumping = undefined
      if (this.#queue.length > 0 || this.#mayCompact) this.#pump()
    })
  }

  get #mayCompact(): boolean {
    return this.#wanted && this.#compacting === undefined
  }

  async #work(): Promise<void> {
    // Whoever writes in the same turn shares the first sync.
    await Promise.resolve()
    do {
      if (this.#queue.length > 0) await this.#writeBatch(this.#queue.splice(0, MAX_BATCH))
      const full = (this.#writer?.length ?? 0) > this.#compactAt
      if (full && this.#compacting === undefined) this.#wanted = true
      if (this.#mayCompact) await this.#beginCompaction()
    } while (this.#queue.length > 0)
  }

  async #writeBatch(waiting: readonly Waiting[]): Promise<void> {
    const { answers, commits, lines } = this.#judge(waiting)
    let failure: StoreFailure | undefined
    if (lines.length > 0) {
      failure = await this.#append(Buffer.concat(lines))
      if (failure === undefined) { for (const commit of commits) this.#take(commit) }
    }
    for (const [at, { answer }] of waiting.entries()) {
      const done = answers[at] as Committed | StoreFailure
      answer(failure !== undefined && !isStoreFailure(done) ? failure : done)
    }
  }

  /** What each transaction of a batch would do, given those before it. */
  #judge(
    waiting: readonly Waiting[],
  ): { answers: (Committed | StoreFailure)[]; commits: Commit[]; lines: Buffer[] } {
    const ahead = new Map<string, StoredDocument | undefined>()
    const read = (key: string): StoredDocument | undefined =>
      ahead.has(key) ? ahead.get(key) : this.#table.read(key)
    const flushed = this.#table.revision
    const [commits, lines]: [Commit[], Buffer[]] = [[], []]
    const answers = waiting.map(({ transaction }): Committed | StoreFailure => {
      const revision = commits.at(-1)?.revision ?? flushed
      const commit = evaluate(transaction, { read, revision, now: this.#options.clock.now() })
      if (isStoreFailure(commit)) return commit
      if (commit.changes.length === 0) return { revision, changes: [] }
      const line = encodeText(commitText(commit, flushed))
      if (line.length > MAX_RECORD) return tooLong(line.length)
      lines.push(line)
      commits.push(commit)
      for (const { key, document } of commit.changes) ahead.set(key, document)
      return { revision: commit.revision, changes: commit.changes }
    })
    return { answers, commits, lines }
  }

  async #append(lines: Buffer): Promise<StoreFailure | undefined> {
    const action = `Write to the store "${this.#options.folder}"`
    try {
      this.#writer ??= await this.#openWriter()
      await this.#writer.append(lines)
      return undefined
    } catch (error) {
      return asFailure(error, action)
    }
  }

  #take(commit: Commit): void {
    this.#table.apply(commit)
    this.#feed.push(commit)
    this.#leases.note(commit.changes)
  }

  /** Lets the next record go to a new log, then writes what came of the old ones beside the writers. */
  async #beginCompaction(): Promise<void> {
    const { folder } = this.#options
    const revision = this.#table.revision
    const documents = this.#table.documents()
    try {
      await this.#rotate(revision)
    } catch (error) {
      this.#compacted = this.#compactionFailed(error)
      return
    } finally {
      this.#wanted = false
    }
    this.#compacting = writeSnapshot(this.#disk, folder, { documents, revision })
      .then(async (size) => {
        this.#compactAt = Math.max(this.#options.compactFrom ?? COMPACT_FROM, size)
        await this.#dropLogs(revision)
        this.#compacted = undefined
      })
      .catch((error) => void (this.#compacted = this.#compactionFailed(error)))
      .finally(() => {
        this.#compacting = undefined
        if (this.#wanted) this.#pump()
      })
  }

  async #rotate(revision: number): Promise<void> {
    const writer = this.#writer ??= await this.#openWriter()
    const names = await this.#disk.list(this.#options.folder)
    // A log that holds nothing yet serves as the new one.
    if (names.includes(logName(revision))) return
    await writer.settle()
    this.#writer = await LogWriter.create(this.#disk, this.#options.folder, revision)
    await writer.close()
  }

  async #dropLogs(before: number): Promise<void> {
    const { folder } = this.#options
    for (const name of await this.#disk.list(folder)) {
      const start = logStart(name)
      if (start !== undefined && start < before) await this.#disk.remove(join(folder, name))
    }
  }

  #compactionFailed(error: unknown): StoreFailure {
    const failure = asFailure(error, `Compact the store "${this.#options.folder}"`)
    this.#compactAt = (this.#writer?.length ?? 0) + (this.#options.compactFrom ?? COMPACT_FROM)
    this.#options.log?.write('warn', failure.message)
    return failure
  }
}

function tooLong(length: number): StoreFailure {
  return storeFailure(
    'invalid',
    `Commit "${length}" bytes: a transaction may have ${MAX_RECORD} at most`,
  )
}
