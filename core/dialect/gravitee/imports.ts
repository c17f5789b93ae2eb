import * as z from 'zod'
import { apiSchema } from './api-bodies.ts'
import { createApi, deleteApi } from './apis.ts'
import { check, text } from './bodies.ts'
import { masked } from './secrets.ts'
import type { Actor, Management } from './management.ts'
import type { ApiDocument } from './model.ts'
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
