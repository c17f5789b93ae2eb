import type { Json } from '../../store/mod.ts'

const OWN = { enumerable: true, writable: true, configurable: true }

type Container = Json[] | Record<string, Json>

/** One step of a JSON Patch (RFC 6902). */
export interface PatchStep {
  readonly op?: Json
  readonly path: string
  readonly from?: string
  readonly value?: Json
}

/** As much as all copies of one patch may be, in characters of JSON: copies of copies grow fast. */
const MOST_COPIED = 1_048_576

/** Why a JSON Patch cannot be done. */
export class PatchError extends Error {}

/** A value changed by a JSON Merge Patch (RFC 7396). */
export function mergePatch(target: Json, patch: Json): Json {
  if (!isMap(patch)) return patch
  const result = new Map(Object.entries(isMap(target) ? target : {}))
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name)
    else result.set(name, mergePatch(result.get(name) ?? null, value))
  }
  return Object.fromEntries(result)
}

/** A value changed by the steps of a JSON Patch. Throws PatchError. */
export function jsonPatch(target: Json, steps: readonly PatchStep[]): Json {
  // Below one place there is nothing above it, so that the whole has a place, too.
  const root: Record<string, Json> = { '': structuredClone(target) as Json }
  let copied = 0
  for (const step of steps) {
    if (step.op === 'copy') copied += JSON.stringify(read(root, stepsOf(step.from ?? ''))).length
    if (copied > MOST_COPIED) throw new PatchError('too much is copied')
    doStep(root, step)
  }
  return root[''] as Json
}

function doStep(root: Container, { op, path, from = '', value }: PatchStep): void {
  const at = stepsOf(path)
  if (op === 'add') return add(root, at, needed(value))
  if (op === 'remove') return void remove(root, at)
  if (op === 'replace') {
    const { parent, name } = placeOf(root, at)
    return put(parent, name, needed(value))
  }
  if (op === 'test') {
    const { parent, name } = placeOf(root, at)
    if (isSame(childOf(parent, name) as Json, needed(value))) return
    throw new PatchError('value differs from expectations')
  }
  if (op === 'copy') return add(root, at, structuredClone(read(root, stepsOf(from))) as Json)
  if (op !== 'move') throw new PatchError(`unknown operation ${JSON.stringify(op)}`)
  if (path === from) return
  if (path.startsWith(`${from}/`)) throw new PatchError('cannot move a node into itself')
  add(root, at, remove(root, stepsOf(from)))
}

function needed(value: Json | undefined): Json {
  if (value !== undefined) return value
  throw new PatchError("missing required 'value' field")
}

/** The steps of a JSON Pointer (RFC 6901), from above the whole. */
function stepsOf(pointer: string): string[] {
  return pointer.split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function parentOf(root: Container, at: readonly string[]): Json | undefined {
  let here: Json | undefined = root
  for (const step of at.slice(0, -1)) here = here === undefined ? undefined : childOf(here, step)
  return here
}

function childOf(value: Json, name: string): Json | undefined {
  if (Array.isArray(value)) {
    return /^(0|[1-9]\d*)$/.test(name) ? (value as Json[])[Number(name)] : undefined
  }
  return isMap(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

/** Where something that is there stands. */
function placeOf(
  root: Container,
  at: readonly string[],
): { readonly parent: Container; readonly name: string } {
  const parent = parentOf(root, at)
  const name = at.at(-1) ?? ''
  if (parent !== undefined && childOf(parent, name) !== undefined) {
    return { parent: parent as Container, name }
  }
  throw new PatchError('no such path in target JSON document')
}

function read(root: Container, at: readonly string[]): Json {
  const { parent, name } = placeOf(root, at)
  return childOf(parent, name) as Json
}

function remove(root: Container, at: readonly string[]): Json {
  const { parent, name } = placeOf(root, at)
  const value = childOf(parent, name) as Json
  if (Array.isArray(parent)) parent.splice(Number(name), 1)
  else delete parent[name]
  return value
}

function add(root: Container, at: readonly string[], value: Json): void {
  const parent = parentOf(root, at)
  const name = at.at(-1) ?? ''
  if (parent === undefined) throw new PatchError('parent of node to add does not exist')
  if (typeof parent !== 'object' || parent === null) {
    throw new PatchError('parent of path to add to is not a container')
  }
  if (!Array.isArray(parent)) return put(parent as Container, name, value)
  const list = parent as Json[]
  if (name !== '-' && !/^(0|[1-9]\d*)$/.test(name)) {
    throw new PatchError('reference token is not an array index')
  }
  const index = name === '-' ? list.length : Number(name)
  if (index > list.length) throw new PatchError('no such index in target array')
  list.splice(index, 0, value)
}

function put(parent: Container, name: string, value: Json): void {
  if (Array.isArray(parent)) parent[Number(name)] = value
  else Object.defineProperty(parent, name, { ...OWN, value })
}

function isSame(one: Json, other: Json): boolean {
  if (typeof one !== 'object' || one === null) return one === other
  if (typeof other !== 'object' || other === null) return false
  const names = Object.keys(one)
  return Array.isArray(one) === Array.isArray(other) &&
    names.length === Object.keys(other).length &&
    names.every((name) => {
      const [a, b] = [childOf(one, name), childOf(other, name)]
      return a !== undefined && b !== undefined && isSame(a, b)
    })
}

function isMap(value: Json): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
