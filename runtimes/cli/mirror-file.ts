import { FileFailure } from '../../core/mod.ts'
import type { MirrorFile } from '../../core/store/mod.ts'
import type { Host } from './host.ts'

/** The owner alone may read it: it holds what etcd holds. */
const MODE = 0o600

/** Where the last good state of another store is kept: `last-good` in the store's folder. */
export function mirrorFile({ files }: Host, folder: string): MirrorFile {
  const path = files.beside(`${folder}/x`, 'last-good')
  return {
    async read() {
      try {
        return new TextDecoder().decode(await files.read(path))
      } catch (error) {
        if (error instanceof FileFailure && error.code === 'ENOENT') return undefined
        throw error
      }
    },
    async write(pieces) {
      await files.makeFolder(folder)
      await files.write(path, encoded(pieces), MODE)
    },
    append: (pieces) => files.append(path, encoded(pieces)),
  }
}

function* encoded(pieces: Iterable<string>): Iterable<Uint8Array> {
  const utf8 = new TextEncoder()
  for (const piece of pieces) yield utf8.encode(piece)
}
