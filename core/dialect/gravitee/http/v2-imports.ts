import * as z from 'zod'
import { createApi, deleteApi, updateApi } from '../apis.ts'
import { check, date, readBody, text } from '../bodies.ts'
import { duplicateApi } from '../duplicates.ts'
import { bad, Fault } from '../faults.ts'
import { importDefinition, replaceDefinition } from '../imports.ts'
import type { Management } from '../management.ts'
import type { ApiDocument, JsonMap } from '../model.ts'
import { createPlan } from '../plans.ts'
import { importApi } from '../specs/api-spec.ts'
import { applicationSpecSchema, importApplication } from '../specs/application-spec.ts'
import { importSubscription } from '../specs/subscription-spec.ts'
import { close } from '../subscriptions/life.ts'
import { readDescription } from '../swagger.ts'
import { type Call, isDry, noContent, param, type Part, urlOf } from './exchange.ts'
import { apiView, iso, tagsOf } from './views.ts'

const identifier = z.string().max(200).regex(
  /^[A-Za-z0-9._~-]+$/,
  'must have letters, digits and "._~-" alone',
)
const maybeId = identifier.nullish().transform((value) => value ?? undefined)

const planSpec = z.looseObject({ id: maybeId })
const apiSpec = z.looseObject({
  id: maybeId,
  crossId: maybeId,
  plans: z.record(z.string().max(512), planSpec).nullish(),
})

const subscriptionSpec = z.looseObject({
  id: identifier,
  applicationId: z.string(),
  planId: z.string(),
  endingAt: date,
  metadata: z.record(z.string(), z.string()).nullish(),
})

const duplicateSchema = z.looseObject({
  contextPath: text(1024),
  host: text(255),
  version: text(),
  filteredFields: z.array(z.enum(['GROUPS', 'PLANS', 'MEMBERS', 'PAGES'])).prefault([]),
})

const swaggerSchema = z.looseObject({
  payload: text(4_194_304),
  withOASValidationPolicy: z.boolean().nullish(),
  withPolicyPaths: z.boolean().nullish(),
})

/** `_import` and `_duplicate`: APIs, applications and subscriptions that come as a whole. */
export function addImportRoutes(app: Part, management: Management): void {
  app.post('/apis/_import/definition', async (call) => {
    const body = await readBody(call.req.raw, z.looseObject({}))
    const { actor } = call.var
    return made(call, await importing(() => importDefinition(management, body, actor)))
  })
  app.post(
    '/apis/_import/swagger',
    async (call) => made(call, await importing(() => importSwagger(management, call))),
  )
  app.put('/apis/:api/_import/definition', async (call) => {
    const { value } = management.ownApi(param(call, 'api'), call.var.actor)
    const body = await readBody(call.req.raw, z.looseObject({}))
    const order = { id: value.id, actor: call.var.actor }
    const api = await replaceDefinition(management, body, order)
    return call.json(apiView(api, urlOf(call)), 200, tagsOf(api))
  })
  app.put('/apis/:api/_import/swagger', async (call) => {
    const { value } = management.ownApi(param(call, 'api'), call.var.actor)
    const { api: body } = await readSwagger(call)
    const order = { id: value.id, actor: call.var.actor }
    const kept = { ...value.extra, ...body }
    const api = await updateApi(management, kept, order)
    return call.json(apiView(api, urlOf(call)), 200, tagsOf(api))
  })
  app.post('/apis/:api/_duplicate', async (call) => {
    const options = await readBody(call.req.raw, duplicateSchema)
    const order = { id: param(call, 'api'), actor: call.var.actor }
    const api = await duplicateApi(management, options, order)
    return call.json(apiView(api, urlOf(call)), 200, tagsOf(api))
  })
  app.put('/apis/_import/crd', async (call) => {
    const spec = await readBody(call.req.raw, apiSpec)
    const id = spec.id ?? spec.crossId ?? management.ledger.ids.next()
    return call.json(
      await importApi(management, spec, {
        actor: call.var.actor,
        id,
        crossId: spec.crossId ?? id,
        dryRun: isDry(call),
        plans: Object.entries(spec.plans ?? {}).map(([key, plan]) => ({
          key,
          id: plan.id ?? `${id}~${key.replace(/[^A-Za-z0-9._-]+/g, '-')}`,
          written: { name: key, ...plan },
        })),
      }),
    )
  })
  app.put('/applications/_import/crd', async (call) => {
    const written = await readBody(call.req.raw, z.looseObject({ id: maybeId }))
    const id = written.id ?? management.ledger.ids.next()
    const order = { id, actor: call.var.actor, dryRun: isDry(call) }
    return call.json(
      await importApplication(management, check(written, applicationSpecSchema), order),
    )
  })
  addSubscriptionSpecs(app, management)
}

const PATH_FAULTS = new Set([
  'api.pathAlreadyExists',
  'api.invalidPath',
  'api.duplicatedPath',
  'api.pathMissing',
  'api.invalidHost',
])

/** Imports an API; what is wrong with its paths is told as Gravitee's imports tell it. */
async function importing(work: () => Promise<ApiDocument>): Promise<ApiDocument> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Fault) || !PATH_FAULTS.has(error.code ?? '')) throw error
    throw bad('path.invalid', `Cannot import API with invalid paths (${error.message})`)
  }
}

/** 201, where the new API is below the list of all. */
function made(call: Call, api: ApiDocument): Response {
  const at = new URL(urlOf(call).href.replace(/\/_import\/\w+/, ''))
  const location = `${at.origin}${at.pathname}/${api.id}`
  return call.json(apiView(api, at), 201, { Location: location, ...tagsOf(api) })
}

async function readSwagger(call: Call): Promise<ReturnType<typeof readDescription>> {
  const { payload, withOASValidationPolicy, withPolicyPaths } = await readBody(
    call.req.raw,
    swaggerSchema,
  )
  if (withOASValidationPolicy === true) throw bad('swagger.invalid', 'Policy not found')
  return readDescription(payload, withPolicyPaths !== false)
}

async function importSwagger(management: Management, call: Call): Promise<ApiDocument> {
  const { api: body, plans } = await readSwagger(call)
  const { actor } = call.var
  const { id } = await createApi(management, body, { actor })
  try {
    for (const plan of plans) await createPlan(management, plan, { api: id, actor })
  } catch (error) {
    await deleteApi(management, { id, actor, closePlans: true })
    throw error
  }
  return management.api(id).value
}

function addSubscriptionSpecs(app: Part, management: Management): void {
  const specs = '/apis/:api/subscriptions/spec'
  app.put(`${specs}/_import`, async (call) => {
    const spec = await readBody(call.req.raw, subscriptionSpec)
    const { id, applicationId: application, planId: plan, endingAt } = spec
    const metadata = (spec.metadata ?? undefined) as JsonMap | undefined
    const order = { id, api: param(call, 'api'), application, plan, endingAt, metadata }
    const { status, ...told } = await importSubscription(management, order, call.var.actor)
    return call.json({
      id,
      status,
      startingAt: iso(told.startingAt),
      endingAt: iso(told.endingAt),
    })
  })
  app.delete(`${specs}/:id`, async (call) => {
    const order = { id: param(call, 'id'), api: param(call, 'api'), actor: call.var.actor }
    await close(management, order)
    return noContent(call)
  })
}
