import type { Json, StoredDocument } from '../../../store/mod.ts'
import type { Answer } from './answer.ts'

/** How answers look: as in 3.x, or as in 2.x, which wraps what etcd's second API would say. */
export type Shape = 'v2' | 'v3'

/** What an answer is told with. */
export interface EnvelopeOptions {
  readonly shape: Shape
  /** The key as it is told, with the prefix. */
  readonly key: string
}

/** A document that was put: with 201 where it is new. */
export function wrote(
  { shape, key }: EnvelopeOptions,
  value: Json,
  action: 'set' | 'create' | 'compareAndSwap',
  isNew: boolean,
): Answer {
  const node = { key, value }
  const status = isNew ? 201 : 200
  return { status, body: shape === 'v3' ? node : { action, node } }
}

/** One document. */
export function one(
  { shape, key }: EnvelopeOptions,
  document: StoredDocument,
  value: Json,
): Answer {
  if (shape === 'v2') {
    return { status: 200, body: { action: 'get', count: '1', node: { key, value } } }
  }
  return { status: 200, body: node(key, document, value) }
}

/** What a list holds of one document. */
export function node(key: string, document: StoredDocument, value: Json): Json {
  const { createRevision, modifyRevision } = document
  return { key, value, createdIndex: createRevision, modifiedIndex: modifyRevision }
}

/** A list; `total` counts before paging. */
export function many(
  { shape, key }: EnvelopeOptions,
  nodes: readonly Json[],
  total: number,
): Answer {
  const body = shape === 'v3'
    ? { list: nodes, total }
    : { action: 'get', count: total, node: { dir: true, key, nodes } }
  return { status: 200, body }
}

/** A document that is gone. */
export function deleted({ shape, key }: EnvelopeOptions): Answer {
  const body = { deleted: '1', key }
  return {
    status: 200,
    body: shape === 'v3' ? body : { action: 'delete', ...body, node: {} },
  }
}
