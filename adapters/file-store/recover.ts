import { Buffer } from 'node:buffer'
import { join } from 'node:path'
import { type Commit, Feed, Table } from '../../core/store/mod.ts'
import { blocksOf } from './blocks.ts'
import { type Cold, ColdRecords } from './cold.ts'
import type { Disk } from './disk.ts'
import { StoreFault } from './fault.ts'
import type { Asleep } from './kept.ts'
import { type LogExtent, logStart, readLog } from './log.ts'
import { RecordReader } from './records.ts'
import { damaged, readSnapshot, SNAPSHOT } from './snapshot.ts'

/** What a folder held. */
export interface Recovered {
  readonly table: Table
  readonly feed: Feed
  /** The log to go on with, and how much of it is whole; undefined in an empty folder. */
  readonly log: ({ readonly name: string } & LogExtent) | undefined
  readonly snapshotSize: number
  /** Files that are no longer needed. */
  readonly leftovers: readonly string[]
}

/** Reads a folder: the snapshot, then every log after it. Changes nothing. */
export async function recover(
  disk: Disk,
  folder: string,
  { remembered, asleep, cold }: {
    readonly remembered?: number | undefined
    readonly asleep?: Asleep | undefined
    readonly cold?: Cold | undefined
  },
): Promise<Recovered> {
  const reader = new RecordReader(asleep)
  const names = (await disk.list(folder)).sort()
  const table = new Table(cold && new ColdRecords(cold))
  let snapshotSize: number | undefined
  if (names.includes(SNAPSHOT)) {
    const path = join(folder, SNAPSHOT)
    snapshotSize = await readSnapshot({ path, blocks: blocksOf(disk, path) }, table, reader)
  }
  const recent = new Recent(table.revision)
  const { wanted, done } = sortLogs(names, table.revision)
  checkStart(folder, wanted[0], { snapshot: snapshotSize !== undefined, revision: table.revision })
  let log: Recovered['log']
  for (const [at, name] of wanted.entries()) {
    const path = join(folder, name)
    const take = (commit: Commit, offset: number): void => {
      if (commit.revision <= table.revision) return
      if (commit.revision !== table.revision + 1) throw damaged(path, offset)
      table.apply(commit)
      recent.push(commit)
    }
    const blocks = blocksOf(disk, path)
    const whole = (): Promise<Buffer> => readBytes(disk, path)
    const last = at === wanted.length - 1
    log = { name, ...await readLog({ path, blocks, whole, last, reader, take }) }
  }
  const leftovers = [...done, ...names.filter((name) => name.endsWith('.new'))]
  return { table, feed: recent.feed(remembered), log, snapshotSize: snapshotSize ?? 0, leftovers }
}

/** Transactions from before the start that a watcher may still be told of. */
const RECENT = 256

/** The last transactions that were read: none of very many is kept for longer than it takes to read the next ones. */
class Recent {
  #commits: Commit[] = []
  /** The revision before them. */
  #before: number

  constructor(revision: number) {
    this.#before = revision
  }

  push(commit: Commit): void {
    this.#commits.push(commit)
    if (this.#commits.length < 2 * RECENT) return
    this.#before = this.#commits[RECENT - 1]?.revision ?? this.#before
    this.#commits = this.#commits.slice(RECENT)
  }

  feed(remembered: number | undefined): Feed {
    const feed = new Feed(this.#before, remembered)
    for (const commit of this.#commits) feed.push(commit)
    return feed
  }
}

/** Logs that hold something after a revision, in order, and those that do not. */
function sortLogs(
  names: readonly string[],
  revision: number,
): { wanted: string[]; done: string[] } {
  const logs = names.filter((name) => logStart(name) !== undefined)
  // A log ends where the next one begins.
  const first = logs.findLastIndex((name) => (logStart(name) ?? 0) <= revision)
  return { wanted: logs.slice(Math.max(first, 0)), done: logs.slice(0, Math.max(first, 0)) }
}

function checkStart(
  folder: string,
  first: string | undefined,
  { snapshot, revision }: { readonly snapshot: boolean; readonly revision: number },
): void {
  if (first === undefined && !snapshot) return
  if (first !== undefined && (logStart(first) ?? 0) <= revision) return
  throw new StoreFault(
    'corrupt',
    `Open the store "${folder}": the log after revision ${revision} is missing; put back a copy of the folder`,
  )
}

async function readBytes(disk: Disk, path: string): Promise<Buffer> {
  const { buffer, byteOffset, byteLength } = await disk.read(path)
  return Buffer.from(buffer, byteOffset, byteLength)
}
