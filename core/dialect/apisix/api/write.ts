import {
  type Condition,
  isKey,
  isStoreFailure,
  type StoredDocument,
  type StoreFailure,
} from '../../../store/mod.ts'
import { isTable, type Table, withChanges } from '../table.ts'
import { type Answer, KEY_NOT_FOUND, refuse } from './answer.ts'
import { isWrong, type Wrong } from './checks/types.ts'
import { deleted, wrote } from './envelope.ts'
import { keyOf, type Place } from './places.ts'
import { check, prepare } from './prepare.ts'
import { envelope, find, type ResourceRequest, sealed, trouble } from './read.ts'
import { findUser } from './references.ts'
import { patched, stamped, withTimes } from './times.ts'
import type { ResourceContext } from './types.ts'

const ATTEMPTS = 50

/** Answers PUT: puts a whole document. */
export async function put(request: ResourceRequest, context: ResourceContext): Promise<Answer> {
  const { place, body } = request
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const prepared = await prepare(place, body, context)
    if (isWrong(prepared)) return wrongAnswer(prepared)
    const orphan = await consumerFault(place, context)
    if (orphan !== undefined) return orphan
    const key = keyOf(place, prepared.id)
    const before = await find(context, key)
    if (before !== undefined && isStoreFailure(before)) return trouble(before)
    const document = stamped(prepared.document, place, context, before)
    const done = await write(request, context, {
      ...prepared,
      document,
      key,
      revision: before?.modifyRevision ?? 0,
    })
    if (done === 'conflict') continue
    return 'status' in done ? done : await answerWrite(request, context, {
      ...prepared,
      written: done,
      action: 'set',
      isNew: before === undefined,
    })
  }
  return refuse(503, 'value changed before overwritten')
}

/** A credential needs its consumer. */
async function consumerFault(
  { kind, folder }: Place,
  context: ResourceContext,
): Promise<Answer | undefined> {
  if (kind.name !== 'credentials') return undefined
  const found = await find(context, folder.slice(0, -'/credentials'.length))
  if (found === undefined) return refuse(404, 'consumer not found')
  return isStoreFailure(found) ? trouble(found) : undefined
}

/** Answers POST: puts a document under an id of its own. */
export async function post(request: ResourceRequest, context: ResourceContext): Promise<Answer> {
  const { place, body } = request
  const { word } = place.kind
  if (body === undefined || body === null) return refuse(400, 'missing configurations')
  if (place.id !== undefined || (isTable(body) && body['id'] !== undefined)) {
    return refuse(400, `wrong ${word} id, do not need it`)
  }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const checked = await check(place, body, context, { times: false })
    if (isWrong(checked)) return wrongAnswer(checked)
    const now = await context.store.get(place.folder)
    if (isStoreFailure(now)) return trouble(now)
    const id = String(now.revision + 1 + attempt).padStart(20, '0')
    const document = stamped(withChanges(checked.document, { id }), place, context, undefined)
    const done = await write(request, context, {
      ...checked,
      document,
      key: keyOf(place, id),
      revision: 0,
    })
    if (done === 'conflict') continue
    if ('status' in done) return done
    const written = { ...checked, id, written: done, action: 'create', isNew: true } as const
    return await answerWrite(request, context, written)
  }
  return refuse(503, 'value changed before overwritten')
}

/** Answers PATCH: merges a change into a document, or replaces what stands at a place within it. */
export async function patch(request: ResourceRequest, context: ResourceContext): Promise<Answer> {
  const { place, body } = request
  const { id, subPath, kind } = place
  if (id === undefined) return refuse(400, `missing ${kind.word} id`)
  if (body === undefined) return refuse(400, 'missing new configuration')
  if (subPath.length === 0 && (typeof body !== 'object' || body === null)) {
    return refuse(400, 'invalid configuration')
  }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await find(context, keyOf(place, id))
    if (before === undefined) return KEY_NOT_FOUND
    if (isStoreFailure(before)) return trouble(before)
    const changed = patched(before.value as Table, place, body)
    if (changed === undefined) return refuse(400, `invalid sub-path: /${subPath.join('/')}`)
    const stampedDocument = withTimes(changed, body, subPath.length > 0, context)
    const prepared = await check(place, stampedDocument, context, { id, times: true })
    if (isWrong(prepared)) return wrongAnswer(prepared)
    const done = await write(request, context, {
      ...prepared,
      key: keyOf(place, id),
      revision: before.modifyRevision,
    })
    if (done === 'conflict') continue
    if ('status' in done) return done
    return await answerWrite(request, context, {
      ...prepared,
      id,
      written: done,
      action: 'compareAndSwap',
      isNew: false,
    })
  }
  return refuse(503, 'value changed before overwritten')
}

