import type { Configuration, DialectsConfig, ListenerConfig } from '../snapshot/types.ts'
import type { ConfigurationParts } from './types.ts'

/** The parts that one dialect brings. */
export interface DialectParts {
  readonly name: keyof DialectsConfig
  readonly parts: ConfigurationParts
}

/**
 * Adds what dialects bring to what the document says. Parts among `without` are left out.
 *
 * @returns a configuration whose unchanged parts are the very same objects
 */
export function mergeParts(
  base: Configuration,
  dialects: readonly DialectParts[],
  without: ReadonlySet<object> = new Set(),
): Configuration {
  const kept = <T extends object>(parts: Iterable<T>): T[] => {
    const all = [...parts]
    return without.size === 0 ? all : all.filter((part) => !without.has(part))
  }
  const all = <T extends object>(
    own: readonly T[],
    of: (parts: ConfigurationParts) => Iterable<T>,
  ): readonly T[] => own.concat(...dialects.map(({ parts }) => kept(of(parts))))
  const upstreams = new Map(base.upstreams)
  for (const { parts } of dialects) {
    for (const [name, upstream] of parts.upstreams) {
      if (!without.has(upstream)) upstreams.set(name, upstream)
    }
  }
  return {
    ...base,
    listeners: all(withEntries(base, dialects, kept), ({ listeners }) => listeners),
    upstreams,
    routes: all(base.routes, ({ routes }) => routes),
    apis: all(base.apis, ({ apis }) => apis),
    applications: all(base.applications, ({ applications }) => applications.values()),
    filters: all(base.filters, ({ filters = [] }) => filters),
  }
}

/** The document's listeners, with the server certificates that dialects add to them. */
function withEntries(
  base: Configuration,
  dialects: readonly DialectParts[],
  kept: <T extends object>(parts: Iterable<T>) => T[],
): readonly ListenerConfig[] {
  const added = dialects.filter(({ parts }) => parts.tls.length > 0)
  if (added.length === 0) return base.listeners
  return base.listeners.map((listener) => {
    const entries = added.flatMap(({ name, parts }) => {
      const named = base.admin?.dialects[name]?.listeners
      return takes(listener, named) ? kept(parts.tls) : []
    })
    return entries.length === 0 ? listener : { ...listener, tls: [...listener.tls, ...entries] }
  })
}

function takes({ name, secure, local }: ListenerConfig, named?: readonly string[]): boolean {
  return secure && local === undefined && (named === undefined || named.includes(name))
}
