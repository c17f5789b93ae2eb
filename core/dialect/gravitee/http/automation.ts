import * as z from 'zod'
import { replaceCertificates } from '../application-certificates.ts'
import type { CertificateBody } from '../application-bodies.ts'
import { createApplication, updateApplication } from '../applications.ts'
import { date, name, readBody, text } from '../bodies.ts'
import { bad } from '../faults.ts'
import { type Management, owns } from '../management.ts'
import type { Call, Part } from './exchange.ts'
import { applicationView } from './views.ts'

const certificateSchema = z.looseObject({
  name: text(255),
  content: z.string().min(1).max(200_000),
  startsAt: date,
  endsAt: date,
  encoded: z.boolean().nullish(),
})

const schema = z.looseObject({
  hrid: name(256),
  name: name(),
  description: text(),
  settings: z.looseObject({
    app: z.looseObject({ type: text(), clientId: text(300) }).nullish(),
    tls: z.looseObject({
      clientCertificate: text(200_000),
      clientCertificates: z.array(certificateSchema).max(20).nullish(),
    }).nullish(),
  }).nullish(),
})

type Written = z.infer<typeof schema>

/** The Automation API's applications, which the operator and Terraform write: the whole of each, known by its `hrid`. */
export function addAutomationRoutes(app: Part, management: Management): void {
  app.put('/applications', async (call) => {
    const written = await readBody(call.req.raw, schema)
    return call.json(await apply(management, written, call))
  })
  app.get('/applications/:hrid', (call) => {
    const id = idOf(call.req.param('hrid'))
    return call.json(applicationView(management.ownApplication(id, call.var.actor).value))
  })
}

/** The id that an `hrid` always has. */
function idOf(hrid: string): string {
  if (!/^[A-Za-z0-9._~-]+$/.test(hrid)) {
    throw bad('invalid', 'hrid: letters, digits and "-._~" are allowed')
  }
  return `hrid-${hrid}`
}

async function apply(management: Management, written: Written, call: Call): Promise<unknown> {
  const { actor } = call.var
  const id = idOf(written.hrid)
  const certificates = certificatesOf(written)
  const { app } = written.settings ?? {}
  const settings = {
    app: { type: app?.type, client_id: app?.clientId },
    oauth: undefined,
  }
  const body = {
    name: written.name,
    description: written.description ?? '',
    domain: undefined,
    type: undefined,
    client_id: undefined,
    settings: { ...settings, tls: undefined },
  }
  const known = management.catalogue.applications.get(id)
  if (known === undefined) {
    const tls = { client_certificate: undefined, client_certificates: certificates ?? [] }
    await createApplication(management, { ...body, settings: { ...settings, tls } }, { actor, id })
  } else {
    if (!owns(actor, known.value)) management.ownApplication(id, actor)
    await updateApplication(management, body, { id, actor })
    if (certificates !== undefined) {
      await replaceCertificates(management, certificates, { application: id, actor })
    }
  }
  return { ...applicationView(management.application(id).value), hrid: written.hrid }
}

function certificatesOf({ name, settings }: Written): CertificateBody[] | undefined {
  const tls = settings?.tls
  if (tls == null) return undefined
  const single = tls.clientCertificate
  const all = tls.clientCertificates ?? (single === undefined ? [] : [{ name, content: single }])
  return all.map((each, at) => ({
    name: each.name ?? `${name}-${at + 1}`,
    certificate: 'encoded' in each && each.encoded === true ? decoded(each.content) : each.content,
    startsAt: 'startsAt' in each ? each.startsAt : undefined,
    endsAt: 'endsAt' in each ? each.endsAt : undefined,
  }))
}

function decoded(base64: string): string {
  try {
    return atob(base64.replace(/\s+/g, ''))
  } catch {
    throw bad(
      'application.certificate.invalid',
      'An error has occurred while parsing client certificate',
    )
  }
}
