import { type Entropy, FileFailure, type Files } from '../port/mod.ts'
import { isStoreFailure, storeFailure } from './failure.ts'
import { keyFileText, keyLines, type KeyRing, newKeyLine, readKeyRing } from './keys.ts'
import type { StoreFailure } from './types.ts'

/** Where the keys of a store lie. */
export interface KeyFile {
  readonly files: Files
  readonly entropy: Entropy
  readonly path: string
}

/** The owner alone may read and write. */
const MODE = 0o600

/** Reads the key file; makes it, with one new key, where there is none. */
export async function openKeyFile(file: KeyFile): Promise<KeyRing | StoreFailure> {
  const ring = await readKeyFile(file)
  if (ring !== undefined) return ring
  const failure = await write(file, [newKeyLine(file.entropy.bytes(32))])
  return failure ?? await readKeyFile(file) ??
    storeFailure('unavailable', `Read key file "${file.path}": it is gone again`)
}

/** Reads the key file, if there is one. */
export async function readKeyFile(
  { files, path }: KeyFile,
): Promise<KeyRing | StoreFailure | undefined> {
  try {
    const text = new TextDecoder().decode(await files.read(path))
    return await readKeyRing(text, `"${path}"`)
  } catch (error) {
    if (error instanceof FileFailure && error.code === 'ENOENT') return undefined
    return unreadable(path, error)
  }
}

/** Puts a new key first. The others stay for reading. */
export async function addKey(file: KeyFile): Promise<KeyRing | StoreFailure> {
  const lines = await linesOf(file)
  if (isStoreFailure(lines)) return lines
  const failure = await write(file, [newKeyLine(file.entropy.bytes(32)), ...lines])
  return failure ?? await openKeyFile(file)
}

/** Leaves the first key alone in the file. */
export async function dropOldKeys(file: KeyFile): Promise<StoreFailure | undefined> {
  const lines = await linesOf(file)
  if (isStoreFailure(lines)) return lines
  return await write(file, lines.slice(0, 1))
}

async function linesOf({ files, path }: KeyFile): Promise<string[] | StoreFailure> {
  try {
    return keyLines(new TextDecoder().decode(await files.read(path)))
  } catch (error) {
    return unreadable(path, error)
  }
}

async function write(
  { files, path }: KeyFile,
  lines: readonly string[],
): Promise<StoreFailure | undefined> {
  try {
    await files.write(path, new TextEncoder().encode(keyFileText(lines)), MODE)
    return undefined
  } catch (error) {
    return unreadable(path, error)
  }
}

function unreadable(path: string, error: unknown): StoreFailure {
  const detail = error instanceof Error ? error.message : String(error)
  return storeFailure('unavailable', `Use key file "${path}": ${detail}`)
}
