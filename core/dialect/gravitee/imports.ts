import * as z from 'zod'
import { apiSchema, plain } from './api-bodies.ts'
import { createApi, deleteApi } from './apis.ts'
import { check, text } from './bodies.ts'
import { masked } from './secrets.ts'
import type { Json } from '../../store/mod.ts'
import type { Actor, Management } from './management.ts'
import type { ApiDocument, JsonMap, PlanDocument } from './model.ts'
import { type PlanBody, planSchema } from './plan-bodies.ts'
import { createPlan } from './plans.ts'

const idSchema = z.looseObject({ id: text(64), crossId: text(64) })
const importSchema = z.looseObject({
  api: z.looseObject({}),
  plans: z.array(z.looseObject({})).max(100).nullish(),
})

/** Makes an API with its plans, each with its own status. Throws Fault. */
export async function importDefinition(
  management: Management,
  body: unknown,
  actor: Actor,
): Promise<ApiDocument> {
  const { api: written, plans } = check(body, importSchema)
  const parsed = check(written, apiSchema)
  const bodies = (plans ?? []).map((plan) => ({
    plan: check<PlanBody>(plan, planSchema),
    ids: check(plan, idSchema),
  }))
  const { crossId } = check(written, idSchema)
  const api = await createApi(management, parsed, {
    actor,
    ...(crossId === undefined ? {} : { crossId }),
  })
  try {
    for (const { plan, ids } of bodies) {
      await createPlan(management, plan, {
        api: api.id,
        actor,
        status: plan.status ?? 'STAGING',
        ...(ids.crossId === undefined ? {} : { crossId: ids.crossId }),
      })
    }
  } catch (error) {
    // All of a definition comes to be, or nothing of it.
    await deleteApi(management, { id: api.id, actor, closePlans: true })
    throw error
  }
  return management.api(api.id).value
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

/** An API with its plans as a definition that can be imported; secrets are left out. */
export function exportDefinition(
  { catalogue }: Management,
  {
    id,
    extra,
    name,
    apiVersion,
    description,
    type,
    listeners,
    endpointGroups,
    visibility,
    crossId,
  }: ApiDocument,
): Record<string, unknown> {
  return {
    export: { apimVersion: '4.12.0' },
    api: {
      ...masked(extra),
      id,
      crossId: crossId ?? id,
      name,
      apiVersion,
      description,
      definitionVersion: 'V4',
      type,
      listeners,
      endpointGroups: masked(endpointGroups),
      visibility,
    },
    plans: catalogue.plansOf(id).map(({ value }) => ({
      ...masked(value.extra),
      id: value.id,
      crossId: value.crossId ?? value.id,
      name: value.name,
      description: value.description,
      definitionVersion: 'V4',
      mode: 'STANDARD',
      security: { type: value.security.type, configuration: masked(value.security.configuration) },
      selectionRule: value.selectionRule,
      validation: value.validation,
      status: value.status,
      order: value.order,
      characteristics: value.characteristics,
      flows: value.flows,
    })),
    members: [],
    metadata: [],
    pages: [],
  }
}
