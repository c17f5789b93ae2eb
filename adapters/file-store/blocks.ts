import { Buffer } from 'node:buffer'
import type { Disk, DiskReader } from './disk.ts'

/** Whole lines of a file. */
export interface Block {
  /** They are others as soon as the next block is asked for. */
  readonly bytes: Buffer
  /** Where they stand in the file. */
  readonly offset: number
  /** Leaves the room that they stand in to whoever asks, who is done with them: the next are read elsewhere. */
  give(): Buffer
}

/** How much is read at once; a line that is longer gets the room it needs. */
const BLOCK_BYTES = 4 * 1024 * 1024
const NEWLINE = 10

/**
 * A file's lines, many at a time, so that it is never in memory as a whole; while some are looked at, the next are
 * read. What stands after the last line end comes last.
 */
export async function* blocksOf(disk: Disk, path: string): AsyncGenerator<Block> {
  const file = await disk.openToRead(path)
  try {
    yield* readBlocks(file)
  } finally {
    await file.close()
  }
}

async function* readBlocks(file: DiskReader): AsyncGenerator<Block> {
  let bytes: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES)
  let other: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES)
  let offset = 0
  let length = await file.fill(bytes, 0)
  while (length > 0) {
    const isLast = length < bytes.length
    const end = isLast ? length : bytes.lastIndexOf(NEWLINE) + 1
    const rest = length - end
    if (end === 0 || rest > other.length / 2) other = Buffer.allocUnsafeSlow(2 * bytes.length)
    bytes.copy(other, 0, end, length)
    const reading = isLast ? Promise.resolve(0) : file.fill(other.subarray(rest), offset + length)
    // Who stops early asks for no more of it.
    reading.catch(() => {})
    const room = bytes
    let given = false
    const give = (): Buffer => {
      given = true
      return room
    }
    if (end > 0) yield { bytes: bytes.subarray(0, end), offset, give }
    if (given) bytes = Buffer.allocUnsafeSlow(room.length)
    offset += end
    length = isLast ? 0 : rest + await reading
    ;[bytes, other] = [other, bytes]
  }
}
