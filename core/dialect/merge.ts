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
  const kept = <T extends object>(parts: readonly T[]): readonly T[] =>
    without.size === 0 ? parts : parts.filter((part) => !without.has(part))
  const all = <T extends object>(
    own: readonly T[],
    of: (parts: ConfigurationParts) => readonly T[],
  ): readonly T[] => joined([own, ...dialects.map(({ parts }) => kept(of(parts)))])
  return {
    ...base,
    listeners: all(withEntries(base, dialects, kept), ({ listeners }) => listeners),
    upstreams: mergeUpstreams([base, ...dialects.map(({ parts }) => parts)], without),
    routes: all(base.routes, ({ routes }) => routes),
    apis: all(base.apis, ({ apis }) => apis),
    applications: all(base.applications, ({ applications }) => [...applications.values()]),
    filters: all(base.filters, ({ filters = [] }) => filters),
  }
}

/** All lists in one; where only one has anything that very list, so that it is seen at once that it is the same. */
function joined<T>(lists: readonly (readonly T[])[]): readonly T[] {
  const [first = [], ...others] = lists.filter(({ length }) => length > 0)
  return others.length === 0 ? first : first.concat(...others)
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
  kept: <T extends object>(parts: readonly T[]) => readonly T[],
): readonly ListenerConfig[] {
  const added = dialects.filter(({ parts }) => parts.tls.length > 0)
  if (added.length === 0) return base.listeners
  return base.listeners.map((listener) => {
    const taken = added.filter(({ name }) => takes(listener, base.admin?.dialects[name]?.listeners))
    const tls = joined([listener.tls, ...taken.map(({ parts }) => kept(parts.tls))])
    return tls === listener.tls ? listener : { ...listener, tls }
  })
}

function takes({ name, secure, local }: ListenerConfig, named?: readonly string[]): boolean {
  return secure && local === undefined && (named === undefined || named.includes(name))
}
