import { Hono } from 'hono'
import { isStoreFailure, type StoredDocument, type StoreFailure } from '../../../store/mod.ts'
import type { Caller, DialectApi, DialectContext } from '../../types.ts'
import { type Answer, refuse, toResponse } from './answer.ts'
import { checkCaller, checkKey } from './auth.ts'
import { readBody, readConfiguration } from './body.ts'
import { ConsumerKeys } from './checks/duplicates.ts'
import { Ciphertext } from './ciphertext.ts'
import { findKind, OLD_NAMES } from './kinds.ts'
import { openApi } from './openapi.ts'
import type { ApiOptions } from './options.ts'
import { Pace } from './pace.ts'
import type { Place } from './places.ts'
import { describePlugins, listPlugins, schemaNamed } from './plugins.ts'
import { get } from './read.ts'
import type { ResourceContext } from './types.ts'
import { StandaloneConfigs } from './standalone.ts'
import { validateAll, validateSchema } from './validate.ts'
import { patch, post, put, remove } from './write.ts'

export { type ApiOptions, APISIX_VERSION } from './options.ts'

interface Env {
  readonly Bindings: { readonly caller: Caller }
}

/** The Admin API of APISIX. */
export function createAdminApi(context: DialectContext, options: ApiOptions): DialectApi {
  const resources = resourceContext(context, options)
  const standalone = options.standalone ? new StandaloneConfigs() : undefined
  const answering = { resources, options, version: context.version, standalone }
  const app = new Hono<Env>({ strict: false })
  const root = '/apisix/admin'
  // Hono answers HEAD as GET; clients ask so whether there is an API at all.
  app.get(
    root,
    ({ req }) =>
      respond(req.raw.method === 'HEAD' ? { status: 200 } : refuse(404, 'not found'), options),
  )
  app.options('*', () => respond({ status: 200, headers: PREFLIGHT }, options))
  app.all(`${root}/*`, async ({ req, env }) => {
    const answer = await guarded(req.raw, env.caller, options) ??
      await route(req.raw, answering).catch((error) => {
        context.log.write('error', 'Answer the Admin API: it failed', { error: String(error) })
        return refuse(500, 'internal error')
      })
    return respond(answer, options, answer.status !== 401)
  })
  app.notFound(() => respond(refuse(404, 'not found'), options))
  return async (request, caller) => await app.fetch(request, { caller })
}

const PREFLIGHT = {
  'Access-Control-Allow-Methods': 'POST, GET, PUT, OPTIONS, DELETE, PATCH',
  'Access-Control-Allow-Headers': '*',
  'Content-Type': 'text/plain',
}

function respond(answer: Answer, options: ApiOptions, known = false): Response {
  const { cors, server, shape } = options
  return toResponse(answer, {
    Server: server,
    ...(known ? { 'X-API-VERSION': shape } : {}),
    ...(cors
      ? {
        'Access-Control-Allow-Origin': '*',
        'Access-Control-Allow-Credentials': 'true',
        'Access-Control-Expose-Headers': '*',
        'Access-Control-Max-Age': '3600',
      }
      : {}),
  })
}

async function guarded(
  request: Request,
  caller: Caller,
  { access, server }: ApiOptions,
): Promise<Answer | undefined> {
  return checkCaller(caller, access, server) ?? await checkKey(request, access)
}

interface Answering {
  readonly resources: ResourceContext
  readonly options: ApiOptions
  readonly version: string
  /** Where documents come in one piece. */
  readonly standalone: StandaloneConfigs | undefined
}

