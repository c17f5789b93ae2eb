import * as z from 'zod'
import { quotedText } from '../../../snapshot/mod.ts'
import { apiSchema } from '../api-bodies.ts'
import { createApi, deleteApi, deployApi, startApi, stopApi, updateApi } from '../apis.ts'
import { readBody, readOptionalBody, text } from '../bodies.ts'
import { Fault } from '../faults.ts'
import { EXCLUDABLE, exportDefinition, exportResource } from '../imports.ts'
import type { Management } from '../management.ts'
import type { PathDefinition } from '../model.ts'
import { conflictOf, duplicatePath, sanitizePaths } from '../paths.ts'
import { listApis, searchApis, searchSchema } from './api-lists.ts'
import {
  type Call,
  created,
  isWanted,
  noContent,
  param,
  type Part,
  urlOf,
  wordsOf,
} from './exchange.ts'
import { apiView, iso, tagsOf } from './views.ts'

const deploymentSchema = z.looseObject({
  deploymentLabel: z.string().max(32, 'size must be between 0 and 32').nullish(),
})

const verifyPathsSchema = z.looseObject({
  apiId: text(),
  paths: z.array(z.looseObject({ path: z.string(), host: text() })).max(100),
})

/** `/apis`. */
export function addApiRoutes(app: Part, management: Management): void {
  app.get('/apis', (call) => call.json(listApis(management, call)))
  app.post('/apis', async (call) => {
    const body = await readBody(call.req.raw, apiSchema)
    const api = await createApi(management, body, { actor: call.var.actor })
    return created(call, api.id, apiView(api, urlOf(call)))
  })
  app.post('/apis/_search', async (call) => {
    const search = await readBody(call.req.raw, searchSchema)
    return call.json(searchApis(management, call, search))
  })
  app.post('/apis/_verify/paths', async (call) => {
    const asked = await readBody(call.req.raw, verifyPathsSchema)
    return call.json(verifyPaths(management, asked), 202)
  })
  // Hosts are those of TCP and Kafka, which are not served here.
  app.post('/apis/_verify/hosts', (call) => call.json({ ok: true }, 202))
  addOneApi(app, management)
}

function addOneApi(app: Part, management: Management): void {
  const one = '/apis/:api'
  app.get(one, (call) => {
    const { value } = management.ownApi(param(call, 'api'), call.var.actor)
    return call.json(apiView(value, urlOf(call)), 200, tagsOf(value))
  })
  app.put(one, async (call) => {
    const before = management.ownApi(param(call, 'api'), call.var.actor).value
    if (!isWanted(call, before)) return call.body(null, 412)
    const body = await readBody(call.req.raw, apiSchema)
    const api = await updateApi(management, body, { id: before.id, actor: call.var.actor })
    return call.json(apiView(api, urlOf(call)), 200, tagsOf(api))
  })
  app.delete(one, async (call) => {
    const closePlans = call.req.query('closePlans') === 'true'
    await deleteApi(management, { id: param(call, 'api'), actor: call.var.actor, closePlans })
    return noContent(call)
  })
  app.post(`${one}/_start`, (call) => changeState(management, call, startApi))
  app.post(`${one}/_stop`, (call) => changeState(management, call, stopApi))
  app.get(`${one}/_export/definition`, (call) => {
    const { value } = management.ownApi(param(call, 'api'), call.var.actor)
    const file = `${value.name}-${value.apiVersion}.json`.trim().toLowerCase()
      .replace(/[^\w.]+/g, '-')
    const excluded = wordsOf(call, 'excludeAdditionalData', EXCLUDABLE)
    return call.json(exportDefinition(management, value, excluded), 200, {
      'Content-Disposition': `attachment;filename=${file}`,
    })
  })
  app.get(`${one}/_export/crd`, (call) => {
    const { value } = management.ownApi(param(call, 'api'), call.var.actor)
    const text = quotedText(exportResource(management, value))
    return call.body(text, 200, { 'Content-Type': 'application/x-yaml' })
  })
  addDeployments(app, management)
}

function addDeployments(app: Part, management: Management): void {
  const place = '/apis/:api/deployments'
  app.post(place, async (call) => {
    const { deploymentLabel } = await readOptionalBody(call.req.raw, deploymentSchema)
    const order = { id: param(call, 'api'), actor: call.var.actor }
    const api = await deployApi(management, deploymentLabel ?? '', order)
    return call.body(null, 202, tagsOf(api))
  })
  app.get(place, (call) => {
    const { deployments } = management.ownApi(param(call, 'api'), call.var.actor).value
    return call.json({
      data: deployments.map(({ label, at, by }) => ({ label, createdAt: iso(at), user: by })),
    })
  })
  app.get(`${place}/current`, (call) => {
    const { value } = management.ownApi(param(call, 'api'), call.var.actor)
    return call.json(apiView(value, urlOf(call)))
  })
  app.get(`${place}/_verify`, (call) => {
    management.ownApi(param(call, 'api'), call.var.actor)
    return call.json({ ok: true })
  })
}

async function changeState(
  management: Management,
  call: Call,
  change: typeof startApi,
): Promise<Response> {
  const { value } = management.ownApi(param(call, 'api'), call.var.actor)
  if (!isWanted(call, value)) return call.body(null, 412)
  return call.body(null, 204, tagsOf(await change(management, value.id, call.var.actor)))
}

function verifyPaths(
  { catalogue }: Management,
  { apiId, paths }: z.infer<typeof verifyPathsSchema>,
): Record<string, unknown> {
  try {
    for (const path of sanitizePaths(paths as PathDefinition[])) {
      const conflict = conflictOf(path, catalogue.paths, apiId)
      if (conflict !== undefined) throw duplicatePath(conflict)
    }
    return { ok: true }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { ok: false, reason: error.message }
  }
}
