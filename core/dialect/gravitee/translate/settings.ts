import type { Json } from '../../../store/mod.ts'
import type { ApiDocument, EndpointDefinition, EndpointGroupDefinition, JsonMap } from '../model.ts'

/** A map inside free JSON; empty where there is none. */
export function mapAt(value: Json | undefined, name: string): JsonMap {
  const part = value === undefined || typeof value !== 'object' || value === null
    ? undefined
    : (value as JsonMap)[name]
  return typeof part === 'object' && part !== null && !Array.isArray(part) ? part as JsonMap : {}
}

/** Text inside free JSON; undefined where there is none, or it is empty. */
export function textAt(map: JsonMap, name: string): string | undefined {
  const value = map[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** A number inside free JSON. */
export function numberAt(map: JsonMap, name: string): number | undefined {
  const value = map[name]
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** Whether something is switched on inside free JSON. */
export function flagAt(map: JsonMap, name: string): boolean {
  return map[name] === true || map[name] === 'true'
}

/** Texts inside free JSON, one or many. */
export function textsAt(map: JsonMap, name: string): string[] {
  const value = map[name]
  const all: readonly unknown[] = Array.isArray(value) ? value : [value]
  return all.filter((each): each is string => typeof each === 'string' && each !== '')
}

/** What is found while something is translated. */
export interface Notes {
  readonly errors: string[]
  readonly warnings: string[]
}

/** Notes the keys of free JSON that nobody knows. */
export function refuseKeys(
  map: JsonMap,
  { whose, known, notes }: {
    readonly whose: string
    readonly known: readonly string[]
    readonly notes: Notes
  },
): void {
  for (const key of Object.keys(map)) {
    if (!known.includes(key)) notes.errors.push(`Could not use "${key}": ${whose} has no such key`)
  }
}

/** The settings of TLS and HTTP that count for an endpoint, with where they stand. */
export interface Effective {
  readonly place: string
  readonly settings: JsonMap
}

/** Whether an endpoint has settings of its own, else its group's count. */
export function effectiveSettings(
  group: EndpointGroupDefinition,
  endpoint: EndpointDefinition,
  at: { readonly group: number; readonly endpoint: number },
): Effective {
  const own = endpoint.sharedConfigurationOverride
  if (endpoint.inheritConfiguration === false && own !== undefined && Object.keys(own).length > 0) {
    return { place: `${at.group}/${at.endpoint}`, settings: own }
  }
  return { place: String(at.group), settings: group.sharedConfiguration ?? {} }
}

/** Every place of an API that has TLS settings. */
export function placesOf(api: Pick<ApiDocument, 'endpointGroups'>): Effective[] {
  return api.endpointGroups.flatMap((group, groupAt) => [
    { place: String(groupAt), settings: group.sharedConfiguration ?? {} },
    ...(group.endpoints ?? []).map((endpoint, at) => ({
      place: `${groupAt}/${at}`,
      settings: endpoint.sharedConfigurationOverride ?? {},
    })),
  ])
}
