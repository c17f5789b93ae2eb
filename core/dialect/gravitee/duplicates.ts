import { type ApiBody, apiSchema } from './api-bodies.ts'
import { createApi } from './apis.ts'
import { check } from './bodies.ts'
import { bad, Fault } from './faults.ts'
import type { Actor, Management } from './management.ts'
import type { ApiDocument, ListenerDefinition, PlanDocument } from './model.ts'
import { type PlanBody, planSchema } from './plan-bodies.ts'
import { createPlan } from './plans.ts'

/** What differs in a duplicate, and what of the original it leaves out. */
export interface DuplicateOptions {
  readonly contextPath: string | undefined
  readonly host: string | undefined
  readonly version: string | undefined
  readonly filteredFields: readonly string[]
}

/** Makes an API like another one, stopped, at another place. Throws Fault. */
export async function duplicateApi(
  management: Management,
  options: DuplicateOptions,
  { id, actor }: { readonly id: string; readonly actor: Actor },
): Promise<ApiDocument> {
  const { value: source } = management.ownApi(id, actor)
  const api = await createApi(management, bodyOf(source, options), { actor })
  if (options.filteredFields.includes('PLANS')) return api
  for (const { value } of management.catalogue.plansOf(source.id)) {
    await duplicatePlan(management, value, { api: api.id, actor })
  }
  return management.api(api.id).value
}

function bodyOf(source: ApiDocument, options: DuplicateOptions): ApiBody {
  const { name, description, type, endpointGroups, visibility, extra } = source
  const { groups: _, ...rest } = extra
  const body = {
    ...(options.filteredFields.includes('GROUPS') ? rest : extra),
    name,
    description,
    apiVersion: options.version ?? source.apiVersion,
    definitionVersion: 'V4',
    type,
    listeners: source.listeners.map((each) => placed(each, options)),
    endpointGroups,
    visibility,
  }
  return check(body, apiSchema)
}

function placed(
  listener: ListenerDefinition,
  { contextPath, host }: DuplicateOptions,
): ListenerDefinition {
  if (listener.type === 'HTTP') {
    if (contextPath !== undefined) return { ...listener, paths: [{ path: contextPath }] }
    throw bad('invalid.duplicate.definition', 'Cannot find a context-path for HTTP Listener')
  }
  if (listener.type !== 'TCP') return listener
  if (host !== undefined) return { ...listener, hosts: [host] }
  throw bad('invalid.duplicate.definition', 'Cannot find a host for TCP Listener')
}

/** A plan that the duplicate cannot have is left out. */
async function duplicatePlan(
  management: Management,
  plan: PlanDocument,
  { api, actor }: { readonly api: string; readonly actor: Actor },
): Promise<void> {
  const { name, description, security, selectionRule, validation, order, extra } = plan
  const { characteristics, flows, status } = plan
  const written = { ...extra, name, description, security, selectionRule, validation, order }
  try {
    const body = check<PlanBody>({ ...written, characteristics, flows }, planSchema)
    await createPlan(management, body, { api, actor, status })
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    management.context.log.write('warn', 'Plan is not duplicated', {
      plan: plan.id,
      reason: error.message,
    })
  }
}
