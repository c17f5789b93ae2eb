import { readFileSync } from 'node:fs'
import { FileFailure, type Files } from '../../../core/port/mod.ts'
import { type ReadConfiguration, readConfiguration } from '../../../core/snapshot/mod.ts'

/** Files that stand in memory, by path; `folder` is a folder. */
export class MemoryFiles implements Files {
  readonly reads: string[] = []
  readonly #content: Readonly<Record<string, string | Uint8Array>>

  constructor(content: Readonly<Record<string, string | Uint8Array>>) {
    this.#content = content
  }

  read(path: string): Promise<Uint8Array> {
    this.reads.push(path)
    const content = this.#content[path]
    if (path.endsWith('/folder')) return Promise.reject(new FileFailure('EISDIR', 'a folder'))
    if (content === undefined) return Promise.reject(new FileFailure('ENOENT', 'not there'))
    return Promise.resolve(typeof content === 'string' ? bytes(content) : content)
  }

  beside(file: string, path: string): string {
    return path.startsWith('/') ? path : file.replace(/[^/]*$/, '') + path
  }

  write(): Promise<void> {
    throw new Error('Files are only read')
  }

  append(): Promise<void> {
    throw new Error('Files are only read')
  }

  makeFolder(): Promise<void> {
    throw new Error('Files are only read')
  }

  exists(): Promise<boolean> {
    throw new Error('Files are only read')
  }

  realPath(): Promise<string> {
    throw new Error('Files are only read')
  }

  list(): Promise<string[]> {
    throw new Error('Files are only read')
  }

  watch(): () => void {
    throw new Error('Files are only read')
  }
}

/** The text as UTF-8. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** The text of `fixtures/config/<name>.yaml`. */
export function fixture(name: string): string {
  return readFileSync(new URL(`../../../fixtures/config/${name}.yaml`, import.meta.url), 'utf8')
}

/** Reads a text as `/etc/gateway.yaml`. */
export async function read(
  text: string,
  content: Readonly<Record<string, string | Uint8Array>> = {},
  variables: Readonly<Record<string, string>> = {},
): Promise<ReadConfiguration> {
  const files = new MemoryFiles(content)
  const env = (name: string) => variables[name]
  return await readConfiguration({ text, file: '/etc/gateway.yaml', files, env })
}
