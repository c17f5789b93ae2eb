import { PersistentMap } from '../snapshot/mod.ts'
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
  const [first = NONE, ...others] = lists.filter(({ length }) => length > 0)
  return others.length === 0 ? first : first.concat(...others)
}

const NONE: readonly never[] = []

/** All upstreams: what is in the largest of the maps is shared with it. */
function mergeUpstreams(
  parts: readonly Pick<Configuration, 'upstreams'>[],
  without: ReadonlySet<object>,
): Configuration['upstreams'] {
  const maps = parts.map(({ upstreams }) => upstreams)
  const largest = maps.reduce((one, other) => other.size > one.size ? other : one)
  const put = new Map(maps.filter((map) => map !== largest).flatMap((map) => [...map]))
  const merged = PersistentMap.of(put.size === 0 ? largest : sharing(largest), { put, remove: [] })
  const remove: string[] = []
  for (const part of without) {
    const name = 'name' in part ? String(part.name) : ''
    if (merged.get(name) === part) remove.push(name)
  }
  return PersistentMap.of(merged, { put: new Map(), remove })
}

/** The document's upstreams as a map that can be shared: made once of each document. */
const SHARING = new WeakMap<object, Configuration['upstreams']>()

function sharing(map: Configuration['upstreams']): Configuration['upstreams'] {
  if (map instanceof PersistentMap) return map
  let made = SHARING.get(map)
  if (made === undefined) {
    made = PersistentMap.of(new Map(), { put: map, remove: [] })
    SHARING.set(map, made)
  }
  return made
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
