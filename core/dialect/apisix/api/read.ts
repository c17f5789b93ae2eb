import {
  isKey,
  isStoreFailure,
  type Json,
  type StoredDocument,
  type StoreFailure,
} from '../../../store/mod.ts'
import { privateKeysOf, valueAt, withValueAt } from '../secrets.ts'
import { isTable, tableOf, withChanges } from '../table.ts'
import { type Answer, KEY_NOT_FOUND, refuse } from './answer.ts'
import { type EnvelopeOptions, many, node, one } from './envelope.ts'
import { listing } from './list.ts'
import { keyOf, type Place } from './places.ts'
import type { ResourceContext } from './types.ts'

/** One request about documents. */
export interface ResourceRequest {
  readonly place: Place
  readonly body: Json | undefined
  readonly query: URLSearchParams
  readonly shape: EnvelopeOptions['shape']
}

/** Answers GET: one document, or a list. */
export async function get(request: ResourceRequest, context: ResourceContext): Promise<Answer> {
  const { place } = request
  if (place.id === undefined) return await list(request, context)
  const found = await find(context, keyOf(place, place.id))
  if (found === undefined) return KEY_NOT_FOUND
  if (isStoreFailure(found)) return trouble(found)
  return one(envelope(request, context, place.id), found, await told(found, place, context))
}

async function list(request: ResourceRequest, context: ResourceContext): Promise<Answer> {
  const { place, query } = request
  const { folder, kind } = place
  const documents = await context.documents(folder)
  if (isStoreFailure(documents)) return trouble(documents)
  if (kind.name === 'credentials' && documents.length === 0) return KEY_NOT_FOUND
  const wanted = listing(documents, query, kind)
  if (typeof wanted === 'string') return { status: 400, body: wanted }
  const nodes: Json[] = []
  for (const document of wanted.documents) {
    const id = document.key.slice(folder.length + 1)
    const value = kind.name === 'ssls'
      ? await listedSsl(document.value, place, context)
      : await told(document, place, context)
    nodes.push(node(envelope(request, context, id).key, document, value))
  }
  return many(envelope(request, context), nodes, wanted.total)
}

/** A document as GET tells it: of ssls not even the ciphertext of keys. */
async function told(
  document: StoredDocument,
  place: Place,
  context: ResourceContext,
): Promise<Json> {
  const { value } = document
  if (place.kind.name === 'ssls' && isTable(value)) {
    return withChanges(value, { key: undefined, keys: undefined })
  }
  return await sealed(value, place, context)
}

/**
 * An ssl in a list. Clients that read lists (ADC) take `keys` to be there where `certs` are: either both are told, keys
 * as ciphertext, as ADC must find its own ones unchanged, or neither is.
 */
async function listedSsl(value: Json, place: Place, context: ResourceContext): Promise<Json> {
  if (!isTable(value)) return value
  if (tableOf(value, 'labels')?.['managed-by'] !== 'adc') {
    return withChanges(value, { key: undefined, keys: undefined, certs: undefined })
  }
  return await sealed(withChanges(value, { key: undefined }), place, context)
}

/** A document with ciphertext in place of private keys. */
export async function sealed(value: Json, place: Place, context: ResourceContext): Promise<Json> {
  let shown = value
  for (const path of privateKeysOf(place.kind.name, value)) {
    const clear = valueAt(value, path)
    if (typeof clear !== 'string' || /^\$(?:secret|env):\/\//.test(clear)) continue
    shown = withValueAt(shown, path, await context.ciphertext.seal(clear))
  }
  return shown
}

export async function find(
  { store }: ResourceContext,
  key: string,
): Promise<StoredDocument | StoreFailure | undefined> {
  if (!isKey(key)) return undefined
  const found = await store.get(key)
  return isStoreFailure(found) ? found : found.document
}

export function envelope(
  { place, shape }: ResourceRequest,
  { prefix }: ResourceContext,
  id?: string,
): EnvelopeOptions {
  const folder = `${prefix}${place.told}`
  return { shape, key: id === undefined ? folder : `${folder}/${id}` }
}

/** The store cannot do what is asked. */
export function trouble({ failure, message }: StoreFailure): Answer {
  return refuse(failure === 'invalid' ? 400 : 503, message)
}
