import type { Json } from '../../store/mod.ts'
import { type ApiBody, apiSchema } from './api-bodies.ts'
import { updateApi } from './apis.ts'
import { check } from './bodies.ts'
import { Fault } from './faults.ts'
import { jsonPatch, mergePatch, PatchError, type PatchStep } from './json-patch.ts'
import type { Management } from './management.ts'
import type { ApiDocument, JsonMap, PlanDocument } from './model.ts'
import { type PlanBody, planSchema } from './plan-bodies.ts'
import { type PlanOrder, updatePlan } from './plans.ts'
import { masked } from './secrets.ts'

/** A patch as it came: some fields, or the steps of a JSON Patch. */
export interface Patch {
  readonly kind: 'merge' | 'steps'
  readonly text: string
}

/** Steps that one patch may have. */
const MOST_STEPS = 200

const API_FIELDS: readonly string[] = [
  'name',
  'description',
  'apiVersion',
  'visibility',
  'labels',
  'tags',
  'lifecycleState',
  'categories',
  'analytics',
  'failover',
  'flowExecution',
  'services',
  'allowedInApiProducts',
  'allowMultiJwtOauth2Subscriptions',
  'disableMembershipNotifications',
  'properties',
  'responseTemplates',
  'flows',
  'resources',
  'listeners',
  'endpointGroups',
  'groups',
]

const API_NEEDED: readonly string[] = [
  'name',
  'apiVersion',
  'visibility',
  'lifecycleState',
  'allowedInApiProducts',
  'allowMultiJwtOauth2Subscriptions',
  'disableMembershipNotifications',
]

const PLAN_FIELDS: readonly string[] = [
  'name',
  'description',
  'security',
  'validation',
  'selectionRule',
  'tags',
  'excludedGroups',
  'characteristics',
  'commentRequired',
  'generalConditions',
  'flows',
]

const PLAN_NEEDED: readonly string[] = ['name', 'validation', 'security', 'commentRequired']

const API_WORDS: Readonly<Record<string, readonly string[]>> = {
  visibility: ['PUBLIC', 'PRIVATE'],
  lifecycleState: ['ARCHIVED', 'CREATED', 'DEPRECATED', 'PUBLISHED', 'UNPUBLISHED'],
}
const PLAN_WORDS: Readonly<Record<string, readonly string[]>> = { validation: ['AUTO', 'MANUAL'] }

/** Settings that are replaced as a whole or not at all. */
const OPAQUE: readonly (readonly [RegExp, string])[] = [
  [
    /^\/resources\/(\d+|-)\/configuration\/.+/,
    'operations under /resources/N/configuration/... are not supported; replace the full configuration object at /resources/N/configuration',
  ],
  [
    /^\/endpointGroups\/[^/]+\/(endpoints\/[^/]+\/(configuration|sharedConfigurationOverride|services\/[^/]+\/configuration)|sharedConfiguration|services\/[^/]+\/configuration)\/.+/,
    'operations under /endpointGroups/N/endpoints/N/configuration/..., /endpointGroups/N/endpoints/N/sharedConfigurationOverride/..., /endpointGroups/N/sharedConfiguration/..., /endpointGroups/N/services/S/configuration/..., or /endpointGroups/N/endpoints/N/services/S/configuration/... are not supported; replace the full configuration object',
  ],
]

/** What may be patched of a thing, and how it is told. */
interface Rules {
  readonly fields: readonly string[]
  readonly hints: Readonly<Record<string, string>>
  readonly code: string | undefined
  readonly opaque: typeof OPAQUE
  /** What is said further of a pointer without its slash. */
  readonly slash: string
}

const API_RULES: Rules = {
  fields: API_FIELDS,
  hints: { state: 'use /_start or /_stop endpoints to change runtime state' },
  code: undefined,
  opaque: OPAQUE,
  slash: ": must start with '/'",
}

const PLAN_RULES: Rules = {
  fields: PLAN_FIELDS,
  hints: { status: 'use plan lifecycle endpoints to change plan status' },
  code: 'plan.patch.fieldNotAllowed',
  opaque: [],
  slash: '',
}

