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
  checkKinds(listeners)
  return listeners.map((listener) => {
    const { type, paths = [] } = listener
    if (type === 'SUBSCRIPTION' || type === 'KAFKA') {
      throw bad('api.listenerType', `Listener type [${type}] is not supported`)
    }
    const clean = type === 'HTTP' ? { ...listener, paths: sanitizePaths(paths) } : listener
    checkEntrypoints(listener)
    return clean
  })
}

/** Paths in their one form. Throws Fault where there is none, or one comes twice. */
export function sanitizePaths(paths: readonly PathDefinition[]): PathDefinition[] {
  if (paths.length === 0) {
    throw bad('api.pathMissing', 'HTTP listener requires a minimum of one path')
  }
  const seen = new Set<string>()
  return paths.map(sanitizeOne).map((each) => {
    const whole = `${each.host ?? ''} ${each.path}`
    if (!seen.has(whole)) {
      seen.add(whole)
      return each
    }
    throw bad('api.duplicatedPath', `Path [${each.path}] is duplicated`, { path: each.path })
  })
}

/** One listener of a kind is all that an API may have. */
function checkKinds(listeners: readonly ListenerDefinition[]): void {
  const again = repeated(listeners.map(({ type }) => type.toLowerCase()))
  if (again.length === 0) return
  const told = `[${again.join(', ')}]`
  const code = 'api.listeners.type.duplicated'
  throw bad(code, `The api contains duplicated listeners type [${told}].`, { [code]: told })
}

function checkEntrypoints({ type, entrypoints = [] }: ListenerDefinition): void {
  const kind = type.toLowerCase()
  if (entrypoints.length === 0) {
    const message = `At least one entrypoint is required for the listener  [${kind}].`
    throw bad('listeners.entrypoints.missing', message)
  }
  const same = repeated(entrypoints.map((each) => JSON.stringify(each)))
  if (same.length > 0) {
    const names = new Set(same.map((each) => (JSON.parse(each) as { type?: string }).type))
    const told = `[${[...names].join(', ')}]`
    const code = 'api.listeners.entrypoints.type.duplicated'
    const message = `The api contains duplicated entrypoints [${told}] for listener [${kind}].`
    throw bad(code, message, { [code]: told })
  }
  if (entrypoints.some((each) => typeof each['type'] !== 'string')) {
    const message = 'The entrypoint type cannot be null or empty.'
    throw bad('listeners.entrypoints.type.missing', message)
  }
}

/** What comes more than once. */
function repeated(all: readonly string[]): string[] {
  return [...new Set(all.filter((each, at) => all.indexOf(each) < at))]
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
