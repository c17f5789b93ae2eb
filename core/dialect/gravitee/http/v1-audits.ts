import { listAudits } from '../audits.ts'
import { forbidden } from '../faults.ts'
import type { Management } from '../management.ts'
import { type Call, listOf, param, type Part, urlOf } from './exchange.ts'
import { pageOfV1 } from './paging.ts'
import { auditViewV1 } from './views.ts'

/** `/audit`, and that of one application or API. */
export function addAuditRoutesV1(app: Part, management: Management): void {
  app.get('/audit', async (call) => {
    if (call.var.actor.role !== 'admin') throw forbidden()
    return call.json(await audits(management, call, {}))
  })
  app.get('/applications/:application/audit', async (call) => {
    management.ownApplication(param(call, 'application'), call.var.actor)
    return call.json(await audits(management, call, { APPLICATION: param(call, 'application') }))
  })
  app.get('/apis/:api/audit', async (call) => {
    management.ownApi(param(call, 'api'), call.var.actor)
    return call.json(await audits(management, call, { API: param(call, 'api') }))
  })
}

async function audits(
  management: Management,
  call: Call,
  properties: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>> {
  const page = pageOfV1(urlOf(call), 10)
  const asked: Record<string, string> = { ...properties }
  for (const [query, name] of [['application', 'APPLICATION'], ['api', 'API']] as const) {
    const value = call.req.query(query)
    if (value !== undefined) asked[name] = value
  }
  const { data, total } = await listAudits(management, {
    properties: asked,
    events: listOf(call, 'event'),
    page,
  })
  return {
    content: data.map(auditViewV1),
    metadata: {},
    pageNumber: page.page,
    pageElements: data.length,
    totalElements: total,
  }
}