/** Changes some of what an API says. Throws Fault. */
export async function patchApi(
  management: Management,
  patch: Patch,
  order: Pick<PlanOrder, 'id' | 'actor'>,
): Promise<ApiDocument> {
  const { value: api } = management.ownApi(order.id, order.actor)
  const { extra, name, description, apiVersion, visibility, lifecycleState } = api
  const { listeners, endpointGroups } = api
  const said = { name, description, apiVersion, visibility, lifecycleState }
  const before = { ...extra, ...said, listeners, endpointGroups } as unknown as JsonMap
  const read = readPatch(patch, API_RULES)
  const now = fieldsOf(before, API_FIELDS)
  const after = applied(read, now)
  const lost = API_NEEDED.find((field) => nulled(read).has(field))
  if (lost !== undefined) {
    throw wrong(
      `'${lost}' cannot be null; omit the field to leave it unchanged, or send an explicit value`,
    )
  }
  checkWords(after, API_WORDS)
  const body = { ...before, ...withRemoved(now, after), definitionVersion: 'V4', type: api.type }
  return await updateApi(management, check<ApiBody>(body, apiSchema), order)
}

/** Changes some of what a plan says. Throws Fault. */
export async function patchPlan(
  management: Management,
  patch: Patch,
  order: PlanOrder,
): Promise<PlanDocument> {
  const { value: plan } = management.plan(order.id, order.api)
  management.ownApi(plan.apiId, order.actor)
  const { extra, name, description, security, validation, selectionRule } = plan
  const said = { name, description, security, validation, commentRequired: false, ...extra }
  const { characteristics, flows } = plan
  const ruled = selectionRule === undefined ? {} : { selectionRule }
  const before = { ...said, ...ruled, characteristics, flows } as unknown as JsonMap
  const read = readPatch(patch, PLAN_RULES)
  const lost = PLAN_NEEDED.find((field) => nulled(read).has(field))
  if (lost !== undefined) throw wrong(`Field '${lost}' cannot be set to null`)
  const now = fieldsOf(before, PLAN_FIELDS)
  const after = applied(
    read,
    now,
    `Failed to apply patch on plan [${plan.id}] of API [${plan.apiId}]: `,
  )
  checkTexts(after)
  checkWords(after, PLAN_WORDS)
  const secured = { ...after['security'] as JsonMap | undefined, type: security.type }
  const body = { ...before, ...withRemoved(now, { ...after, security: secured }) }
  return await updatePlan(management, check<PlanBody>(body, planSchema), order)
}

function wrong(message: string): Fault {
  return new Fault(400, message)
}

function fieldsOf(value: JsonMap, fields: readonly string[]): JsonMap {
  return masked(Object.fromEntries(Object.entries(value).filter(([key]) => fields.includes(key))))
}

/** What a patch leaves, and what it takes away as what is empty. */
function withRemoved(before: JsonMap, after: JsonMap): Record<string, Json | undefined> {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return Object.fromEntries(
    fields.map((field) => [field, after[field] ?? (EMPTY[field] as Json | undefined)]),
  )
}

/** What stands for nothing, where that is told. */
const EMPTY: JsonMap = { description: '', characteristics: [], flows: [] }

type Read =
  | { readonly kind: 'merge'; readonly patch: JsonMap }
  | { readonly kind: 'steps'; readonly patch: readonly PatchStep[] }

