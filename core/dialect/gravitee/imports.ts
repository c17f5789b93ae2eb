import * as z from 'zod'
import { type ApiBody, apiSchema, plain } from './api-bodies.ts'
import { checkKind, createApi, deleteApi, updateApi } from './apis.ts'
import { check, text } from './bodies.ts'
import { masked } from './secrets.ts'
import type { Json } from '../../store/mod.ts'
import type { Actor, Management } from './management.ts'
import type { ApiDocument, JsonMap, PlanDocument } from './model.ts'
import { type PlanBody, planSchema } from './plan-bodies.ts'
import { createPlan, deletePlan, putPlan } from './plans.ts'

const idSchema = z.looseObject({ id: text(64), crossId: text(64) })
const importSchema = z.looseObject({
  api: z.looseObject({}),
  plans: z.array(z.looseObject({})).max(100).nullish(),
})

interface Definition {
  readonly api: ApiBody
  readonly crossId: string | undefined
  readonly plans: readonly WrittenPlan[] | undefined
}

interface WrittenPlan {
  readonly plan: PlanBody
  readonly crossId: string | undefined
}

function readDefinition(body: unknown): Definition {
  const { api, plans } = check(body, importSchema)
  return {
    api: check(api, apiSchema),
    crossId: check(api, idSchema).crossId,
    plans: plans?.map((each) => ({
      plan: check<PlanBody>(each, planSchema),
      crossId: check(each, idSchema).crossId,
    })),
  }
}

/** Makes an API with its plans, each with its own status. Throws Fault. */
export async function importDefinition(
  management: Management,
  body: unknown,
  actor: Actor,
): Promise<ApiDocument> {
  const { api: parsed, crossId, plans = [] } = readDefinition(body)
  const api = await createApi(management, parsed, {
    actor,
    ...(crossId === undefined ? {} : { crossId }),
  })
  try {
    for (const each of plans) await addPlan(management, each, { api: api.id, actor })
  } catch (error) {
    // All of a definition comes to be, or nothing of it.
    await deleteApi(management, { id: api.id, actor, closePlans: true })
    throw error
  }
  return management.api(api.id).value
}

async function addPlan(
  management: Management,
  { plan, crossId }: WrittenPlan,
  order: { readonly api: string; readonly actor: Actor },
): Promise<void> {
  await createPlan(management, plan, {
    ...order,
    status: plan.status ?? 'STAGING',
    ...(crossId === undefined ? {} : { crossId }),
  })
}

/**
 * Makes an API what a definition says. Its plans are known by their `crossId`: those that the definition does not have
 * go, unless it tells of none at all. Throws Fault.
 */
export async function replaceDefinition(
  management: Management,
  body: unknown,
  order: { readonly id: string; readonly actor: Actor },
): Promise<ApiDocument> {
  const { id: api, actor } = order
  const { api: parsed, plans } = readDefinition(body)
  if (parsed.definitionVersion !== 'V4') checkKind(parsed)
  await updateApi(management, parsed, order)
  if (plans === undefined) return management.api(api).value
  const before = management.catalogue.plansOf(api).map(({ value }) => value)
  for (const each of plans) {
    const known = before.find(({ id, crossId = id }) => crossId === each.crossId)
    if (known === undefined) await addPlan(management, each, { api, actor })
    else {
      const { id, status: now } = known
      const { status = now } = each.plan
      await putPlan(management, each.plan, { id, api, actor, status })
    }
  }
  const gone = before.filter(({ id, crossId = id }) =>
    !plans.some((each) => each.crossId === crossId)
  )
  for (const { id } of gone) await deletePlan(management, { id, api, actor })
  return management.api(api).value
}

/** An API with its plans as a resource of the operator; secrets are left out. */
export function exportResource({ catalogue }: Management, api: ApiDocument): JsonMap {
  const { id, crossId, name, description, apiVersion, type, state, lifecycleState, visibility } =
    api
  const open = catalogue.plansOf(id).map(({ value }) => value)
    .filter(({ status }) => status !== 'CLOSED')
  const plans = new Map<string, PlanDocument>()
  for (const plan of open) {
    plans.set(plans.has(plan.name) ? `${plan.name}-${plan.id}` : plan.name, plan)
  }
  const spec = {
    id,
    crossId: crossId ?? id,
    name,
    description,
    version: apiVersion,
    type,
    state,
    lifecycleState: lifecycleState === 'PUBLISHED' ? lifecycleState : 'UNPUBLISHED',
    visibility,
    definitionVersion: 'V4',
    ...masked(api.extra),
    listeners: api.listeners,
    endpointGroups: masked(api.endpointGroups),
    plans: Object.fromEntries([...plans].map(([key, plan]) => [key, planResource(plan)])),
  }
  return full({
    apiVersion: 'gravitee.io/v1alpha1',
    kind: 'ApiV4Definition',
    metadata: { name: name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '') },
    spec: plain(spec) as unknown as JsonMap,
  }) as JsonMap
}

/** A copy without what is empty; settings of plugins stay as they are. */
function full(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(full)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, part]) => !isEmpty(part))
  return Object.fromEntries(
    entries.map(([key, part]) => [key, /configuration/i.test(key) ? part : full(part)]),
  )
}

function isEmpty(value: Json): boolean {
  if (value === null || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

function planResource({ id, crossId, extra, ...plan }: PlanDocument): Record<string, unknown> {
  const { name, description, security, selectionRule, validation, status, order } = plan
  return {
    id,
    crossId: crossId ?? id,
    name,
    description,
    ...masked(extra),
    security: { type: security.type, configuration: masked(security.configuration) },
    characteristics: plan.characteristics,
    order,
    selectionRule,
    status,
    type: 'API',
    validation,
    flows: plan.flows,
    mode: 'STANDARD',
  }
}

/** What can be left out of a definition. */
export const EXCLUDABLE = ['GROUPS', 'MEMBERS', 'METADATA', 'PAGES', 'PLANS'] as const

/** An API with its plans as a definition that can be imported; secrets are left out, and what is `excluded`. */
export function exportDefinition(
  { catalogue }: Management,
  api: ApiDocument,
  excluded: readonly (typeof EXCLUDABLE[number])[] = [],
): Record<string, unknown> {
  const { id, extra, name, apiVersion, description, type, listeners, visibility, crossId } = api
  const { groups, ...rest } = extra
  const others = {
    members: [],
    metadata: [],
    pages: [],
    plans: catalogue.plansOf(id).map(({ value }) => exportPlan(value)),
  }
  return {
    export: { apimVersion: '4.12.0' },
    api: {
      ...masked(rest),
      ...(groups === undefined || excluded.includes('GROUPS') ? {} : { groups }),
      id,
      crossId: crossId ?? id,
      name,
      apiVersion,
      description,
      definitionVersion: 'V4',
      type,
      listeners,
      endpointGroups: masked(api.endpointGroups),
      visibility,
    },
    ...Object.fromEntries(
      Object.entries(others).filter(([part]) =>
        !excluded.some((each) => each === part.toUpperCase())
      ),
    ),
  }
}

function exportPlan(plan: PlanDocument): Record<string, unknown> {
  const { id, crossId = id, name, description, security, selectionRule, validation } = plan
  return {
    ...masked(plan.extra),
    id,
    crossId,
    name,
    description,
    definitionVersion: 'V4',
    mode: 'STANDARD',
    security: { type: security.type, configuration: masked(security.configuration) },
    selectionRule,
    validation,
    status: plan.status,
    order: plan.order,
    characteristics: plan.characteristics,
    flows: plan.flows,
  }
}
