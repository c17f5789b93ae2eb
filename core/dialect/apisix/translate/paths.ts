import type { ConditionConfig } from '../../../snapshot/types.ts'
import { type Table, textOf, textsOf } from '../table.ts'
import type { RouterName } from './options.ts'

/** Which requests a route takes by their hosts and paths, and what must hold besides. */
export interface Places {
  readonly hosts: readonly string[]
  readonly paths: readonly string[]
  readonly conditions: readonly ConditionConfig[]
  /** Paths whose parts are variables; undefined: none. */
  readonly parameters: readonly string[] | undefined
}

/**
 * What `uri`, `uris`, `host` and `hosts` ask for, as the router in use reads them (APISIX, `apisix.router.http`).
 * @returns undefined: no path can be that
 */
export function placesOf(
  conf: Table,
  service: Table | undefined,
  router: RouterName,
): Places | undefined {
  const uris = urisOf(conf)
  const hasParameters = router === 'radixtree_uri_with_parameter'
  const found = uris.flatMap((uri) => readUri(uri, hasParameters))
  if (found.length === 0) return undefined
  const hosts = hostsOf(conf, service)
  const byHost = router === 'radixtree_host_uri'
  const named = hasParameters ? uris.filter((uri) => /\/[:*]/.test(uri)) : []
  return {
    parameters: named.length === 0 ? undefined : named,
    hosts: byHost ? hosts : [],
    paths: found.map(({ path }) => path),
    conditions: [
      ...byHost || hosts.length === 0 ? [] : [{ any: hosts.map(isHost) }],
      ...found.every(({ isWhole }) => isWhole) ? [] : [{ any: found.map(({ holds }) => holds) }],
    ],
  }
}

function urisOf(conf: Table): readonly string[] {
  const one = textOf(conf, 'uri')
  return one === undefined ? textsOf(conf, 'uris') : [one]
}

/** The route's hosts, else its service's. `*` alone is any host. */
function hostsOf(conf: Table, service: Table | undefined): readonly string[] {
  const one = textOf(conf, 'host')
  const own = one === undefined ? textsOf(conf, 'hosts') : [one]
  const hosts = own.length > 0 ? own : textsOf(service, 'hosts')
  return hosts.includes('*') ? [] : hosts.map((host) => host.toLowerCase())
}

function isHost(host: string): ConditionConfig {
  return host.startsWith('*')
    ? { variable: 'host', operator: 'ends-with', value: host.slice(1) }
    : { variable: 'host', operator: 'equals', value: host }
}

interface ReadUri {
  readonly path: string
  /** Whether the path says it all. */
  readonly isWhole: boolean
  /** What the path says, and what it cannot say. */
  readonly holds: ConditionConfig
}

/**
 * A uri with a star or a parameter takes what begins as it does up to there (lua-resty-radixtree). Where the star or
 * the parameter begins a segment and more follows, the rest counts, too; a star within a segment ends the uri.
 */
function readUri(uri: string, hasParameters: boolean): readonly ReadUri[] {
  const colon = hasParameters ? uri.indexOf(':') : -1
  const mark = colon < 0 ? uri.indexOf('*') : colon
  if (mark < 0) {
    const holds = { variable: 'uri', operator: 'equals', value: uri } as const
    return uri.startsWith('/') ? [{ path: uri, isWhole: true, holds }] : []
  }
  const prefix = uri.slice(0, mark) || '/'
  if (!prefix.startsWith('/')) return []
  const pattern = mark === uri.length - 1 ? undefined : patternOf(uri, hasParameters)
  return [{
    path: `${prefix}*`,
    isWhole: pattern === undefined,
    holds: pattern === undefined
      ? { variable: 'uri', operator: 'starts-with', value: prefix }
      : { variable: 'uri', operator: 'matches', value: pattern },
  }]
}

/** The pattern of a uri; undefined: none of its segments begins with a star, or is a parameter. */
function patternOf(uri: string, hasParameters: boolean): string | undefined {
  let isPattern = false
  const segments = uri.split('/').map((segment) => {
    if (segment.startsWith('*')) {
      isPattern = true
      return '(?:.|\\n)*'
    }
    if (hasParameters && segment.startsWith(':')) {
      isPattern = true
      return '[^/]+'
    }
    return segment.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  })
  return isPattern ? `^${segments.join('/')}$` : undefined
}