/** Answers DELETE, unless another document still names this one. */
export async function remove(request: ResourceRequest, context: ResourceContext): Promise<Answer> {
  const { place, query } = request
  const { id, kind } = place
  if (id === undefined) return refuse(400, `missing ${kind.word} id`)
  if (query.get('force') !== 'true') {
    const user = await findUser(kind, id, context)
    if (user !== undefined && isStoreFailure(user)) return trouble(user)
    if (user !== undefined) return refuse(400, user)
  }
  const key = keyOf(place, id)
  if (!isKey(key)) return KEY_NOT_FOUND
  const keys = kind.name === 'consumers' ? await credentialsOf(key, context) : []
  if (isStoreFailure(keys)) return trouble(keys)
  const done = await context.store.commit({
    by: 'apisix',
    operations: [...keys, key].slice(-100).map((each) => ({ delete: each })),
  })
  if (isStoreFailure(done)) return trouble(done)
  if (!done.changes.some((change) => change.key === key)) return KEY_NOT_FOUND
  await context.inForce(done.revision)
  return deleted(envelope(request, context, id))
}

async function credentialsOf(
  key: string,
  context: ResourceContext,
): Promise<readonly string[] | StoreFailure> {
  const documents = await context.documents(`${key}/credentials`)
  return isStoreFailure(documents) ? documents : documents.map((each) => each.key)
}

interface Write {
  readonly key: string
  readonly document: Table
  /** The revision at which the document was read; 0: there was none. */
  readonly revision: number
  readonly conditions: readonly Condition[]
}

async function write(
  { query }: ResourceRequest,
  { store }: ResourceContext,
  { key, document, revision, conditions }: Write,
): Promise<StoredDocument | Answer | 'conflict'> {
  const ttl = Number(query.get('ttl') ?? 0)
  const operation = { put: key, value: document }
  const done = await store.commit({
    by: 'apisix',
    operations: [ttl >= 1 ? { ...operation, ttl: Math.floor(ttl) } : operation],
    conditions: [...conditions.filter((each) => each.key !== key), { key, revision }],
  })
  if (isStoreFailure(done)) return done.failure === 'conflict' ? 'conflict' : trouble(done)
  return done.changes[0]?.document ?? refuse(503, `Put "${key}": it is not there`)
}

interface Done {
  readonly id: string
  readonly written: StoredDocument
  readonly warnings: readonly string[]
  readonly action: 'set' | 'create' | 'compareAndSwap'
  readonly isNew: boolean
}

async function answerWrite(
  request: ResourceRequest,
  context: ResourceContext,
  { id, written, warnings, action, isNew }: Done,
): Promise<Answer> {
  const problems = await context.inForce(written.modifyRevision)
  const told = problems.filter(({ key }) => key === written.key).map(({ message }) => message)
  for (const warning of warnings) context.log.write('warn', warning, { key: written.key })
  const value = await sealed(written.value, request.place, context)
  const answer = wrote(envelope(request, context, id), value, action, isNew)
  const all = [...warnings, ...told]
  if (all.length === 0) return answer
  const text = all.map((each) => `299 sallyport "${each.replace(/["\\]/g, '')}"`).join(', ')
  return { ...answer, headers: { Warning: text.replace(/[^ -~]/g, '?') } }
}

function wrongAnswer({ wrong, status = 400 }: Wrong): Answer {
  return refuse(status, wrong)
}
