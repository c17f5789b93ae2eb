import { OverlayMap } from '../snapshot/mod.ts'
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
  return {
    ...base,
    listeners: all(withEntries(base, dialects, kept), ({ listeners }) => listeners),
    upstreams: mergeUpstreams([base, ...dialects.map(({ parts }) => parts)], without),
    routes: all(base.routes, ({ routes }) => routes),
    apis: all(base.apis, ({ apis }) => apis),
    applications: all(base.applications, ({ applications }) => applications.values()),
    filters: all(base.filters, ({ filters = [] }) => filters),
  }
}

/** Fewer upstreams than these are put together in an instant. */
const MANY = 256

/** All upstreams. Where one of the maps is large it is not copied: the others are laid over it. */
function mergeUpstreams(
  parts: readonly Pick<Configuration, 'upstreams'>[],
  without: ReadonlySet<object>,
): Configuration['upstreams'] {
  const maps = parts.map(({ upstreams }) => upstreams)
  const large = maps.filter(({ size }) => size > MANY)
  const base = large.length === 1 ? large[0] as Configuration['upstreams'] : new Map()
  const put = new Map(maps.filter((map) => map !== base).flatMap((map) => [...map]))
  const merged = OverlayMap.of(base, { put, remove: [] })
  if (without.size === 0) return merged
  return new Map([...merged].filter(([, upstream]) => !without.has(upstream)))
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
