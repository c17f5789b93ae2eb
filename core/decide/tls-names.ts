import { listDifference, PersistentMap } from '../snapshot/mod.ts'
import type { Path } from '../snapshot/types.ts'
import type { TlsName } from './compiled.ts'
import { fail, warn } from './compile-context.ts'
import type { CompileContext } from './compile-context.ts'

/** Whose names they are, and what was compiled before. */
interface NamesPlace {
  readonly path: Path
  readonly usedBy: string
  readonly before?: TlsNames | undefined
}

interface NamesParts {
  readonly entries: readonly TlsName[]
  readonly byName: ReadonlyMap<string, TlsName>
  readonly nameless: TlsName | undefined
  readonly clear: boolean
}

/**
 * The choice by SNI: the exact name, then `*.domain` for one label more, then the entry without names. Who sends no
 * name gets the entry that is meant for that, if there is one.
 */
export class TlsNames {
  readonly #entries: readonly TlsName[]
  readonly #byName: ReadonlyMap<string, TlsName>
  readonly #fallback: TlsName | undefined
  /** What is meant for those who send no name. */
  readonly #nameless: TlsName | undefined
  /** Whether each name is that of one entry alone. */
  readonly #clear: boolean

  private constructor({ entries, byName, nameless, clear }: NamesParts) {
    this.#entries = entries
    this.#byName = byName
    this.#clear = clear
    this.#fallback = byName.get('')
    this.#nameless = nameless
  }

  /**
   * Of two entries for one name the first is taken; where their client policies differ that is an error. A change of
   * few among many entries costs what changed.
   */
  static compile(
    context: CompileContext,
    entries: readonly TlsName[],
    { before, ...place }: NamesPlace,
  ): TlsNames {
    return before?.with(entries) ?? TlsNames.#compileAll(context, entries, place)
  }

  static #compileAll(
    context: CompileContext,
    entries: readonly TlsName[],
    { path, usedBy }: NamesPlace,
  ): TlsNames {
    const byName = new Map<string, TlsName>()
    let clear = true
    for (const [index, entry] of entries.entries()) {
      for (const name of namesOf(entry)) {
        const other = byName.get(name)
        if (other === undefined) byName.set(name, entry)
        else if (other !== entry) {
          clear = false
          const state = `"${other.certificates[0]?.subject}" has that place already`
          const message = `Could not show "${entry.certificates[0]?.subject}" for ` +
            `${name === '' ? 'unknown names' : `"${name}"`} on ${usedBy}: ${state}`
          if (other.policy.id === entry.policy.id) warn(context, [...path, index], message)
          else fail(context, [...path, index], `${message}, with another client policy`)
        }
      }
    }
    return new TlsNames({ entries, byName, nameless: entries.find(isForNameless), clear })
  }

  /** The server certificate and client policy for an SNI in lower case, empty without; undefined: to be refused. */
  select(sni: string): TlsName | undefined {
    if (sni === '') return this.#nameless ?? this.#fallback
    return this.#byName.get(sni) ?? this.#byName.get(wildcardOf(sni)) ?? this.#fallback
  }

  /** The names of these entries at the cost of what is different; undefined where that is too much. */
  with(entries: readonly TlsName[]): TlsNames | undefined {
    const hunks = this.#clear ? listDifference(this.#entries, entries) : undefined
    if (hunks === undefined) return undefined
    if (hunks.length === 0) return this
    const put = new Map<string, TlsName>()
    const remove = new Set<string>()
    for (const { from, out } of hunks) {
      for (const entry of this.#entries.slice(from, from + out)) {
        if (isForNameless(entry)) return undefined
        for (const name of namesOf(entry)) remove.add(name)
      }
    }
    for (const { to, into } of hunks) {
      for (const entry of entries.slice(to, to + into)) {
        if (isForNameless(entry)) return undefined
        for (const name of namesOf(entry)) {
          const other = put.get(name) ?? (remove.has(name) ? undefined : this.#byName.get(name))
          // Who of two is taken, and whether they may share the name, is told where all is looked at.
          if (other !== undefined && other !== entry) return undefined
          put.set(name, entry)
        }
      }
    }
    for (const name of put.keys()) remove.delete(name)
    const byName = PersistentMap.of(this.#byName, { put, remove })
    return new TlsNames({ entries, byName, nameless: this.#nameless, clear: true })
  }
}

function namesOf({ names }: TlsName): readonly string[] {
  return names.length === 0 ? NO_NAME : names
}

const NO_NAME: readonly string[] = ['']

function isForNameless({ config }: TlsName): boolean {
  return config.withoutName === true
}

/** `*.` with all labels of a name but the first; empty where it has one label only. */
function wildcardOf(name: string): string {
  const dot = name.indexOf('.')
  return dot <= 0 ? '' : `*${name.slice(dot)}`
}

/**
 * Whether one of a certificate's DNS names speaks for a name or, itself a wildcard, for a wildcard (RFC 9525
 * section 6.3).
 *
 * @param own in lower case
 */
export function speaksFor(own: ReadonlySet<string>, name: string): boolean {
  return own.has(name) || (!name.startsWith('*.') && own.has(wildcardOf(name)))
}
