import { listDifference } from '../../../snapshot/mod.ts'
import type { TlsEntryConfig } from '../../../snapshot/types.ts'
import type { DocumentProblem } from '../../types.ts'

/** An entry with the key of its document. */
export interface KeyedEntry {
  readonly key: string
  readonly entry: TlsEntryConfig
}

/** Entries that have no name in common, and who lost which. */
export interface SharedNames {
  readonly entries: readonly TlsEntryConfig[]
  readonly problems: readonly DocumentProblem[]
}

/**
 * Gives each SNI name to one entry, as APISIX does without telling: to that of the oldest document which has it.
 * An entry that loses names is replaced by one with fewer, the same one each time.
 */
export class SniNames {
  readonly #reduced = new WeakMap<TlsEntryConfig, TlsEntryConfig>()
  /** What was shared last, if no name was wanted twice: who has which. */
  #last: { readonly all: readonly KeyedEntry[]; readonly owners: Map<string, string> } | undefined
  readonly #made: (entry: TlsEntryConfig, key: string) => void

  /** `made` is told of each entry that takes the place of another. */
  constructor(made: (entry: TlsEntryConfig, key: string) => void) {
    this.#made = made
  }

  share(all: readonly KeyedEntry[]): SharedNames {
    const known = this.#clear(all)
    if (known !== undefined) return known
    const owners = new Map<string, string>()
    const entries: TlsEntryConfig[] = []
    const problems: DocumentProblem[] = []
    for (const { key, entry } of all) {
      const names = namesOf(entry)
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
    this.#last = problems.length === 0 ? { all, owners } : undefined
    return { entries, problems }
  }

  /** The same where no name was wanted twice and none is now, at the cost of what is different. */
  #clear(all: readonly KeyedEntry[]): SharedNames | undefined {
    const last = this.#last
    const hunks = last && listDifference(last.all, all)
    this.#last = undefined
    if (last === undefined || hunks === undefined) return undefined
    const { owners } = last
    for (const { from, out } of hunks) {
      for (const { entry } of last.all.slice(from, from + out)) {
        for (const name of namesOf(entry)) owners.delete(name)
      }
    }
    for (const { to, into } of hunks) {
      for (const { key, entry } of all.slice(to, to + into)) {
        for (const name of namesOf(entry)) {
          if (owners.has(name)) return undefined
          owners.set(name, key)
        }
      }
    }
    this.#last = { all, owners }
    return { entries: all.map(({ entry }) => entry), problems: [] }
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

function namesOf({ names }: TlsEntryConfig): readonly string[] {
  return names.length === 0 ? NO_NAME : names
}

const NO_NAME: readonly string[] = ['']