function readPatch({ kind, text }: Patch, rules: Rules): Read {
  if (text.trim() === '') throw wrong('Patch body is required')
  const value = parsed(text)
  if (kind === 'merge') {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw wrong('JSON Merge Patch body must be a JSON object')
    }
    for (const field of Object.keys(value)) checkField(field, rules)
    return { kind, patch: value as JsonMap }
  }
  if (!Array.isArray(value)) throw wrong('JSON Patch body must be a JSON array')
  if (value.length > MOST_STEPS) {
    throw wrong(`JSON Patch request exceeds maximum of ${MOST_STEPS} operations`)
  }
  const steps = value as readonly Json[]
  return { kind, patch: steps.map((step, at) => checkStep(step, { at, rules })) }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch (error) {
    throw wrong(`Invalid patch body: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function checkField(field: string, { fields, hints, code }: Rules): void {
  const hint = Object.hasOwn(hints, field) ? hints[field] : undefined
  if (hint === undefined && fields.includes(field)) return
  throw notPatchable(field, { reason: hint ?? 'field is not patchable', code })
}

function notPatchable(
  field: string,
  { reason, code }: { readonly reason: string; readonly code: string | undefined },
): Fault {
  const message = `Field '${field}' cannot be patched: ${reason}`
  return new Fault(400, message, { parameters: { field }, ...(code !== undefined && { code }) })
}

interface StepPlace {
  readonly at: number
  readonly rules: Rules
}

function checkStep(step: Json, place: StepPlace): PatchStep {
  const { op, path, from, value } = (step ?? {}) as Record<string, Json | undefined>
  checkPointer(path, 'path', place)
  if (op === 'move' || op === 'copy') checkPointer(from, 'from', place)
  return {
    path: path as string,
    ...(op === undefined ? {} : { op }),
    ...(typeof from === 'string' ? { from } : {}),
    ...(value === undefined ? {} : { value }),
  }
}

function checkPointer(pointer: Json | undefined, name: string, { at, rules }: StepPlace): void {
  const where = `JSON Patch operation at index ${at}`
  if (pointer !== undefined && typeof pointer !== 'string' && name === 'from') {
    throw wrong(`${where} has invalid 'from' field: must be a string`)
  }
  if (typeof pointer !== 'string') throw wrong(`${where} is missing required '${name}' field`)
  const told = `${where} has '${name}' value '${pointer}' which`
  if (pointer !== '' && !pointer.startsWith('/')) {
    throw wrong(`${told} is not a valid JSON Pointer${rules.slash}`)
  }
  const field = pointer.split('/')[1] ?? ''
  if (field === '') throw wrong(`${told} does not target a specific field`)
  checkField(field, rules)
  const opaque = rules.opaque.find(([pattern]) => pattern.test(pointer))
  if (opaque !== undefined) throw notPatchable(pointer, { reason: opaque[1], code: undefined })
}

/** The fields that a patch says are to be nothing. */
function nulled({ kind, patch }: Read): ReadonlySet<string> {
  if (kind === 'merge') {
    return new Set(Object.entries(patch).filter(([, value]) => value === null).map(([key]) => key))
  }
  const clears = patch.filter(({ op, value }) =>
    op === 'remove' || ((op === 'add' || op === 'replace') && value === null)
  )
  return new Set(clears.map(({ path }) => path.slice(1)))
}

function applied(read: Read, now: JsonMap, context = ''): JsonMap {
  try {
    const after = read.kind === 'merge' ? mergePatch(now, read.patch) : jsonPatch(now, read.patch)
    return after as JsonMap
  } catch (error) {
    if (!(error instanceof PatchError)) throw error
    throw wrong(`${context}Failed to apply patch: ${error.message}`)
  }
}

function checkTexts({ name, ...after }: JsonMap): void {
  for (const field of ['description', 'selectionRule', 'generalConditions']) {
    const value = after[field]
    if (value !== undefined && value !== null && typeof value !== 'string') {
      throw wrong(`Invalid value for field '${field}'`)
    }
  }
  if (typeof name !== 'string') throw wrong("Invalid value for field 'name'")
  if (name.trim() === '') throw wrong("'name' cannot be blank")
  if (typeof after['commentRequired'] !== 'boolean') {
    throw wrong("Invalid value for field 'commentRequired'")
  }
}

function checkWords(after: JsonMap, words: Readonly<Record<string, readonly string[]>>): void {
  for (const [field, known] of Object.entries(words)) {
    const value = after[field]
    if (value !== undefined && value !== null && !known.includes(String(value))) {
      throw wrong(`Invalid ${field} value: ${String(value)}`)
    }
  }
}
