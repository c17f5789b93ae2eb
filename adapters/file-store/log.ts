import type { Buffer } from 'node:buffer'
import { join } from 'node:path'
import type { Commit } from '../../core/store/mod.ts'
import type { Block } from './blocks.ts'
import type { Disk, DiskFile } from './disk.ts'
import { decodeLine, encodeLine, findLine, isTorn, valueOf } from './line.ts'
import { type CommitRecord, FORMAT, type HeaderRecord, type RecordReader } from './records.ts'
import { damaged, headerRevision } from './snapshot.ts'

const NAME = /^log-(\d{16})$/

/** The name of the log whose first record comes after a revision. */
export function logName(after: number): string {
  return `log-${String(after).padStart(16, '0')}`
}

/** The revision after which a log begins, or undefined for other files. */
export function logStart(name: string): number | undefined {
  const digits = NAME.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** What is read from one log. */
export interface LogReading {
  readonly path: string
  readonly blocks: AsyncIterable<Block>
  /** All of it, where it is damaged. */
  readonly whole: () => Promise<Buffer>
  /** Whether nothing comes after it, so that its end may be torn. */
  readonly last: boolean
  readonly reader: RecordReader
  readonly take: (commit: Commit, offset: number) => void
}

/** How much of a log is whole, and how many bytes are torn at its end. */
export interface LogExtent {
  readonly length: number
  readonly torn: number
}

/**
 * Reads a log's records in order.
 * @throws StoreFault where anything but the end is damaged.
 */
export async function readLog(reading: LogReading): Promise<LogExtent> {
  const { path, reader } = reading
  let revision: number | undefined
  let length = 0
  for await (const block of reading.blocks) {
    const { bytes, offset } = block
    for (let at = 0; at < bytes.length;) {
      const line = decodeLine(bytes, at)
      if (line === undefined) return await tornAt(reading, offset + at, revision)
      if (revision === undefined) {
        revision = headerRevision(path, valueOf(line) as Partial<HeaderRecord>, 'store log')
      } else {
        const commit = reader.commit(line.json)
        reading.take(commit, offset + at)
        revision = commit.revision
      }
      at = line.end
    }
    reader.end(block)
    length = offset + bytes.length
  }
  return { length, torn: 0 }
}

/** What is left of a log with a broken line at an offset. @throws StoreFault where that was acknowledged. */
async function tornAt(
  { path, last, whole }: LogReading,
  at: number,
  before: number | undefined,
): Promise<LogExtent> {
  if (!last) throw damaged(path, at)
  const bytes = await whole()
  if (!mayBeDropped(bytes, at, before)) throw damaged(path, at)
  return { length: at, torn: bytes.length - at }
}

/**
 * Whether the broken line at an offset, and all after it, were never acknowledged. A line after it that was
 * written when the broken one's revision was already safe on disk proves the contrary; so does any after the header.
 */
function mayBeDropped(bytes: Buffer, at: number, before: number | undefined): boolean {
  const later = findLine(bytes, at)
  if (later === undefined) return isTorn(bytes, at)
  return before !== undefined && (valueOf(later) as CommitRecord).flushed <= before
}

/** The log that is written now. */
export class LogWriter {
  readonly #file: DiskFile
  /** Bytes that are safe on disk; what stands beyond them must go before anything is added. */
  #length: number
  #clean = true

  constructor(file: DiskFile, length: number) {
    this.#file = file
    this.#length = length
  }

  get length(): number {
    return this.#length
  }

  /** Makes a log that begins after a revision, down to its name in the folder. */
  static async create(disk: Disk, folder: string, after: number): Promise<LogWriter> {
    const path = join(folder, logName(after))
    const file = await disk.open(path)
    try {
      await file.cut(0)
      const writer = new LogWriter(file, 0)
      const header: HeaderRecord = { sallyport: 'store log', format: FORMAT, revision: after }
      await writer.append(encodeLine(header))
      await disk.syncFolder(folder)
      return writer
    } catch (error) {
      await file.close()
      await disk.remove(path).catch(() => {})
      throw error
    }
  }

  /** Opens a log to go on with it, without what its end was torn by. */
  static async resume(disk: Disk, path: string, length: number): Promise<LogWriter> {
    const file = await disk.open(path)
    const writer = new LogWriter(file, length)
    writer.#clean = false
    try {
      await writer.#cutBack()
      return writer
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** Adds lines; when it resolves they are safe. What fails is cut away again, now or before the next. */
  async append(lines: Buffer): Promise<void> {
    await this.#cutBack()
    this.#clean = false
    try {
      await this.#file.append(lines)
      await this.#file.sync()
    } catch (error) {
      await this.#cutBack().catch(() => {})
      throw error
    }
    this.#length += lines.length
    this.#clean = true
  }

  /** Leaves nothing in the file but what is safe. */
  settle(): Promise<void> {
    return this.#cutBack()
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async #cutBack(): Promise<void> {
    if (this.#clean) return
    await this.#file.cut(this.#length)
    await this.#file.sync()
    this.#clean = true
  }
}
