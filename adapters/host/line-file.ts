import { closeSync, openSync, write } from 'node:fs'
import { FileFailure } from '../../core/port/mod.ts'

/** Lines held back at the most while the disk or the reader is slow, in characters. */
const MAX_PENDING = 8 * 1024 * 1024
/** How long a line may wait for others to leave with it. */
const GATHER_MS = 50

/**
 * Appends lines to a file or to standard output without ever making the caller wait: lines gather
 * in memory and leave in one write; beyond a bound they are dropped and counted.
 */
export class LineFile {
  readonly #path: string
  #file: number
  #pending: string[] = []
  #size = 0
  #writing = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #idle: (() => void)[] = []
  /** Lines lost because the other side was too slow. */
  dropped = 0

  /** `stdout` or a path. Throws {@linkcode FileFailure} where the file cannot be opened. */
  constructor(path: string) {
    this.#path = path
    this.#file = openLines(path)
  }

  append(line: string): void {
    if (this.#size > MAX_PENDING) {
      this.dropped++
      return
    }
    this.#pending.push(line)
    this.#size += line.length
    this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS)
  }

  /** Opens the path anew, as log rotation asks for. */
  reopen(): void {
    if (this.#path === 'stdout') return
    const before = this.#file
    this.#file = openLines(this.#path)
    closeSync(before)
  }

  /** Resolves when all lines have left. */
  async close(): Promise<void> {
    if (this.#size > 0 || this.#writing) {
      const done = new Promise<void>((resolve) => this.#idle.push(resolve))
      this.#flush()
      await done
    }
    if (this.#path !== 'stdout') closeSync(this.#file)
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#writing || this.#pending.length === 0) return
    const bytes = new TextEncoder().encode(this.#pending.join(''))
    this.#pending = []
    this.#size = 0
    this.#writing = true
    this.#writeAll(bytes)
  }

  #writeAll(bytes: Uint8Array): void {
    write(this.#file, bytes, (error, written) => {
      const retry = error?.code === 'EAGAIN'
      if (error !== null && !retry) this.dropped++
      const rest = error === null ? bytes.subarray(written) : retry ? bytes : bytes.subarray(0, 0)
      if (rest.length > 0) {
        setTimeout(() => this.#writeAll(rest), retry ? 5 : 0)
        return
      }
      this.#writing = false
      if (this.#pending.length > 0) this.#flush()
      else for (const resolve of this.#idle.splice(0)) resolve()
    })
  }
}

function openLines(path: string): number {
  if (path === 'stdout') return 1
  try {
    return openSync(path, 'a', 0o640)
  } catch (error) {
    const code = (error as { code?: string }).code ?? 'UNKNOWN'
    throw new FileFailure(code, `Open "${path}": ${code}`)
  }
}
