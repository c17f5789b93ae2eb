import { isStoreFailure, storeFailure } from './failure.ts'
import { freezeJson } from './json.ts'
import { fromBase64, type KeyRing, type SealingKey, toBase64 } from './keys.ts'
import type { Json, StoredDocument, StoreFailure } from './types.ts'

/** Where something stands within a document. */
export type Path = readonly (string | number)[]

/** Tells where a document's secrets stand. What stands there is sealed whole, whatever it is. */
export type SecretsOf = (key: string, value: Json) => readonly Path[]

/** `sealed:1:KEY-ID:BASE64`, of the 12 bytes of the nonce and what AES-256-GCM made. */
export const SEALED_MARK = 'sealed:1:'
const NONCE_BYTES = 12
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/

/** Whether text is, or claims to be, something sealed. */
export function isSealed(value: Json): value is string {
  return typeof value === 'string' && value.startsWith(SEALED_MARK)
}

/** The id of the key that a sealed text names. */
export function keyIdOf(sealed: string): string {
  return sealed.slice(SEALED_MARK.length).split(':')[0] ?? ''
}

/** Where a document holds something sealed. */
export function sealedPaths(value: Json): Path[] {
  return find(value, isSealed)
}

/** Where a document holds a private key in PEM: a secret, whatever the document means. */
export function privateKeyPaths(value: Json): Path[] {
  return find(value, (part) => typeof part === 'string' && PRIVATE_KEY.test(part))
}

/**
 * Seals what stands at the paths. Text that looks sealed is sealed, too, wherever it stands, so that reading takes
 * nothing for ours that is not; unless `keep` says that it is ours.
 */
export async function seal(
  value: Json,
  paths: readonly Path[],
  options: { readonly key: string; readonly ring: KeyRing; readonly keep?: boolean },
): Promise<Json> {
  const [first] = options.ring.keys
  const wanted = [...paths, ...(options.keep === true ? [] : sealedPaths(value))]
  return await replace(
    value,
    wanted,
    async (part, path) =>
      options.keep === true && isSealed(part)
        ? part
        : await encrypt(part, first, place(options.key, path)),
  )
}

/** Whether anything in a document is sealed. Asked of every document that is read, so it makes nothing. */
export function hasSealed(value: Json): boolean {
  if (typeof value === 'string') return value.startsWith(SEALED_MARK)
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) {
    for (const part of value as readonly Json[]) if (hasSealed(part)) return true
    return false
  }
  const map = value as Readonly<Record<string, Json>>
  for (const name in map) if (hasSealed(map[name] as Json)) return true
  return false
}

/** Whether a document may hold something sealed; a value that was not read yet stays so. */
export function mayBeSealed(document: StoredDocument): boolean {
  return document.sealed ?? hasSealed(document.value)
}

/** Reads all that is sealed in a document. */
export async function unseal(
  value: Json,
  { key, ring }: { readonly key: string; readonly ring: KeyRing },
): Promise<Json | StoreFailure> {
  let failure: StoreFailure | undefined
  const clear = await replace(value, sealedPaths(value), async (part, path) => {
    const opened = await decrypt(part as string, ring, place(key, path))
    if (!isStoreFailure(opened)) return opened.value
    failure = storeFailure('corrupt', `Unseal "${path.join('.')}" of "${key}": ${opened.message}`)
    return null
  })
  return failure ?? clear
}

/** A secret cannot be moved: it is sealed together with where it stands. */
function place(key: string, path: Path): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify([key, ...path]))
}

async function encrypt(
  part: Json,
  { id, key }: SealingKey,
  additionalData: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const iv = globalThis.crypto.getRandomValues(new Uint8Array(NONCE_BYTES))
  const clear = new TextEncoder().encode(JSON.stringify(part))
  const parameters = { name: 'AES-GCM', iv, additionalData }
  const text = new Uint8Array(await globalThis.crypto.subtle.encrypt(parameters, key, clear))
  const all = new Uint8Array(iv.length + text.length)
  all.set(iv)
  all.set(text, iv.length)
  return `${SEALED_MARK}${id}:${toBase64(all)}`
}

async function decrypt(
  sealed: string,
  ring: KeyRing,
  additionalData: Uint8Array<ArrayBuffer>,
): Promise<{ readonly value: Json } | StoreFailure> {
  const id = keyIdOf(sealed)
  const found = ring.keys.find((each) => each.id === id)
  if (found === undefined) {
    return storeFailure('corrupt', `the key "${id}" that it was sealed with is not among ours`)
  }
  const bytes = fromBase64(sealed.slice(SEALED_MARK.length + id.length + 1)) ?? new Uint8Array()
  const parameters = { name: 'AES-GCM', iv: bytes.subarray(0, NONCE_BYTES), additionalData }
  try {
    const { subtle } = globalThis.crypto
    const clear = await subtle.decrypt(parameters, found.key, bytes.subarray(NONCE_BYTES))
    return { value: JSON.parse(new TextDecoder().decode(clear)) as Json }
  } catch {
    return storeFailure('corrupt', 'it was changed, or it was sealed in another place')
  }
}

function find(value: Json, wanted: (part: Json) => boolean, path: Path = []): Path[] {
  if (wanted(value)) return [path]
  if (typeof value !== 'object' || value === null) return []
  const parts: readonly (readonly [string | number, Json])[] = Array.isArray(value)
    ? value.map((part: Json, at): [number, Json] => [at, part])
    : Object.entries(value as Record<string, Json>)
  return parts.flatMap(([name, part]) => find(part, wanted, [...path, name]))
}

/** A document with other things at the paths that there are; what is beside them is not copied. */
async function replace(
  value: Json,
  paths: readonly Path[],
  change: (part: Json, path: Path) => Promise<Json>,
): Promise<Json> {
  if (paths.length === 0) return value
  const root = { value }
  const own = new Set<object>([root])
  const done = new Set<string>()
  // The outer ones first: what stands within something sealed is sealed with it.
  for (const path of [...paths].sort((a, b) => a.length - b.length)) {
    const steps: Path = ['value', ...path]
    const name = paths.length === 1 ? '' : JSON.stringify(path)
    const parent = parentOf(root, steps, own)
    const last = steps.at(-1) as string | number
    if (parent === undefined || done.has(name)) continue
    done.add(name)
    parent[last] = freezeJson(await change(parent[last] as Json, path))
  }
  for (const copy of own) Object.freeze(copy)
  return root.value
}

/** What holds the last step, copied on the way to it; undefined: there is no such place. */
function parentOf(
  root: object,
  steps: Path,
  own: Set<object>,
): Record<string | number, Json> | undefined {
  let here = root as Record<string | number, Json>
  for (const [at, step] of steps.entries()) {
    if (!Object.hasOwn(here, step)) return undefined
    if (at === steps.length - 1) return here
    let next = here[step] as Json
    if (typeof next !== 'object' || next === null) return undefined
    if (!own.has(next)) {
      next = Array.isArray(next) ? [...next as readonly Json[]] : { ...next }
      own.add(next)
      here[step] = next
    }
    here = next as Record<string | number, Json>
  }
  return undefined
}
