import { join } from 'node:path'
import { codeOf, type Disk } from './disk.ts'
import { LogWriter } from './log.ts'
import type { Recovered } from './recover.ts'

/** Goes on with the log that was read, without what its end was torn by, or begins one. */
export async function resumeLog(
  disk: Disk,
  folder: string,
  recovered: Recovered,
): Promise<LogWriter> {
  const { log, table, leftovers } = recovered
  for (const name of leftovers) await disk.remove(join(folder, name)).catch(unlessGone)
  return log === undefined || log.length === 0
    ? await LogWriter.create(disk, folder, table.revision)
    : await LogWriter.resume(disk, join(folder, log.name), log.length)
}

function unlessGone(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error
}

/** What says that a place takes no writes now, and may be read all the same. */
const UNWRITABLE: readonly string[] = ['EROFS', 'EACCES', 'ENOSPC', 'EDQUOT']

/** Says as a value that a place takes no writes. */
export async function unlessUnwritable<T>(
  work: Promise<T>,
): Promise<{ readonly done?: T; readonly refused?: unknown }> {
  try {
    return { done: await work }
  } catch (refused) {
    if (UNWRITABLE.includes(codeOf(refused))) return { refused }
    throw refused
  }
}
