import * as z from 'zod'
import { deleteApi } from '../apis.ts'
import { archiveApplication } from '../application-archive.ts'
import { check, date, name, readBody } from '../bodies.ts'
import { bad, Fault } from '../faults.ts'
import { exportDefinition } from '../imports.ts'
import type { Management } from '../management.ts'
import type { ApiDocument, JsonMap } from '../model.ts'
import { importApi } from '../specs/api-spec.ts'
import {
  applicationSpecOf,
  applicationSpecSchema,
  importApplication,
} from '../specs/application-spec.ts'
import { masked } from '../secrets.ts'
import { PLACE } from '../specs/findings.ts'
import { importSubscription } from '../specs/subscription-spec.ts'
import { close } from '../subscriptions/life.ts'
import { type Call, noContent, param, type Part } from './exchange.ts'
import { iso } from './views.ts'

const HRID = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+[a-zA-Z0-9]$/
const hrid = name(256).refine((value) => HRID.test(value), `must match "${HRID.source}"`)

const planSpec = z.looseObject({ hrid })
const apiSpec = z.looseObject({ hrid, plans: z.array(planSpec).max(100).nullish() })
const subscriptionSpec = z.looseObject({
  hrid,
  applicationHrid: hrid,
  planHrid: hrid,
  endingAt: date,
  metadata: z.record(z.string(), z.string()).nullish(),
})

/**
 * The Automation API, which Terraform and the operator write: the whole of each thing, known by its `hrid`. With
 * `legacy` an hrid is an id.
 */
export function addAutomationRoutes(app: Part, management: Management): void {
  addApplications(app, management)
  addApis(app, management)
  addSubscriptions(app, management)
}

/** The id that an `hrid` always has; what belongs to something has its own `hrid` after that one's. */
function idOf(call: Call, ...hrids: readonly string[]): string {
  const [first = ''] = hrids
  const isId = call.req.query('legacy') === 'true' || call.req.query('legacyID') === 'true'
  if (isId) return hrids.at(-1) ?? first
  if (hrids.some((each) => !/^[A-Za-z0-9._-]+$/.test(each))) throw notThere(hrids.at(-1) ?? '')
  return `hrid-${hrids.join('~')}`
}

function notThere(hrid: string): Fault {
  const message = `HRID [${hrid}] cannot be found.`
  return new Fault(404, message, { code: 'hrid.notFound', parameters: { hrid } })
}

/** Finds something, and where it is not there, says so by its hrid. Throws Fault. */
function found<T>(hrid: string, find: () => T): T {
  try {
    return find()
  } catch (error) {
    if (error instanceof Fault && error.status === 404) throw notThere(hrid)
    throw error
  }
}

function isDry(call: Call): boolean {
  return call.req.query('dryRun') === 'true'
}

function addApplications(app: Part, management: Management): void {
  app.put('/applications', async (call) => {
    const written = await readBody(call.req.raw, z.looseObject({ hrid }))
    const spec = check(written, applicationSpecSchema)
    const order = { id: idOf(call, written.hrid), actor: call.var.actor, dryRun: isDry(call) }
    const status = await importApplication(management, spec, order)
    return call.json({ ...withoutNulls(written), ...status })
  })
  const one = '/applications/:hrid'
  app.get(one, (call) => {
    const { value } = ownApplication(management, call)
    return call.json({ hrid: param(call, 'hrid'), ...applicationSpecOf(management, value) })
  })
  app.delete(one, async (call) => {
    const { value } = ownApplication(management, call)
    await archiveApplication(management, value.id, call.var.actor)
    return noContent(call)
  })
}

function ownApplication(
  management: Management,
  call: Call,
): ReturnType<Management['ownApplication']> {
  const hrid = param(call, 'hrid')
  const known = found(hrid, () => management.ownApplication(idOf(call, hrid), call.var.actor))
  if (known.value.status === 'ARCHIVED') throw notThere(hrid)
  return known
}

