/** Folders for stores under test, and disks that fail on purpose. */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import {
  type Disk,
  FileStore,
  type FileStoreOptions,
  hostDisk,
} from '../../../adapters/file-store/mod.ts'
import { hostClock } from '../../../adapters/host/mod.ts'
import { isStoreFailure, type Json } from '../../../core/store/mod.ts'
import { good } from '../../conformance/store-cases.ts'

/** An empty folder that goes with the test. */
export function folderFor(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'store-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Opens a store that must open, and closes it with the test. */
export async function opened(
  t: Test,
  folder: string,
  options: Partial<FileStoreOptions> = {},
): Promise<FileStore> {
  const store = good(t, await FileStore.open({ folder, clock: hostClock, ...options }))
  t.teardown(() => store.close())
  return store
}

/** Everything a folder's store holds, by key. */
export async function contents(t: Test, folder: string): Promise<Record<string, Json>> {
  const store = good(t, await FileStore.open({ folder, clock: hostClock }))
  const page = await store.list('/')
  await store.close()
  if (isStoreFailure(page)) throw new Error(page.message)
  return Object.fromEntries(page.documents.map(({ key, value }) => [key, value]))
}

/** The path of the folder's only log. */
export function logOf(folder: string): string {
  const logs = readdirSync(folder).filter((name) => name.startsWith('log-'))
  if (logs.length !== 1) throw new Error(`one log is expected: ${logs.join(', ')}`)
  return join(folder, logs[0] as string)
}

/** Offsets at which the lines of a file begin, and its end. */
export function lineStarts(path: string): number[] {
  const bytes = readFileSync(path)
  const starts = [0]
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) starts.push(at + 1)
  return starts
}

/** What the next calls of a disk fail with. */
export interface Faults {
  append?: string
  sync?: string
  cut?: string
  open?: string
  rename?: string
}

/** The host's disk, save that calls fail while `faults` says so; a failing append writes half. */
export function failingDisk(faults: Faults): Disk {
  const check = (name: keyof Faults): void => {
    const code = faults[name]
    if (code !== undefined) throw Object.assign(new Error(code), { code })
  }
  return {
    ...hostDisk,
    async rename(from, to) {
      check('rename')
      await hostDisk.rename(from, to)
    },
    async open(path) {
      check('open')
      const file = await hostDisk.open(path)
      return {
        async append(bytes) {
          if (faults.append !== undefined) {
            appendFileSync(path, bytes.subarray(0, bytes.length / 2))
          }
          check('append')
          await file.append(bytes)
        },
        async sync() {
          check('sync')
          await file.sync()
        },
        async cut(length) {
          check('cut')
          await file.cut(length)
        },
        close: () => file.close(),
      }
    },
  }
}
