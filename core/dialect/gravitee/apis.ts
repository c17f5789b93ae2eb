import type { Condition, Json, Operation } from '../../store/mod.ts'
import { type ApiBody, extraOf, plain } from './api-bodies.ts'
import { nextLifecycleState, planDeprecations } from './api-life.ts'
import type { Known } from './catalogue.ts'
import { checkEndpointGroups } from './endpoint-rules.ts'
import { bad, Fault, forbidden } from './faults.ts'
import { keyOf, pathKey } from './keys.ts'
import type { Actor, Management } from './management.ts'
import type { ApiDocument, PathDefinition } from './model.ts'
import { conflictOf, duplicatePath, pathsOf, sanitizeListeners } from './paths.ts'
import { closePlan } from './plans.ts'
import { unmasked } from './secrets.ts'
import { checkApi } from './translate/check.ts'
import { readNamedFiles } from './translate/files.ts'

/** Deployments that an API remembers. */
const KEPT_DEPLOYMENTS = 20

/** Checks what an API must be whatever else it says. Throws Fault. */
export function checkKind({ definitionVersion, type }: ApiBody): void {
  if (definitionVersion !== 'V4') {
    throw bad(
      'api.definitionVersionNotSupported',
      `The definition versions ${definitionVersion} is not supported anymore.`,
      { definitionVersion },
    )
  }
  if (type === 'PROXY') return
  throw bad('api.type.unsupported', `Api type [${type}] is not supported: PROXY is`)
}

/** What may be said of an API that comes to be beside its body. */
export interface NewApi {
  readonly id?: string
  readonly crossId?: string
  readonly lifecycleState?: string
  readonly origin?: 'KUBERNETES'
}

/** Makes an API, stopped. Throws Fault. */
export async function createApi(
  management: Management,
  body: ApiBody,
  { actor, id, lifecycleState = 'CREATED', ...more }: NewApi & { readonly actor: Actor },
): Promise<ApiDocument> {
  if (actor.role === 'owner') throw forbidden()
  checkKind(body)
  const { ledger, catalogue } = management
  return await ledger.change({ by: actor.name, lock: 'apis' }, async () => {
    const now = management.now()
    const api: ApiDocument = plain({
      id: id ?? ledger.ids.next(),
      ...more,
      ...contentOf(body),
      state: 'STOPPED',
      lifecycleState,
      visibility: body.visibility ?? 'PRIVATE',
      deployments: [],
      owner: actor.name,
      createdAt: now,
      updatedAt: now,
    })
    if (catalogue.apis.has(api.id)) throw bad('api.exists', `Api [${api.id}] already exists`)
    const checked = await withAnchors(await withFiles(management, api))
    const claims = claimPaths(management, api, [])
    const key = keyOf('api', api.id)
    return {
      operations: [{ put: key, value: checked as unknown as Json }, ...claims.operations],
      conditions: [{ key, revision: 0 }, ...claims.conditions],
      audits: [noteOf('API_CREATED', undefined, api)],
      inForce: false,
      result: checked,
    }
  })
}

/** What of an API's document its definition says. */
export function contentOf(body: ApiBody): Pick<
  ApiDocument,
  'name' | 'apiVersion' | 'description' | 'type' | 'listeners' | 'endpointGroups' | 'extra'
> {
  checkEndpointGroups(body.endpointGroups)
  return {
    name: body.name,
    apiVersion: body.apiVersion,
    description: body.description ?? '',
    type: 'PROXY',
    listeners: sanitizeListeners(body.listeners),
    endpointGroups: body.endpointGroups,
    extra: extraOf(body),
  }
}

/** The API with the trust stores that had to be read. Throws Fault where the gateway cannot work by it. */
async function withAnchors({ anchors: _, ...api }: ApiDocument): Promise<ApiDocument> {
  const anchors = await checkApi(api)
  return Object.keys(anchors).length === 0 ? api : { ...api, anchors }
}

/** The API with what stands in the files that it names now. Throws Fault. */
async function withFiles(
  { context, options }: Management,
  { files: _, ...api }: ApiDocument,
): Promise<ApiDocument> {
  const files = await readNamedFiles(api, { folder: options.files, files: context.files })
  return files === undefined ? api : { ...api, files }
}