function addApis(app: Part, management: Management): void {
  app.put('/apis', async (call) => {
    const spec = await readBody(call.req.raw, apiSpec)
    const plans = spec.plans ?? []
    if (new Set(plans.map((plan) => plan.hrid)).size < plans.length) {
      throw bad('invalid', 'Duplicate hrid found in plans')
    }
    const id = idOf(call, spec.hrid)
    const status = await importApi(management, spec, {
      actor: call.var.actor,
      id,
      crossId: id,
      dryRun: isDry(call),
      plans: plans.map((plan) => ({
        key: plan.hrid,
        id: idOf(call, spec.hrid, plan.hrid),
        written: { name: plan.hrid, ...plan },
      })),
    })
    const { plans: _, state: __, ...told } = status
    return call.json({ ...masked(withoutNulls(spec)), ...told })
  })
  const one = '/apis/:hrid'
  app.get(one, (call) => {
    const { value } = ownApi(management, call, 'hrid')
    return call.json(apiSpecOf(management, value, call))
  })
  app.delete(one, async (call) => {
    const { value } = ownApi(management, call, 'hrid')
    const order = { id: value.id, actor: call.var.actor, closePlans: true }
    await deleteApi(management, order)
    return noContent(call)
  })
}

function ownApi(
  management: Management,
  call: Call,
  name: string,
): ReturnType<Management['ownApi']> {
  const hrid = param(call, name)
  return found(hrid, () => management.ownApi(idOf(call, hrid), call.var.actor))
}

function apiSpecOf(
  management: Management,
  api: ApiDocument,
  call: Call,
): Record<string, unknown> {
  const { api: told, plans } = exportDefinition(management, api) as {
    api: Record<string, unknown>
    plans: readonly Record<string, unknown>[]
  }
  const { apiVersion, definitionVersion: _, ...rest } = told
  const hrid = param(call, 'hrid')
  const start = `${api.id}~`
  return {
    hrid,
    ...rest,
    version: apiVersion,
    state: api.state,
    lifecycleState: api.lifecycleState,
    plans: plans.map(({ id, definitionVersion: _, ...plan }) => ({
      hrid: String(id).startsWith(start) ? String(id).slice(start.length) : id,
      ...plan,
    })),
    ...PLACE,
    crossId: api.crossId ?? api.id,
    id: api.id,
  }
}

function addSubscriptions(app: Part, management: Management): void {
  const all = '/apis/:apiHrid/subscriptions'
  app.put(all, async (call) => {
    const spec = await readBody(call.req.raw, subscriptionSpec)
    const api = param(call, 'apiHrid')
    const subscription = await importSubscription(management, {
      id: idOf(call, api, spec.hrid),
      api: idOf(call, api),
      application: idOf(call, spec.applicationHrid),
      plan: idOf(call, api, spec.planHrid),
      endingAt: spec.endingAt,
      metadata: (spec.metadata ?? undefined) as JsonMap | undefined,
    }, call.var.actor)
    return call.json({
      ...withoutNulls(spec),
      apiHrid: api,
      ...PLACE,
      id: subscription.id,
      startingAt: iso(subscription.startingAt),
      endingAt: iso(subscription.endingAt),
    })
  })
  const one = `${all}/:hrid`
  app.get(one, (call) => {
    const { value } = ownSubscription(management, call)
    const [api, hrid] = [param(call, 'apiHrid'), param(call, 'hrid')]
    return call.json({
      hrid,
      apiHrid: api,
      applicationHrid: value.applicationId.replace(/^hrid-/, ''),
      planHrid: value.planId.replace(/^hrid-.*~/, ''),
      ...PLACE,
      id: value.id,
      startingAt: iso(value.startingAt),
      endingAt: iso(value.endingAt),
      metadata: value.metadata,
    })
  })
  app.delete(one, async (call) => {
    const { value } = ownSubscription(management, call)
    if (value.status !== 'CLOSED' && value.status !== 'REJECTED') {
      await close(management, { id: value.id, api: value.apiId, actor: call.var.actor })
    }
    return noContent(call)
  })
}

function ownSubscription(
  management: Management,
  call: Call,
): ReturnType<Management['subscription']> {
  const { value: api } = ownApi(management, call, 'apiHrid')
  const hrid = param(call, 'hrid')
  const id = idOf(call, param(call, 'apiHrid'), hrid)
  return found(hrid, () => management.subscription(id, { api: api.id }))
}

function withoutNulls(spec: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(spec).filter(([, value]) => value !== null && value !== undefined),
  )
}
