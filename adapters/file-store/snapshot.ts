import { Buffer } from 'node:buffer'
import { join } from 'node:path'
import type { StoredDocument, Table } from '../../core/store/mod.ts'
import type { Block } from './blocks.ts'
import type { Disk } from './disk.ts'
import { StoreFault } from './fault.ts'
import { decodeLine, encodeLine, encodeText, valueOf } from './line.ts'
import {
  documentText,
  type FooterRecord,
  FORMAT,
  type HeaderRecord,
  type RecordReader,
} from './records.ts'

/** The name of the snapshot in the folder, and of one that is being written. */
export const SNAPSHOT = 'snapshot'
const ASIDE = 'snapshot.new'

/** Documents that are written at a time; between two such parts others have their turn. */
const PART = 200
/** Bytes after which what was written is synced: a sync of all at once would make the log's syncs wait. */
const SYNC_EVERY = 1024 * 1024

/** Writes a snapshot aside, syncs it and puts it in place of the last. */
export async function writeSnapshot(
  disk: Disk,
  folder: string,
  { documents, revision }: {
    readonly documents: Iterable<StoredDocument>
    readonly revision: number
  },
): Promise<number> {
  const aside = join(folder, ASIDE)
  const file = await disk.open(aside)
  let size = 0
  let synced = 0
  const append = async (lines: Buffer): Promise<void> => {
    await file.append(lines)
    size += lines.length
    if (size - synced < SYNC_EVERY) return
    await file.sync()
    synced = size
  }
  try {
    await file.cut(0)
    const header: HeaderRecord = { sallyport: 'store snapshot', format: FORMAT, revision }
    await append(encodeLine(header))
    let count = 0
    let part: Buffer[] = []
    for (const document of documents) {
      part.push(encodeText(documentText(document)))
      if (++count % PART !== 0) continue
      await append(Buffer.concat(part))
      part = []
    }
    part.push(encodeLine({ documents: count } satisfies FooterRecord))
    await append(Buffer.concat(part))
    await file.sync()
  } catch (error) {
    await file.close()
    await disk.remove(aside).catch(() => {})
    throw error
  }
  await file.close()
  await disk.rename(aside, join(folder, SNAPSHOT))
  await disk.syncFolder(folder)
  return size
}

/** A footer is shorter than any document's record, which has the names of six fields. */
const FOOTER_BYTES = 40

/**
 * Reads a snapshot into an empty table. Resolves with its size.
 * @throws StoreFault where it is damaged.
 */
export async function readSnapshot(
  { path, blocks }: { readonly path: string; readonly blocks: AsyncIterable<Block> },
  table: Table,
  reader: RecordReader,
): Promise<number> {
  let revision: number | undefined
  let last: FooterRecord | undefined
  let size = 0
  for await (const block of blocks) {
    const { bytes, offset } = block
    for (let at = 0; at < bytes.length;) {
      const line = decodeLine(bytes, at)
      if (line === undefined || last !== undefined) throw damaged(path, offset + at)
      at = line.end
      if (revision === undefined) {
        revision = headerRevision(path, valueOf(line) as Partial<HeaderRecord>, 'store snapshot')
      } else if (line.json.length < FOOTER_BYTES && line.json.includes('"documents":')) {
        last = valueOf(line) as FooterRecord
      } else table.load(reader.document(line.json))
    }
    reader.end(block)
    size = offset + bytes.length
  }
  if (last?.documents !== table.size) throw damaged(path, size)
  table.startAt(revision ?? 0)
  return size
}

/** The revision in a file's first line. @throws StoreFault where the file is another program's or version's. */
export function headerRevision(
  path: string,
  record: Partial<HeaderRecord>,
  kind: HeaderRecord['sallyport'],
): number {
  const { sallyport, format, revision } = record
  if (sallyport === kind && format === FORMAT && revision !== undefined) return revision
  const found = `"${String(sallyport)}", format ${String(format)}`
  throw new StoreFault('corrupt', `Read "${path}": it is a ${found}; format ${FORMAT} is read`)
}

/** Says where a file is damaged, and what can be done. */
export function damaged(path: string, offset: number): StoreFault {
  return new StoreFault(
    'corrupt',
    `Read "${path}": damaged at offset ${offset}; nothing was changed. Put back a copy of the folder, or ` +
      'keep what stands before the offset and lose the rest: docs/store.md, "Damage"',
  )
}
