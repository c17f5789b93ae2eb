import type { z } from 'zod'
import type { DialectContext } from '../types.ts'
import type { ContentLimits } from './contents.ts'
import type { Place } from './documents.ts'
import type { Engine } from './engine.ts'
import { invalid } from './faults.ts'
import { queryInt } from './schemas/fields.ts'
import type { Sight } from './show.ts'
import { read } from './validation.ts'

/** What answers calls, and what it does it with. */
export interface Service {
  readonly context: DialectContext
  readonly engine: Engine
  readonly limits: ContentLimits
  /** Addresses that load balancers may have. */
  readonly addresses: readonly string[]
}

/** A call as its handler sees it. */
export interface Call {
  readonly place: Place
  /** A part of the path, by its name. */
  readonly param: (name: string) => string
  readonly query: URLSearchParams
  /** The body, where the method has one. */
  readonly json: unknown
  readonly requestId: string
  readonly sight: Sight
}

/** One resource and method. */
export interface Endpoint {
  readonly method: 'delete' | 'get' | 'patch' | 'post' | 'put'
  /** Below the API's root: `/v1/secrets/{project_id}/{region_id}`. */
  readonly path: string
  readonly summary: string
  readonly body?: z.ZodType
  /** Query parameters, for the description. */
  readonly query?: readonly string[]
  readonly answer: 'item' | 'list' | 'nothing' | 'tasks'
  readonly handle: (service: Service, call: Call) => Promise<unknown>
}

/** Reads a body that was asked for. @throws ApiFault 400 */
export function bodyOf<T>({ json }: Call, schema: z.ZodType<T>): T {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw invalid({
      body: [json === undefined ? 'Field required' : 'Input should be a valid dictionary'],
    })
  }
  return read(schema, json)
}

/** Reads one query parameter. undefined: it was not given. @throws ApiFault 400 */
export function queryOf<T>({ query }: Call, name: string, schema: z.ZodType<T>): T | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const found = schema.safeParse(text)
  if (found.success) return found.data
  throw invalid({ [name]: [found.error.issues[0]?.message ?? 'Input is not valid'] })
}

/** The part of a list that was asked for, with the count of the whole. @throws ApiFault 400 */
export function page<T>(
  call: Call,
  all: readonly T[],
  show: (item: T) => unknown,
  { limit = 1_000, most = 1_000 }: { readonly limit?: number; readonly most?: number } = {},
): { readonly count: number; readonly results: readonly unknown[] } {
  const wanted = queryOf(call, 'limit', queryInt(0, most)) ?? limit
  const offset = queryOf(call, 'offset', queryInt(0, 2 ** 31)) ?? 0
  const end = wanted === 0 ? all.length : offset + wanted
  return { count: all.length, results: all.slice(offset, end).map(show) }
}
