import type { Path } from '../snapshot/types.ts'
import type { TlsName } from './compiled.ts'
import { fail, warn } from './compile-context.ts'
import type { CompileContext } from './compile-context.ts'

/**
 * Compiles the choice by SNI: the exact name, then `*.domain` for one label more, then the entry without names. Who
 * sends no name gets the entry that is meant for that, if there is one.
 * Of two entries for one name the first is taken; where their client policies differ that is an error.
 */
export function compileTlsNames(
  context: CompileContext,
  entries: readonly TlsName[],
  { path, usedBy }: { readonly path: Path; readonly usedBy: string },
): (sni: string) => TlsName | undefined {
  const byName = new Map<string, TlsName>()
  for (const [index, entry] of entries.entries()) {
    for (const name of entry.names.length === 0 ? [''] : entry.names) {
      const other = byName.get(name)
      if (other === undefined) byName.set(name, entry)
      else if (other !== entry) {
        const state = `"${other.certificates[0]?.subject}" has that place already`
        const message = `Could not show "${entry.certificates[0]?.subject}" for ` +
          `${name === '' ? 'unknown names' : `"${name}"`} on ${usedBy}: ${state}`
        if (other.policy.id === entry.policy.id) warn(context, [...path, index], message)
        else fail(context, [...path, index], `${message}, with another client policy`)
      }
    }
  }
  const fallback = byName.get('')
  const nameless = entries.find(({ config }) => config.withoutName === true) ?? fallback
  return (sni) => sni === '' ? nameless : byName.get(sni) ?? byName.get(wildcardOf(sni)) ?? fallback
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
