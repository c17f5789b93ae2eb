import { constants } from 'node:fs'
import {
  chmod,
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  stat,
  unlink,
} from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { FileFailure, type FileParts, type Files } from '../../core/port/mod.ts'

type Content = Parameters<Files['write']>[1]

/** How often watched files are looked at; looking survives renames, mounts and links, events do not. */
const LOOK_EVERY_MS = 1000
/** Looking at thousands of files takes time: what follows is a rest so many times as long. */
const REST = 9
/** Files that are looked at together. */
const AT_ONCE = 64
const PART_SIZE = 262_144

/** The file system with `node:fs`. */
export class HostFiles implements Files {
  async read(path: string): Promise<Uint8Array> {
    return await guarded(`Read "${path}"`, async () => plain(await readFile(path)))
  }

  async open(path: string): Promise<FileParts> {
    return await guarded(`Read "${path}"`, async () => {
      const { size } = await stat(path)
      return { size, parts: () => partsOf(path) }
    })
  }

  async write(path: string, content: Content, mode = 0o644): Promise<void> {
    await guarded(`Write "${path}"`, () => writeWhole(path, content, mode))
  }

  async append(path: string, content: Iterable<Uint8Array>): Promise<void> {
    await guarded(`Write "${path}"`, async () => {
      // Not made where it is not: what belongs before would be missing.
      const file = await open(path, constants.O_WRONLY | constants.O_APPEND)
      await writeTo(file, content).finally(() => file.close())
    })
  }

  async makeFolder(path: string): Promise<void> {
    await guarded(`Make folder "${path}"`, () => mkdir(path, { recursive: true }))
  }

  async exists(path: string): Promise<boolean> {
    return await stat(path).then(() => true, () => false)
  }

  async realPath(path: string): Promise<string> {
    return await guarded(`Follow "${path}"`, () => realpath(path))
  }

  async list(path: string): Promise<string[]> {
    return await guarded(`List "${path}"`, async () => (await readdir(path)).sort())
  }

  beside(file: string, path: string): string {
    return isAbsolute(path) ? path : join(dirname(file), path)
  }

  watch(paths: readonly string[], changed: () => void): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined
    let stopped = false
    let before: string | undefined
    const look = async (): Promise<void> => {
      const start = performance.now()
      const now = await marksOf(paths)
      if (stopped) return
      if (before !== undefined && now !== before) changed()
      before = now
      timer = setTimeout(look, Math.max(LOOK_EVERY_MS, (performance.now() - start) * REST))
      timer.unref()
    }
    void look()
    return () => {
      stopped = true
      clearTimeout(timer)
    }
  }
}

/** The same bytes as a plain array, copied only where others share their buffer. */
function plain(bytes: Uint8Array<ArrayBuffer>): Uint8Array {
  const { buffer, byteOffset, byteLength } = bytes
  return buffer.byteLength === byteLength ? new Uint8Array(buffer, byteOffset) : bytes.slice()
}

async function* partsOf(path: string): AsyncGenerator<Uint8Array, void> {
  const file = await guarded(`Read "${path}"`, () => open(path))
  const part = new Uint8Array(PART_SIZE)
  try {
    for (;;) {
      const { bytesRead } = await guarded(`Read "${path}"`, () => file.read(part, 0, PART_SIZE))
      if (bytesRead === 0) return
      yield part.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

/** The marks of many files, a few at a time. */
async function marksOf(paths: readonly string[]): Promise<string> {
  const marks: string[] = []
  for (let at = 0; at < paths.length; at += AT_ONCE) {
    marks.push(...await Promise.all(paths.slice(at, at + AT_ONCE).map(mark)))
  }
  return marks.join('|')
}

/** Two equal marks mean an unchanged file. */
async function mark(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined)
  return found === undefined ? 'none' : `${found.mtimeMs}/${found.size}/${found.ino}`
}

/** A reader sees the old content or the new, also after a crash: write aside, sync, rename. */
async function writeWhole(path: string, content: Content, mode: number): Promise<void> {
  const aside = `${path}.new`
  try {
    const file = await open(aside, 'w', mode)
    const pieces = content instanceof Uint8Array ? [content] : content
    await writeTo(file, pieces).finally(() => file.close())
    await chmod(aside, mode)
    await rename(aside, path)
  } catch (error) {
    await unlink(aside).catch(() => {})
    throw error
  }
}

async function writeTo(file: FileHandle, pieces: Iterable<Uint8Array>): Promise<void> {
  for (const piece of pieces) {
    for (let from = 0; from < piece.length;) {
      from += (await file.write(piece, from, piece.length - from)).bytesWritten
    }
  }
  await file.sync()
}

async function guarded<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const code = (error as { code?: string }).code ?? 'UNKNOWN'
    throw new FileFailure(code, `${action}: ${code}`)
  }
}
