import { Fault } from '../faults.ts'
import type { Management } from '../management.ts'
import { type Patch, patchApi, patchPlan } from '../patches.ts'
import { type Call, isDry, isWanted, param, type Part, urlOf } from './exchange.ts'
import { apiView, planView, tagsOf } from './views.ts'

/** `PATCH` of an API and of a plan: some of what they say is changed. */
export function addPatchRoutes(app: Part, management: Management): void {
  app.patch('/apis/:api', async (call) => {
    const { value } = management.ownApi(param(call, 'api'), call.var.actor)
    if (!isWanted(call, value)) return call.body(null, 412)
    const patch = await patchOf(call)
    const order = { id: value.id, actor: call.var.actor }
    const api = await patchApi(managementFor(call, management), patch, order)
    return call.json(apiView(api, urlOf(call)), 200, tagsOf(api))
  })
  app.patch('/apis/:api/plans/:plan', async (call) => {
    const order = { id: param(call, 'plan'), api: param(call, 'api'), actor: call.var.actor }
    const { value } = management.plan(order.id, order.api)
    management.ownApi(value.apiId, order.actor)
    if (!isWanted(call, value)) return call.body(null, 412)
    const patch = await patchOf(call)
    const plan = await patchPlan(managementFor(call, management), patch, order)
    return call.json(planView(plan), 200, tagsOf(plan))
  })
}

function managementFor(call: Call, management: Management): Management {
  return isDry(call) ? management.trial() : management
}

/** The longest patch that is read, in characters. */
const MAX_PATCH = 4_194_304

async function patchOf({ req }: Call): Promise<Patch> {
  const type = (req.header('content-type') ?? 'application/json').split(';')[0]?.trim()
    .toLowerCase()
  const text = await req.text()
  if (text.length > MAX_PATCH) throw new Fault(413, 'The body is too large')
  if (type === 'application/json-patch+json') return { kind: 'steps', text }
  if (type === 'application/json' || type === 'application/merge-patch+json') {
    return { kind: 'merge', text }
  }
  throw new Fault(415, 'HTTP 415 Unsupported Media Type')
}