/** Takes the paths an API has now and lets go of those it had, so that no two APIs have one. */
function claimPaths(
  { catalogue }: Management,
  api: ApiDocument,
  before: readonly PathDefinition[],
): { readonly operations: Operation[]; readonly conditions: Condition[] } {
  const wanted = new Map(pathsOf(api.listeners).map((path) => [pathKey(path), path]))
  const had = new Set(before.map(pathKey))
  const operations: Operation[] = []
  const conditions: Condition[] = []
  for (const [key, path] of wanted) {
    if (had.has(key)) continue
    const conflict = conflictOf(path, catalogue.paths, api.id)
    if (conflict !== undefined) throw duplicatePath(conflict)
    operations.push({ put: key, value: api.id })
    conditions.push({ key, revision: 0 })
  }
  for (const key of had) if (!wanted.has(key)) operations.push({ delete: key })
  return { operations, conditions }
}

/** Replaces what an API says; where it is deprecated with that, so are its plans. Throws Fault. */
export async function updateApi(
  management: Management,
  body: ApiBody,
  { id, actor }: { readonly id: string; readonly actor: Actor },
): Promise<ApiDocument> {
  if (body.definitionVersion === 'V2') {
    throw bad('api.invalid', `Api [${id}] is not valid.`, { apiId: id })
  }
  if (body.type !== 'PROXY') {
    throw bad('apiType.notAllowed', 'You are not allowed to change the API type')
  }
  checkKind(body)
  const order = { id, actor, event: 'API_UPDATED' }
  const api = await changeApi(management, order, (before) => {
    const lifecycleState = nextLifecycleState(before, body.lifecycleState)
    const { extra, ...content } = contentOf(unmasked(body, { ...before.extra, ...before }))
    const { visibility = before.visibility } = body
    return { ...before, ...content, extra, visibility, lifecycleState }
  })
  if (body.lifecycleState === 'DEPRECATED' && !management.tries) {
    while (await deprecateSome(management, api, actor));
  }
  return api
}

/** Deprecates some plans of a deprecated API; whether there are more. */
async function deprecateSome(
  management: Management,
  api: ApiDocument,
  actor: Actor,
): Promise<boolean> {
  return await management.ledger.change({ by: actor.name, lock: `plans ${api.id}` }, () => {
    const some = planDeprecations(management, api)
    return { ...some, inForce: false, result: some.operations.length > 0 }
  })
}

interface ApiChange {
  readonly id: string
  readonly actor: Actor
  readonly event: string
}

async function changeApi(
  management: Management,
  { id, actor, event }: ApiChange,
  change: (before: ApiDocument) => ApiDocument,
): Promise<ApiDocument> {
  return await management.ledger.change({ by: actor.name, lock: `api ${id}` }, async () => {
    const known = management.ownApi(id, actor)
    const api = plain({ ...change(known.value), updatedAt: management.now() })
    const read = event === 'API_UPDATED' ? await withFiles(management, api) : api
    const checked = await withAnchors(read)
    const claims = claimPaths(management, api, pathsOf(known.value.listeners))
    const ends = known.value.lifecycleState !== 'DEPRECATED' && api.lifecycleState === 'DEPRECATED'
    const plans = ends ? planDeprecations(management, api) : undefined
    return {
      operations: [
        { put: known.key, value: checked as unknown as Json },
        ...claims.operations,
        ...plans?.operations ?? [],
      ],
      conditions: [
        { key: known.key, revision: known.modifyRevision },
        ...claims.conditions,
        ...plans?.conditions ?? [],
      ],
      audits: [noteOf(event, known.value, api), ...plans?.audits ?? []],
      inForce: api.state === 'STARTED' || known.value.state === 'STARTED',
      result: checked,
    }
  })
}

/** Lets traffic to an API. Throws Fault. */
export function startApi(management: Management, id: string, actor: Actor): Promise<ApiDocument> {
  return changeApi(management, { id, actor, event: 'API_STARTED' }, (before) => {
    if (before.lifecycleState === 'ARCHIVED') throw badRequest('Deleted API cannot be started')
    if (before.state === 'STARTED') throw badRequest('API is already started')
    checkPublishedPlan(management, id)
    return { ...before, state: 'STARTED', deployedAt: management.now() }
  })
}

