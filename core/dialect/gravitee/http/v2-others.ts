import type { Catalogue } from '../catalogue.ts'
import { forbidden } from '../faults.ts'
import { type Management, owns } from '../management.ts'
import type { ApplicationDocument } from '../model.ts'
import { listAudits } from '../audits.ts'
import { expiringCertificates } from '../expiring.ts'
import { type Call, listOf, param, type Part, urlOf } from './exchange.ts'
import { ANY } from '../subscriptions/closing.ts'
import { pageAnswer, pageOf, slice } from './paging.ts'
import { applicationBrief, applicationView, auditView } from './views.ts'

/** What else the v2 API tells: applications, audits, certificates that expire. */
export function addOtherRoutes(app: Part, management: Management): void {
  app.get('/applications', (call) => call.json(listApplications(management, call)))
  app.get('/applications/:application', (call) => {
    const { value } = management.ownApplication(param(call, 'application'), call.var.actor)
    return call.json(applicationView(value))
  })
  app.get('/apis/:api/subscribers', (call) => {
    management.ownApi(param(call, 'api'), call.var.actor)
    return call.json(listSubscribers(management, call))
  })
  app.get('/apis/:api/audits', async (call) => {
    management.ownApi(param(call, 'api'), call.var.actor)
    return call.json(await audits(management, call, { API: param(call, 'api') }))
  })
  app.get('/audits', async (call) => {
    if (call.var.actor.role !== 'admin') throw forbidden()
    return call.json(await audits(management, call, {}))
  })
  app.get('/certificates/expiring', (call) => {
    const page = pageOf(urlOf(call))
    const all = expiringCertificates(management, call.var.actor)
    const some = all.slice((page.page - 1) * page.perPage, page.page * page.perPage)
    return call.json(pageAnswer(some, all.length, { page, url: urlOf(call) }))
  })
}

function listApplications(management: Management, call: Call): Record<string, unknown> {
  const page = pageOf(urlOf(call))
  const { data, total } = pickApplications(management, call, {
    skip: (page.page - 1) * page.perPage,
    take: page.perPage,
    status: 'ACTIVE',
  })
  return pageAnswer(data.map(applicationView), total, { page, url: urlOf(call) })
}

/** Applications that have, or ever had, a subscription to an API, by name. */
function listSubscribers({ catalogue }: Management, call: Call): Record<string, unknown> {
  const page = pageOf(urlOf(call))
  const ids = new Set(
    catalogue.find({ api: param(call, 'api'), statuses: ANY })
      .map((id) => catalogue.subscriptions.get(id)?.applicationId ?? ''),
  )
  const name = call.req.query('name')?.toLowerCase()
  const all = (sorted(catalogue, [...ids]) ?? [])
    .flatMap((id) => catalogue.applications.get(id)?.value ?? [])
    .filter((each) => name === undefined || each.name.toLowerCase().includes(name))
  const data = slice(all, page).map((each) => ({ id: each.id, ...applicationBrief(each) }))
  return pageAnswer(data, all.length, { page, url: urlOf(call) })
}

/** Applications that someone may see, by name. */
export function pickApplications(
  { catalogue }: Management,
  call: Call,
  { skip, take, status, order = call.req.query('order') }: {
    readonly skip: number
    readonly take: number
    readonly status: string
    readonly order?: string | undefined
  },
): { readonly data: ApplicationDocument[]; readonly total: number } {
  const ids = sorted(catalogue, listOf(call, 'ids'))
  const query = call.req.query('query')?.toLowerCase()
  const data: ApplicationDocument[] = []
  let total = 0
  for (const id of ids ?? inOrder(catalogue, order)) {
    const known = catalogue.applications.get(id)
    if (known === undefined || known.status !== status) continue
    if (!owns(call.var.actor, known)) continue
    if (query !== undefined && !`${known.id} ${known.name}`.toLowerCase().includes(query)) continue
    total++
    if (total > skip && data.length < take) data.push(known.value)
  }
  return { data, total }
}

/** Those of ids that are someone's, by name. */
function sorted(
  { applications }: Catalogue,
  ids: readonly string[] | undefined,
): string[] | undefined {
  const nameOf = (id: string): string => applications.get(id)?.value.name.toLowerCase() ?? ''
  return ids && [...new Set(ids)].sort((a, b) => nameOf(a) < nameOf(b) ? -1 : 1)
}

/** Ids of applications in the order that is asked for: by name unless told otherwise; `-` is the other way round. */
function inOrder({ applicationNames, applications }: Catalogue, order = 'name'): Iterable<string> {
  const back = order.startsWith('-')
  if (/^-?updated_at$/.test(order)) {
    const all = [...applications.values()].map(({ value }) => value)
    all.sort((a, b) => a.updatedAt - b.updatedAt || (a.id < b.id ? -1 : 1))
    return (back ? all.reverse() : all).map(({ id }) => id)
  }
  return back ? [...applicationNames].reverse() : applicationNames
}

async function audits(
  management: Management,
  call: Call,
  properties: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>> {
  const page = pageOf(urlOf(call))
  const { data, total } = await listAudits(management, {
    properties,
    events: listOf(call, 'events'),
    page,
  })
  return pageAnswer(data.map(auditView), total, { page, url: urlOf(call) })
}
