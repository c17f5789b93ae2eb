import { bad, Fault } from './faults.ts'
import type { ListenerDefinition, PathDefinition } from './model.ts'

const HOST = /^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i

/** A context path in its one form: a slash first and last, none twice. Throws Fault. */
export function sanitizePath(path: string): string {
  const clean = `/${path}/`.replace(/\/{2,}/g, '/')
  if (/^[A-Za-z0-9\-._/]*$/.test(clean) && !/(^|\/)\.{1,2}(\/|$)/.test(clean)) return clean
  throw bad('api.invalidPath', `Path [${path}] is invalid`, { path })
}

/** Listeners with their paths in their one form. Throws Fault where one has none, or one comes twice. */
export function sanitizeListeners(listeners: readonly ListenerDefinition[]): ListenerDefinition[] {
  const seen = new Set<string>()
  return listeners.map((listener) => {
    if (listener.type === 'SUBSCRIPTION' || listener.type === 'KAFKA') {
      throw bad('api.listenerType', `Listener type [${listener.type}] is not supported`)
    }
    if (listener.type !== 'HTTP') return listener
    const paths = (listener.paths ?? []).map(sanitizeOne)
    if (paths.length === 0) {
      throw new Fault(400, 'At least one path is required for the HTTP listener.', {
        code: 'listener.http.pathMissing',
      })
    }
    for (const each of paths) {
      const whole = `${each.host ?? ''} ${each.path}`
      if (seen.has(whole)) {
        throw bad('api.duplicatedPath', `Path [${each.path}] is duplicated`, { path: each.path })
      }
      seen.add(whole)
    }
    return { ...listener, paths }
  })
}

function sanitizeOne({ path, host, ...rest }: PathDefinition): PathDefinition {
  const clean = { ...rest, path: sanitizePath(path) }
  if (host === undefined || host === '') return clean
  const name = host.toLowerCase().replace(/:\d+$/, '')
  if (HOST.test(name)) return { ...clean, host: name }
  throw bad('api.invalidHost', `The host [${host}] is invalid`, { host })
}

/**
 * A path of another API that stands in the way of one: the same, one above it or one below it, for the same host.
 * `paths` are the ids of claims on paths, as {@linkcode pathKey} makes them, with who has them.
 */
export function conflictOf(
  { path, host = '' }: PathDefinition,
  paths: Iterable<readonly [string, { readonly value: string }]>,
  api: string | undefined,
): PathDefinition | undefined {
  const own = host.toLowerCase()
  for (const [id, { value: owner }] of paths) {
    if (owner === api) continue
    const [otherHost = '', other = ''] = decodeURIComponent(id).split(' ')
    if (otherHost === own && (other.startsWith(path) || path.startsWith(other))) {
      return { path: other }
    }
  }
  return undefined
}

/** Someone has the path already. */
export function duplicatePath({ path }: PathDefinition): Fault {
  const message = `Path [${path}] already exists`
  return new Fault(400, message, { code: 'api.pathAlreadyExists', parameters: { path } })
}

/** All context paths of listeners. */
export function pathsOf(listeners: readonly ListenerDefinition[]): PathDefinition[] {
  return listeners.filter(({ type }) => type === 'HTTP').flatMap(({ paths }) => paths ?? [])
}
