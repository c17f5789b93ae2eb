import {
  applicationSchema,
  certificateSchema,
  updateApplicationSchema,
  updateCertificateSchema,
  validateSchema,
} from '../application-bodies.ts'
import {
  addCertificate,
  findCertificate,
  type Owner,
  removeCertificate,
  updateCertificate,
} from '../application-certificates.ts'
import { archiveApplication, restoreApplication } from '../application-archive.ts'
import { createApplication, updateApplication } from '../applications.ts'
import { readBody } from '../bodies.ts'
import { readClientCertificate } from '../certificates.ts'
import { forbidden } from '../faults.ts'
import type { Management } from '../management.ts'
import type { CertificateDocument } from '../model.ts'
import { type Call, created, noContent, param, type Part, urlOf } from './exchange.ts'
import { pageAnswerV1, pageOfV1, slice } from './paging.ts'
import { pickApplications } from './v2-others.ts'
import { isPortal, portalCertificate, portalPage } from './portal.ts'
import { applicationViewV1, certificateView, type View } from './views.ts'

/** The most applications that a list without pages has: Gravitee's has no bound. */
const UNPAGED = 10_000

const NONE = 'An application must be provided'

/** `/applications`. */
export function addApplicationRoutes(app: Part, management: Management): void {
  app.get('/applications', (call) => {
    const status = statusOf(call)
    const order = status === 'ARCHIVED' ? 'updated_at' : 'name'
    const { data } = pickApplications(management, call, { skip: 0, take: UNPAGED, status, order })
    return call.json(data.map((each) => applicationViewV1(management, each, { list: true })))
  })
  app.get('/applications/_paged', (call) => {
    const page = pageOfV1(urlOf(call), 10)
    const status = statusOf(call)
    const skip = (page.page - 1) * page.perPage
    const { data, total } = pickApplications(management, call, { skip, take: page.perPage, status })
    const views = data.map((each) => applicationViewV1(management, each, { list: true }))
    return call.json(pageAnswerV1(views, total, page))
  })
  app.post('/applications', async (call) => {
    const body = await readBody(call.req.raw, applicationSchema, NONE)
    const application = await createApplication(management, body, { actor: call.var.actor })
    return created(call, application.id, applicationViewV1(management, application))
  })
  addOneApplication(app, management)
}

function statusOf(call: Call): string {
  const status = (call.req.query('status') ?? 'ACTIVE').toUpperCase()
  if (status === 'ARCHIVED' && call.var.actor.role !== 'admin') throw forbidden()
  return status
}

function addOneApplication(app: Part, management: Management): void {
  const one = '/applications/:application'
  app.get(one, (call) => {
    const { value } = management.ownApplication(param(call, 'application'), call.var.actor)
    return call.json(applicationViewV1(management, value))
  })
  app.put(one, async (call) => {
    const body = await readBody(call.req.raw, updateApplicationSchema, NONE)
    const order = { id: param(call, 'application'), actor: call.var.actor }
    return call.json(
      applicationViewV1(management, await updateApplication(management, body, order)),
    )
  })
  app.delete(one, async (call) => {
    await archiveApplication(management, param(call, 'application'), call.var.actor)
    return noContent(call)
  })
  app.post(`${one}/_restore`, async (call) => {
    const application = await restoreApplication(
      management,
      param(call, 'application'),
      call.var.actor,
    )
    return call.json(applicationViewV1(management, application))
  })
}

/** `/applications/{application}/certificates`, on the management and the portal API. */
export function addCertificateRoutes(app: Part, management: Management): void {
  const all = '/applications/:application/certificates'
  const viewOf = (call: Call, certificate: CertificateDocument): View => {
    const view = certificateView(management, certificate)
    return isPortal(call) ? portalCertificate(view) : view
  }
  app.get(all, (call) => {
    const owner = ownerOf(call)
    management.ownApplication(owner.application, owner.actor)
    const portal = isPortal(call)
    const page = pageOfV1(urlOf(call), portal ? 10 : 20)
    const certificates = management.catalogue.certificatesOf(owner.application)
    const some = slice(certificates, page).map(({ value }) => viewOf(call, value))
    const answer = pageAnswerV1(some, certificates.length, page)
    if (!portal) return call.json(answer)
    const more = portalPage(some.length, certificates.length, { page, url: urlOf(call) })
    return call.json({ ...answer, ...more })
  })
  app.post(all, async (call) => {
    const body = await readBody(call.req.raw, certificateSchema)
    const certificate = await addCertificate(management, body, ownerOf(call))
    return created(call, certificate.id, viewOf(call, certificate))
  })
  app.post(`${all}/_validate`, async (call) => {
    const owner = ownerOf(call)
    management.ownApplication(owner.application, owner.actor)
    const body = await readBody(call.req.raw, validateSchema)
    const { certificate: { notAfter, subject, issuer } } = await readClientCertificate(
      body.certificate,
    )
    return call.json({ certificateExpiration: notAfter, subject, issuer })
  })
  const one = `${all}/:certificate`
  app.get(one, (call) => {
    const { value } = findCertificate(management, ownerOf(call), param(call, 'certificate'))
    return call.json(viewOf(call, value))
  })
  app.put(one, async (call) => {
    const body = await readBody(call.req.raw, updateCertificateSchema)
    const order = { ...ownerOf(call), id: param(call, 'certificate') }
    return call.json(viewOf(call, await updateCertificate(management, body, order)))
  })
  app.delete(one, async (call) => {
    await removeCertificate(management, { ...ownerOf(call), id: param(call, 'certificate') })
    return noContent(call)
  })
}

function ownerOf(call: Call): Owner {
  return { application: param(call, 'application'), actor: call.var.actor }
}
