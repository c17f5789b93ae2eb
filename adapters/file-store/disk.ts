import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises'

/** An open file that only grows, or is cut back. */
export interface DiskFile {
  /** Writes all of the bytes at the end. */
  append(bytes: Uint8Array): Promise<void>
  /** Resolves when what was written would survive a loss of power. */
  sync(): Promise<void>
  cut(length: number): Promise<void>
  close(): Promise<void>
}

/** An open file that is read piece by piece. */
export interface DiskReader {
  /** Fills a place with what stands from an offset on; resolves with how much there was, less only at the end. */
  fill(place: Uint8Array, from: number): Promise<number>
  close(): Promise<void>
}

/** What the store asks of a file system. Failures are thrown, with the system's word in `code`. */
export interface Disk {
  makeFolder(path: string): Promise<void>
  list(path: string): Promise<string[]>
  read(path: string): Promise<Uint8Array>
  openToRead(path: string): Promise<DiskReader>
  /** Makes the file where there is none. */
  open(path: string): Promise<DiskFile>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  /** Makes names in a folder survive a loss of power. */
  syncFolder(path: string): Promise<void>
}

/** The file system of the process. Secrets lie in the files: their owner alone may read them. */
export const hostDisk: Disk = {
  makeFolder: async (path) => void await mkdir(path, { recursive: true, mode: 0o700 }),
  list: (path) => readdir(path),
  read: (path) => readFile(path),
  openToRead,
  open: openFile,
  rename,
  remove: unlink,
  async syncFolder(path) {
    const folder = await open(path, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  },
}

async function openToRead(path: string): Promise<DiskReader> {
  const file = await open(path, 'r')
  return {
    async fill(place, from) {
      let at = 0
      while (at < place.length) {
        const { bytesRead } = await file.read(place, at, place.length - at, from + at)
        if (bytesRead === 0) break
        at += bytesRead
      }
      return at
    },
    close: () => file.close(),
  }
}

async function openFile(path: string): Promise<DiskFile> {
  const file = await open(path, 'a', 0o600)
  return {
    async append(bytes) {
      for (let at = 0; at < bytes.length;) {
        const { bytesWritten } = await file.write(bytes, at, bytes.length - at)
        at += bytesWritten
      }
    },
    sync: () => file.sync(),
    cut: (length) => file.truncate(length),
    close: () => file.close(),
  }
}

/** The system's word for what went wrong, such as `ENOSPC`. */
export function codeOf(error: unknown): string {
  return (error as { code?: string } | undefined)?.code ?? 'UNKNOWN'
}
