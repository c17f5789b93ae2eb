import type { TlsEntryConfig } from '../../../snapshot/types.ts'
import type { DocumentProblem } from '../../types.ts'

/** An entry with the key of its document. */
export interface KeyedEntry {
  readonly key: string
  readonly entry: TlsEntryConfig
}

/**
 * Gives each SNI name to one entry, as APISIX does without telling: to that of the oldest document which has it.
 * An entry that loses names is replaced by one with fewer, the same one each time.
 */
export class SniNames {
  readonly #reduced = new WeakMap<TlsEntryConfig, TlsEntryConfig>()
  readonly #made: (entry: TlsEntryConfig, key: string) => void

  /** `made` is told of each entry that takes the place of another. */
  constructor(made: (entry: TlsEntryConfig, key: string) => void) {
    this.#made = made
  }

  share(all: readonly KeyedEntry[]): {
    readonly entries: readonly TlsEntryConfig[]
    readonly problems: readonly DocumentProblem[]
  } {
    const owners = new Map<string, string>()
    const entries: TlsEntryConfig[] = []
    const problems: DocumentProblem[] = []
    for (const { key, entry } of all) {
      const names = entry.names.length === 0 ? [''] : entry.names
      const lost = names.filter((name) => owners.has(name))
      for (const name of names) if (!owners.has(name)) owners.set(name, key)
      if (lost.length === 0) {
        entries.push(entry)
        continue
      }
      for (const name of lost) {
        const message = `SNI "${name === '' ? '*' : name}" is that of ${owners.get(name)} already`
        problems.push({ key, severity: 'warning', message })
      }
      if (lost.length < names.length) entries.push(this.#without(key, entry, lost))
    }
    return { entries, problems }
  }

  #without(key: string, entry: TlsEntryConfig, lost: readonly string[]): TlsEntryConfig {
    const names = entry.names.filter((name) => !lost.includes(name))
    const known = this.#reduced.get(entry)
    if (known !== undefined && known.names.join() === names.join()) return known
    const reduced = { ...entry, names }
    this.#reduced.set(entry, reduced)
    this.#made(reduced, key)
    return reduced
  }
}
