import * as z from 'zod'
import { text } from '../bodies.ts'
import { Fault } from '../faults.ts'
import { type Management, owns } from '../management.ts'
import type { ApiDocument } from '../model.ts'
import { type Call, listOf, urlOf } from './exchange.ts'
import { pageAnswer, pageOf, slice } from './paging.ts'
import { apiView, type View } from './views.ts'

/** Which APIs are wanted; what is left out, or empty, does not matter. */
export interface ApiSearch {
  readonly query?: string | undefined
  readonly ids?: readonly string[] | undefined
  readonly definitionVersion?: string | undefined
  readonly definitionVersions?: readonly string[] | undefined
  readonly apiTypes?: readonly string[] | undefined
  readonly statuses?: readonly string[] | undefined
  readonly tags?: readonly string[] | undefined
  readonly categories?: readonly string[] | undefined
  readonly published?: readonly string[] | undefined
  readonly visibilities?: readonly string[] | undefined
}

const VERSIONS = ['V2', 'V4', 'FEDERATED', 'FEDERATED_AGENT'] as const
const words = z.array(z.string()).nullish().transform((value) => value ?? undefined)

/** `POST /apis/_search`. */
export const searchSchema: z.ZodType<ApiSearch> = z.looseObject({
  query: text(),
  ids: words,
  definitionVersion: z.enum(VERSIONS).nullish().transform((value) => value ?? undefined),
  definitionVersions: z.array(z.enum(VERSIONS)).nullish().transform((value) => value ?? undefined),
  apiTypes: words,
  statuses: words,
  tags: words,
  categories: words,
  published: words,
  visibilities: words,
})

/** A page of the APIs that someone may see, by name; whose they are is told where it is asked for. */
export function listApis(management: Management, call: Call): View {
  const ids = listOf(call, 'ids')
  const whose = listOf(call, 'expands')?.includes('primaryOwner') ?? false
  const asked = call.req.query('sortBy') ?? ''
  const sortBy = SORTED.has(asked) ? asked : 'name'
  return answer(management, call, { search: { ids }, sortBy, whose })
}

const SORTED = new Set([
  ...['name', 'paths', 'api_type', 'status', 'access', 'owner', 'portal_status', 'visibility']
    .flatMap((field) => [field, `-${field}`]),
  ...['tags_asc', '-tags_desc', 'categories_asc', '-categories_desc', 'createdAt', '-createdAt'],
])

/** A page of the APIs that are searched for. Throws Fault. */
export function searchApis(management: Management, call: Call, search: ApiSearch): View {
  const sortBy = call.req.query('sortBy')
  if (sortBy !== undefined && !SORTED.has(sortBy)) {
    throw new Fault(400, `Invalid sortBy parameter: ${sortBy}`)
  }
  return answer(management, call, { search, sortBy: sortBy ?? 'name', whose: true })
}

function answer(
  management: Management,
  call: Call,
  { search, sortBy, whose }: {
    readonly search: ApiSearch
    readonly sortBy: string
    readonly whose: boolean
  },
): View {
  const page = pageOf(urlOf(call))
  const all = [...management.catalogue.apis.values()].map(({ value }) => value)
    .filter((api) => owns(call.var.actor, api) && fits(api, search))
    .sort(byField(sortBy))
  const deployed = listOf(call, 'expands')?.includes('deploymentState') ?? false
  const some = slice(all, page).map((api) => {
    const { deploymentState, primaryOwner, ...view } = apiView(api, urlOf(call))
    return {
      ...view,
      ...(whose ? { primaryOwner } : {}),
      ...(deployed ? { deploymentState } : {}),
    }
  })
  return pageAnswer(some, all.length, { page, url: urlOf(call) })
}

function fits(api: ApiDocument, search: ApiSearch): boolean {
  const { definitionVersion, definitionVersions = [], query = '' } = search
  const versions = definitionVersion === undefined
    ? definitionVersions
    : [definitionVersion, ...definitionVersions]
  const tcp = api.listeners.some(({ type }) => type === 'TCP')
  return among([api.id], search.ids) && among(['V4'], versions) &&
    among([tcp ? 'V4_TCP_PROXY' : 'V4_HTTP_PROXY'], search.apiTypes) &&
    among([api.state], search.statuses) && among([api.lifecycleState], search.published) &&
    among([api.visibility], search.visibilities) && among(api.extra['tags'], search.tags) &&
    among(api.extra['categories'], search.categories) && saysOf(api, query.toLowerCase())
}

function among(values: unknown, wanted: readonly string[] | undefined): boolean {
  if (wanted === undefined || wanted.length === 0) return true
  return Array.isArray(values) && values.some((value) => wanted.includes(String(value)))
}

function saysOf({ id, name, description }: ApiDocument, query: string): boolean {
  return query === '' || id === query || `${name} ${description}`.toLowerCase().includes(query)
}

/** The order of a field; `-` is the other way round. */
function byField(field: string): (a: ApiDocument, b: ApiDocument) => number {
  const way = field.startsWith('-') ? -1 : 1
  const textOf = sortedBy(field.replace(/^-/, '').replace(/_(asc|desc)$/, ''))
  return (a, b) => {
    const [left, right] = [textOf(a), textOf(b)]
    return left === right ? (a.id < b.id ? -1 : 1) : way * (left < right ? -1 : 1)
  }
}

function sortedBy(field: string): (api: ApiDocument) => string {
  switch (field) {
    case 'paths':
    case 'access':
      return ({ listeners }) => listeners[0]?.paths?.[0]?.path ?? ''
    case 'owner':
      return ({ owner }) => owner
    case 'createdAt':
      return ({ createdAt }) => String(createdAt)
    case 'status':
      return ({ state }) => state
    case 'portal_status':
      return ({ lifecycleState }) => lifecycleState
    case 'visibility':
      return ({ visibility }) => visibility
    case 'tags':
    case 'categories':
      return ({ extra }) => JSON.stringify(extra[field] ?? [])
    default:
      return ({ name }) => name.toLowerCase()
  }
}
