import type { ConfigurationParts } from '../../types.ts'
import { CONSUMER_PREFIX, PREFIX } from './options.ts'

/** Parts under names that a document of the operator's own may use: `apisix:route:1` becomes `route-1`. */
export function withPlainNames(parts: ConfigurationParts): ConfigurationParts {
  const { upstreams, routes, applications, filters = [] } = parts
  return {
    ...parts,
    upstreams: new Map(
      [...upstreams.values()].map((each) => {
        const name = plain(each.name)
        return [name, { ...each, name }]
      }),
    ),
    routes: routes.map((each) => ({
      ...each,
      name: plain(each.name),
      upstream: plain(each.upstream),
      scope: '',
      filters: each.filters.map(withPlainPrefix),
    })),
    applications: new Map(
      [...applications.values()].map((each) => {
        const name = plain(each.name)
        return [name, { ...each, name }]
      }),
    ),
    filters: filters.map(withPlainPrefix),
  }
}

function plain(name: string): string {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length).replaceAll(':', '-') : name
}

function withPlainPrefix<T extends object>(filter: T): T {
  if (!('namePrefix' in filter)) return filter
  const anonymous = 'anonymous' in filter ? filter.anonymous : undefined
  return {
    ...filter,
    namePrefix: plain(CONSUMER_PREFIX),
    ...(typeof anonymous === 'string' ? { anonymous: plain(anonymous) } : {}),
  }
}
