import { Hono } from 'hono'
import type { Context } from 'hono'
import { isStoreFailure } from '../../store/mod.ts'
import type { DialectApi, DialectContext } from '../types.ts'
import { authenticate } from './auth.ts'
import { L7 } from './api/l7.ts'
import { LISTENERS } from './api/listeners.ts'
import { LOAD_BALANCERS } from './api/load-balancers.ts'
import { MEMBERS } from './api/members.ts'
import { POOLS } from './api/pools.ts'
import { SECRETS } from './api/secrets.ts'
import { TAGS } from './api/tags.ts'
import { TASK_ENDPOINTS } from './api/tasks.ts'
import type { Endpoint, Service } from './call.ts'
import type { ContentLimits } from './contents.ts'
import { describe } from './describe.ts'
import type { Place } from './documents.ts'
import { Engine } from './engine.ts'
import { ApiFault, invalid } from './faults.ts'
import { newRequestId } from './ids.ts'
import { storeFault } from './store-fault.ts'

/** What prefixes the API answers below. */
export const PATHS: readonly string[] = ['/v1', '/v2', '/cloud']

/** What the API is told besides its context. */
export interface ApiOptions {
  /** The permanent token; undefined: made at the first start. */
  readonly key: string | undefined
  readonly addresses: readonly string[]
  readonly limits: ContentLimits
}

/** All endpoints; where two paths could take a request, the first does. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...SECRETS,
  ...TASK_ENDPOINTS,
  ...TAGS,
  ...LOAD_BALANCERS,
  ...LISTENERS,
  ...MEMBERS,
  ...POOLS,
  ...L7,
]

const ROOTS = ['', '/cloud'] as const
/** The longest body: 2,500 members of some 300 bytes are a tenth of it. */
const LONGEST_BODY = 8 * 1_048_576

/**
 * Makes the API. What a process that died left under way is ended before the first call is answered: of several
 * workers, only the one that is asked looks after tasks.
 */
export function createApi(context: DialectContext, options: ApiOptions): DialectApi {
  const engine = new Engine(context)
  const { addresses, limits } = options
  const service: Service = { context, engine, limits, addresses }
  let known: Promise<string | ApiFault> | undefined
  const token = (): Promise<string | ApiFault> => known ??= tokenOf(context, options.key)
  if (context.takesOrders !== false) void token()
  let recovering: Promise<void> | undefined
  const recovered = (): Promise<void> =>
    recovering ??= engine.recover().catch((error: unknown) => {
      recovering = undefined
      context.log.write('error', 'Tasks under way could not be read', { reason: String(error) })
    })
  const app = new Hono({ strict: false })
  const description = describedOnce(context.version)
  app.get('/cloud/openapi.json', (c) => c.json(description()))
  for (const root of ROOTS) mount(app, root, { service, token, recovered })
  app.notFound((c) => answerFault(c, httpFault(404, 'Not Found'), context))
  app.onError((error, c) => answerFault(c, asFault(error, context), context))
  return async (request) => await app.fetch(request)
}

interface Mounting {
  readonly service: Service
  readonly token: () => Promise<string | ApiFault>
  readonly recovered: () => Promise<void>
}

function mount(app: Hono, root: string, mounting: Mounting): void {
  const paths = new Set<string>()
  for (const endpoint of ENDPOINTS) {
    const path = root + endpoint.path.replace(/\{(\w+)\}/g, ':$1')
    paths.add(path)
    app.on(endpoint.method.toUpperCase(), path, (c) => answer(c, endpoint, mounting))
  }
  const { context } = mounting.service
  for (const path of paths) {
    app.all(path, (c) => answerFault(c, httpFault(405, 'Method Not Allowed'), context))
  }
}

async function answer(
  c: Context,
  endpoint: Endpoint,
  { service, token, recovered }: Mounting,
): Promise<Response> {
  const { context } = service
  const wanted = await token()
  if (typeof wanted !== 'string') throw wanted
  authenticate(c.req.raw.headers.get('authorization'), wanted)
  const requestId = newRequestId(context.entropy)
  const place = placeOf(c)
  const reads = endpoint.method === 'get'
  await recovered()
  const result = await endpoint.handle(service, {
    place,
    param: (name) => c.req.param(name) ?? '',
    query: new URL(c.req.url).searchParams,
    json: reads || endpoint.method === 'delete' ? undefined : await bodyOf(c),
    requestId,
    sight: { place, running: context.running },
  })
  const headers = { 'X-Request-Id': requestId }
  if (endpoint.answer === 'nothing') return c.body(null, 204, headers)
  return c.json(result, 200, headers)
}

/** The project and region of a path; zeros where it names none. @throws ApiFault 400 */
function placeOf(c: Context): Place {
  const number = (name: string): number => {
    const text = c.req.param(name) ?? '0'
    if (/^\d{1,15}$/.test(text)) return Number(text)
    throw invalid({ [name]: ['Input should be a valid integer'] })
  }
  return { project: number('project_id'), region: number('region_id') }
}

async function bodyOf(c: Context): Promise<unknown> {
  const declared = Number(c.req.header('content-length') ?? 0)
  if (declared > LONGEST_BODY) throw tooLong()
  const text = await c.req.text()
  if (text.length > LONGEST_BODY) throw tooLong()
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw invalid({ body: ['Input should be valid JSON'] })
  }
}

function tooLong(): ApiFault {
  return httpFault(413, 'Request Entity Too Large')
}

function httpFault(status: number, text: string): ApiFault {
  return new ApiFault(status, 'HTTPError', `HTTP ${status}: ${text}`)
}

function asFault(error: unknown, { log }: DialectContext): ApiFault {
  if (error instanceof ApiFault) return error
  log.write('error', 'A call of the load-balancer API failed', {
    reason: error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error),
  })
  return new ApiFault(500, 'InternalError', 'The call failed, the process log says why')
}

function answerFault(c: Context, fault: ApiFault, { entropy }: DialectContext): Response {
  const requestId = newRequestId(entropy)
  const body = {
    exception_class: fault.exceptionClass,
    message: fault.message,
    request_id: requestId,
    ...fault.extra,
  }
  for (const [name, value] of Object.entries(fault.headers)) c.header(name, value)
  c.header('X-Request-Id', requestId)
  return c.json(body, fault.status as 400)
}

/** The token, which the first start makes where the configuration has none. */
async function tokenOf(
  { credential, entropy, log }: DialectContext,
  key: string | undefined,
): Promise<string | ApiFault> {
  if (key !== undefined) return key
  const made = await credential('gcore', () => {
    const number = (entropy.bytes(2)[0] ?? 0) * 256 + (entropy.bytes(1)[0] ?? 0)
    return `${number}$${newRequestId(entropy)}${newRequestId(entropy)}`
  })
  if (!isStoreFailure(made)) return made
  log.write('error', 'The token of the load-balancer API could not be read', {
    reason: made.message,
  })
  return storeFault(made)
}

function describedOnce(version: string): () => object {
  let known: object | undefined
  return () => known ??= describe(ENDPOINTS, version)
}
