import type { Log, LogLevel } from '../../core/port/mod.ts'

/** Writes one JSON line a message; JSON escapes whatever came from outside. */
export class JsonLog implements Log {
  readonly #write: (line: string) => void

  constructor(write: (line: string) => void) {
    this.#write = write
  }

  write(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    const time = new Date().toISOString()
    this.#write(JSON.stringify({ time, level, message, ...fields }) + '\n')
  }
}
