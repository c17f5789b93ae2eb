import { FileFailure } from '../../core/mod.ts'
import { readStandalone, replaceDocuments } from '../../core/dialect/apisix/config/mod.ts'
import { isStoreFailure, MemoryStore, type Store } from '../../core/store/mod.ts'
import type { Host } from './host.ts'

/** How often the file is looked at, as in APISIX. */
const POLL_MS = 1000

/** A store in memory whose documents come from a file, and how to stop looking at it. */
export interface StandaloneStore {
  readonly store: Store
  readonly stop: () => void
}

/** Opens a store whose documents come from APISIX's `apisix.yaml` or `apisix.json`; without a file, from its API. */
export async function openStandalone(host: Host, file: string): Promise<StandaloneStore> {
  const store = new MemoryStore({ clock: host.clock })
  if (file === '') return { store, stop: () => {} }
  const reader = new Reader(host, file, store)
  await reader.look()
  let busy = false
  const stop = host.clock.every(POLL_MS, () => {
    if (busy) return
    busy = true
    void reader.look().finally(() => busy = false)
  })
  return { store, stop }
}

/** Reads the file where it changed. What cannot be read leaves the last good state, and is told once. */
class Reader {
  readonly #host: Host
  readonly #file: string
  readonly #store: Store
  #last: string | undefined
  #told = ''

  constructor(host: Host, file: string, store: Store) {
    this.#host = host
    this.#file = file
    this.#store = store
  }

  async look(): Promise<void> {
    const text = await this.#read()
    if (text === undefined || text === this.#last) return
    const env = (name: string): string | undefined => this.#host.env(name)
    const read = readStandalone(text, { file: this.#file, env })
    if ('wrong' in read) return this.#tell(read.wrong)
    const done = await replaceDocuments(this.#store, read.documents)
    if (isStoreFailure(done)) return this.#tell(done.message)
    this.#last = text
    this.#told = ''
    this.#host.log.write('info', 'Documents read', {
      file: this.#file,
      documents: read.documents.size,
    })
  }

  async #read(): Promise<string | undefined> {
    try {
      return new TextDecoder().decode(await this.#host.files.read(this.#file))
    } catch (error) {
      this.#tell(error instanceof FileFailure ? error.message : String(error))
      return undefined
    }
  }

  #tell(reason: string): void {
    if (reason === this.#told) return
    this.#told = reason
    const message = 'Documents could not be read, the last good ones stay'
    this.#host.log.write('error', message, { file: this.#file, reason })
  }
}
