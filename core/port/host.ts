/** Time. `now` is wall-clock time in milliseconds since 1970; `every` calls until cancelled. */
export interface Clock {
  now(): number
  /** Milliseconds from a start that does not matter, never going back. */
  monotonic(): number
  every(ms: number, task: () => void): () => void
  after(ms: number, task: () => void): () => void
  /** Calls once everything that is ready in this turn of the event loop has been handled. */
  soon(task: () => void): void
}

/** How grave a log line is. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Where the process tells its operator things. Values in `fields` are escaped by the adapter. */
export interface Log {
  write(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void
}

/** Random bytes fit for keys. */
export interface Entropy {
  bytes(length: number): Uint8Array
}

/** A file that could not be read or written; `code` is the system's word, such as `ENOENT`. */
export class FileFailure extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.name = 'FileFailure'
    this.code = code
  }
}

/** A file that is read part by part. */
export interface FileParts {
  /** In bytes, when it was looked at. */
  readonly size: number
  /** From the start, at each call. Each part is good until the next one is asked for. */
  parts(): AsyncIterable<Uint8Array>
}

/** The file system. Paths are absolute or relative to the process; failures are {@linkcode FileFailure}. */
export interface Files {
  read(path: string): Promise<Uint8Array>
  /** As `read`, for files of many megabytes. Absent: there are none. */
  open?(path: string): Promise<FileParts>
  /**
   * Writes the whole file or nothing. Of content that comes piece by piece no more than one is asked for at a time.
   * `mode` is for a new file, such as 0o600.
   */
  write(path: string, content: Uint8Array | Iterable<Uint8Array>, mode?: number): Promise<void>
  /** Adds to the end of a file that is there, piece by piece; what fails may leave a part of it. */
  append(path: string, content: Iterable<Uint8Array>): Promise<void>
  makeFolder(path: string): Promise<void>
  exists(path: string): Promise<boolean>
  /** Where a path leads once all links on its way are followed. */
  realPath(path: string): Promise<string>
  /** Names in a folder, sorted. */
  list(path: string): Promise<string[]>
  /** Joins `path` to the folder of `file`, unless it is absolute. */
  beside(file: string, path: string): string
  /** Calls `changed` after a change of any of the paths, some time later; returns how to stop. */
  watch(paths: readonly string[], changed: () => void): () => void
}