/** Keeps traffic from an API. Throws Fault. */
export function stopApi(management: Management, id: string, actor: Actor): Promise<ApiDocument> {
  return changeApi(management, { id, actor, event: 'API_STOPPED' }, (before) => {
    if (before.lifecycleState === 'ARCHIVED') throw badRequest('Deleted API cannot be stopped')
    if (before.state === 'STOPPED') throw badRequest('API is already stopped')
    return { ...before, state: 'STOPPED' }
  })
}

function badRequest(message: string): Fault {
  return new Fault(400, message)
}

function checkPublishedPlan({ catalogue }: Management, id: string): void {
  const live = catalogue.plansOf(id).some(({ value }) =>
    value.status === 'PUBLISHED' || value.status === 'DEPRECATED'
  )
  if (live) return
  const message = `The API {${id}} can not be started without at least one published plan`
  throw bad('api.NotDeployable', message)
}

/** Notes a deployment: what an API says is in force as soon as it is written. Throws Fault. */
export function deployApi(
  management: Management,
  label: string,
  { id, actor }: { readonly id: string; readonly actor: Actor },
): Promise<ApiDocument> {
  return changeApi(management, { id, actor, event: 'PUBLISH_API' }, (before) => {
    const live = management.catalogue.plansOf(id).some(({ value }) =>
      value.status !== 'CLOSED' && value.status !== 'STAGING'
    )
    if (!live) {
      throw bad(
        'api.NotDeployable',
        `The API {${id}} can not be deployed without at least one published plan`,
      )
    }
    const at = management.now()
    const deployments = [{ label, at, by: actor.name }, ...before.deployments]
    return { ...before, deployedAt: at, deployments: deployments.slice(0, KEPT_DEPLOYMENTS) }
  })
}

/**
 * Removes a stopped API whose plans are closed, or closes them. What the operator made goes while it runs, too. Throws
 * Fault.
 */
export async function deleteApi(
  management: Management,
  { id, actor, closePlans }: {
    readonly id: string
    readonly actor: Actor
    readonly closePlans: boolean
  },
): Promise<void> {
  const { catalogue, ledger } = management
  const api = management.ownApi(id, actor)
  if (api.value.state === 'STARTED' && api.value.origin !== 'KUBERNETES') {
    throw bad(
      'api.running',
      `API [${id}] is still running and must be stopped before being deleted !`,
      { api: id },
    )
  }
  const open = catalogue.plansOf(id).filter(({ value }) => value.status !== 'CLOSED')
  const published = open.filter(({ value }) => value.status === 'PUBLISHED')
  if (published.length > 0 && !closePlans) {
    const plans = published.map(({ value }) => value.name).join(', ')
    throw bad(
      'api.notDeletable',
      `Plan(s) [${plans}] must be closed before being able to delete the API !`,
      { plans },
    )
  }
  for (const { value } of open) await closePlan(management, { id: value.id, actor })
  await ledger.change({ by: actor.name, lock: `api ${id}` }, () => {
    const known = management.ownApi(id, actor)
    return {
      operations: removals(management, known),
      conditions: [{ key: known.key, revision: known.modifyRevision }],
      audits: [noteOf('API_DELETED', known.value, undefined)],
      inForce: true,
      result: undefined,
    }
  })
}

function removals({ catalogue }: Management, { key, value }: Known<ApiDocument>): Operation[] {
  return [
    { delete: key },
    ...pathsOf(value.listeners).map((path) => ({ delete: pathKey(path) })),
    ...catalogue.plansOf(value.id).map((plan) => ({ delete: plan.key })),
  ]
}

function noteOf(
  event: string,
  before: ApiDocument | undefined,
  after: ApiDocument | undefined,
): {
  event: string
  reference: { type: 'API'; id: string }
  properties: Record<string, string>
  before: unknown
  after: unknown
} {
  const api = (after ?? before) as ApiDocument
  const reference = { type: 'API' as const, id: api.id }
  return { event, reference, properties: { API: api.id }, before, after }
}