/** Answers whoever may ask. */
async function route(request: Request, answering: Answering): Promise<Answer> {
  const url = new URL(request.url)
  const [first = '', ...rest] = url.pathname.split('/').slice(3).map(decode)
    .filter((segment) => segment !== '')
  const { method } = request
  switch (first) {
    case 'openapi.json':
      return { status: 200, body: openApi(answering.version) }
    case 'plugins':
      return answerPlugins(method, rest, url.searchParams)
    case 'schema':
      return await answerSchema(request, rest)
    case 'configs':
      return await answerConfigs(request, rest, answering)
    case 'stream_routes':
      return refuse(400, 'stream mode is disabled, can not add stream routes')
    default:
      return await answerResource(request, [first, ...rest], answering)
  }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

function answerPlugins(method: string, rest: readonly string[], query: URLSearchParams): Answer {
  const [name] = rest
  if (name === 'reload') {
    if (method === 'PUT') return { status: 200, body: 'done' }
    const told = `please use PUT method to reload the plugins, ${method} method is not allowed.`
    return refuse(405, told)
  }
  if (method !== 'GET') return refuse(404, 'not found')
  return name === 'list' ? listPlugins(query) : describePlugins(name, query)
}

async function answerSchema(request: Request, rest: readonly string[]): Promise<Answer> {
  const [name = '', inner = ''] = rest
  if (name === 'validate') {
    if (request.method !== 'POST') return refuse(404, 'not found')
    const body = await readBody(request)
    return 'refused' in body ? body.refused : validateSchema(inner, body.value)
  }
  if (request.method !== 'GET') return refuse(404, 'not found')
  if (name === 'plugins' && inner !== '') {
    return describePlugins(inner, new URL(request.url).searchParams)
  }
  const schema = schemaNamed(name)
  return schema === undefined
    ? refuse(400, `not found schema: ${name}`)
    : { status: 200, body: JSON.parse(JSON.stringify(schema)) }
}

async function answerConfigs(
  request: Request,
  rest: readonly string[],
  { resources, standalone }: Answering,
): Promise<Answer> {
  const { method } = request
  if (rest.length === 0 && standalone !== undefined) {
    if (method === 'GET' || method === 'HEAD') return standalone.get(request)
    if (method === 'PUT') return await standalone.put(request, resources)
  }
  if (rest[0] !== 'validate' || method !== 'POST') return refuse(404, 'not found')
  const body = await readConfiguration(request)
  return 'refused' in body ? body.refused : await validateAll(body.value, resources.checks)
}

const METHODS = { GET: get, PUT: put, POST: post, PATCH: patch, DELETE: remove } as const

async function answerResource(
  request: Request,
  segments: readonly string[],
  { resources, options }: Answering,
): Promise<Answer> {
  const [name = ''] = segments
  const place = placeOf(segments)
  if (place === undefined) {
    return refuse(404, name === '' ? 'not found' : `Unsupported resource type: ${name}`)
  }
  const method = request.method === 'HEAD' ? 'GET' : request.method
  if (!Object.hasOwn(METHODS, method)) return refuse(404, 'not found')
  const body = await readBody(request)
  if ('refused' in body) return body.refused
  const query = new URL(request.url).searchParams
  const ttl = query.get('ttl')
  if (ttl !== null && (ttl.trim() === '' || Number.isNaN(Number(ttl)))) {
    return refuse(400, 'invalid argument ttl: should be a number')
  }
  if (place.kind.without.includes(method)) {
    return refuse(405, `not supported \`${method}\` method for ${place.kind.word}`)
  }
  if (options.standalone && method !== 'GET') {
    return refuse(405, `not supported \`${method}\` method in standalone mode`)
  }
  const shape = OLD_NAMES.has(name) ? 'v2' : options.shape
  const answer = METHODS[method as keyof typeof METHODS]
  return await answer({ place, body: body.value, query, shape }, resources)
}

/** What a path is about. */
function placeOf(segments: readonly string[]): Place | undefined {
  const [name = '', id, ...subPath] = segments
  if (name === 'consumers' && subPath[0] === 'credentials' && id !== undefined) {
    const kind = findKind('credentials')
    const folder = `/consumers/${id}/credentials`
    const [, credential, ...rest] = subPath
    return kind && { kind, folder, told: folder, id: credential, subPath: rest }
  }
  const kind = findKind(OLD_NAMES.get(name) ?? name)
  if (kind === undefined || name === 'credentials') return undefined
  return { kind, folder: `/${kind.name}`, told: `/${name}`, id, subPath }
}

function resourceContext(context: DialectContext, options: ApiOptions): ResourceContext {
  const { store, clock, log, entropy } = context
  const ciphertext = new Ciphertext({ store, entropy, keyring: options.keyring })
  const documents = async (folder: string): Promise<readonly StoredDocument[] | StoreFailure> => {
    const page = await store.list(`${folder}/`)
    if (isStoreFailure(page)) return page
    return page.documents.filter(({ key }) => !key.slice(folder.length + 1).includes('/'))
  }
  const checks = {
    ciphertext,
    references: true,
    find: async (key: string) => {
      const found = await store.get(key)
      return isStoreFailure(found) && found.failure !== 'invalid'
        ? found
        : isStoreFailure(found)
        ? undefined
        : found.document
    },
    all: (kind: string) => documents(`/${kind}`),
    keys: new ConsumerKeys(store),
  }
  const pace = new Pace(clock, context.inForce)
  const inForce = (revision: number): ReturnType<Pace['wait']> => pace.wait(revision)
  return { store, clock, log, ciphertext, checks, prefix: options.prefix, documents, inForce }
}
