import type { FileParts, Files } from '../port/mod.ts'
import type { Path } from './types.ts'
import type { Problems } from './problems.ts'
import { pathText, quote, safe } from './text.ts'
import { type Content, type Resolved, Source } from './schema/sources.ts'
import { Mismatch } from './schema/structure.ts'

/** What the host gives to read a configuration with. */
export interface Means {
  /** The configuration's own path; relative paths are relative to it. */
  readonly file: string | undefined
  readonly files: Files | undefined
  readonly env: ((name: string) => string | undefined) | undefined
  /** Reads a file of CRLs, which may be long, into less; undefined where it is none. Absent: files are read whole. */
  readonly joinCrls?: JoinCrls | undefined
}

/** Makes the bytes of CRLs of a file that comes in parts. */
export type JoinCrls = (file: FileParts) => Promise<Uint8Array | undefined>

// Hosts bound how many files may be open at once.
const AT_ONCE = 16

type Replace = (source: Source<unknown>, path: Path) => unknown

/** A copy of a document's part with something else in place of each source. */
function replaceSources(value: unknown, path: Path, replace: Replace): unknown {
  if (value instanceof Source) return replace(value, path)
  if (Array.isArray(value)) {
    return value.map((item, index) => replaceSources(item, [...path, index], replace))
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  return Object.fromEntries(
    entries.map(([key, part]) => [key, replaceSources(part, [...path, key], replace)]),
  )
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
}

function unreadable(error: unknown): string {
  if (!(error instanceof Error)) return safe(String(error))
  const code = 'code' in error ? String(error.code) : ''
  return REASONS[code] ?? safe(error.message)
}

function bytesOf(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(base64.replace(/\s/g, '')), (char) => char.charCodeAt(0))
  } catch {
    return undefined
  }
}

/** How many files a folder may have. */
const MOST_FILES = 1000

/** A folder, with the paths of what is in it. */
interface Folder {
  readonly paths: readonly string[]
}

/** Reads the files and variables that a document names: first all files, each once, then what is made of them. */
export class Contents {
  readonly #means: Means
  readonly #problems: Problems
  /** The bytes of each file, or why it could not be read. */
  readonly #files = new Map<string, Uint8Array | string | Folder>()

  constructor(means: Means, problems: Problems) {
    this.#means = means
    this.#problems = problems
  }

  /** The files that were asked for, whether they could be read or not. */
  get watched(): string[] {
    return [...this.#files.keys()]
  }

  /** Joins a path to the folder of the configuration. */
  beside(path: string): string {
    const { file, files } = this.#means
    return file === undefined || files === undefined ? path : files.beside(file, path)
  }

  /** Reads all files that a document's part names. */
  async load(part: unknown): Promise<void> {
    const paths = new Set<string>()
    const folders = new Set<string>()
    replaceSources(part, [], (source) => {
      if (source.place !== 'file') return
      const path = this.beside(source.text)
      paths.add(path)
      if (source.join !== undefined) folders.add(path)
    })
    await this.#readAll([...paths].filter((path) => !folders.has(path)), false)
    await this.#readAll(folders, true)
    for (const path of folders) await this.#readFolder(path)
  }

  /** `long` files may have many megabytes: one at a time. */
  async #readAll(paths: Iterable<string>, long: boolean): Promise<void> {
    const waiting = [...paths].filter((path) => !this.#files.has(path))
    const atOnce = long ? 1 : AT_ONCE
    for (let first = 0; first < waiting.length; first += atOnce) {
      await Promise.all(waiting.slice(first, first + atOnce).map((path) => this.#read(path, long)))
    }
  }

  async #read(path: string, long: boolean): Promise<void> {
    try {
      const { files, joinCrls } = this.#means
      if (files === undefined) throw new Error('this host has no files')
      const joined = long && joinCrls !== undefined && files.open !== undefined
        ? await joinCrls(await files.open(path))
        : undefined
      this.#files.set(path, joined ?? await files.read(path))
    } catch (error) {
      this.#files.set(path, unreadable(error))
    }
  }

  /** Reads the files of what turned out to be a folder; hidden ones and folders in it are passed over. */
  async #readFolder(path: string): Promise<void> {
    const { files } = this.#means
    if (this.#files.get(path) !== REASONS['EISDIR'] || files === undefined) return
    try {
      const names = (await files.list(path)).filter((name) => !name.startsWith('.'))
      if (names.length > MOST_FILES) throw new Error(`it has more than ${MOST_FILES} files`)
      const paths = names.map((name) => files.beside(`${path}/${name}`, name))
      await this.#readAll(paths, true)
      this.#files.set(path, {
        paths: paths.filter((each) => this.#files.get(each) !== REASONS['EISDIR']),
      })
    } catch (error) {
      this.#files.set(path, unreadable(error))
    }
  }

  /** The part with content in place of its sources. What could not be read is a problem, at its place. */
  resolve<T>(part: T, path: Path): Resolved<T> {
    return replaceSources(part, path, (source, at) => this.#resolve(source, at)) as Resolved<T>
  }

  #resolve(source: Source<unknown>, path: Path): unknown {
    const place = source.place === 'inline' ? path : [...path, source.place]
    const value = this.#value(source, path)
    if (!(value instanceof Mismatch)) return value
    const from = { file: 'file', env: 'environment variable', inline: '', base64: '' }[source.place]
    const what = from === '' ? pathText(path) : from
    const text = from === '' ? '' : ` ${quote(source.text)}`
    this.#problems.error(place, `Cannot read ${what}${text}: ${value.message}`)
    return undefined
  }

  #value(source: Source<unknown>, path: Path): unknown {
    const from = this.beside(source.text)
    const folder = source.place === 'file' ? this.#files.get(from) : undefined
    if (source.join === undefined || typeof folder !== 'object' || !('paths' in folder)) {
      const content = this.#content(source, path)
      return typeof content === 'string' ? new Mismatch(content) : source.make(content)
    }
    // What is asked for and not there must not look like a list of nobody.
    if (folder.paths.length === 0) return new Mismatch('it is a folder without files')
    const values: unknown[] = []
    for (const file of folder.paths) {
      const data = this.#files.get(file)
      const value = data instanceof Uint8Array
        ? source.make({ place: 'file', from: file, data })
        : new Mismatch(typeof data === 'string' ? data : 'it is a folder')
      if (value instanceof Mismatch) return new Mismatch(`${quote(file)} in it: ${value.message}`)
      values.push(value)
    }
    return source.join(values)
  }

  #content({ place, text }: Source<unknown>, path: Path): Content | string {
    if (place === 'file') {
      const from = this.beside(text)
      const data = this.#files.get(from) ?? 'it was not loaded'
      if (typeof data === 'string') return data
      return data instanceof Uint8Array ? { place, from, data } : 'it is a folder'
    }
    if (place === 'base64') {
      const data = bytesOf(text)
      return data === undefined ? 'it is not base64' : { place, from: pathText(path), data }
    }
    const found = place === 'env' ? this.#variable(text) : text
    if (found === undefined) return 'it is not set'
    const from = place === 'env' ? `$${text}` : pathText(path)
    return { place, from, data: new TextEncoder().encode(found) }
  }

  /** Hosts that guard their variables throw where one may not be read. */
  #variable(name: string): string | undefined {
    try {
      return this.#means.env?.(name)
    } catch {
      return undefined
    }
  }
}
