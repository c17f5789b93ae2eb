import * as z from 'zod'
import { restoreApplication } from '../application-archive.ts'
import type { ApplicationBody, CertificateBody } from '../application-bodies.ts'
import { replaceCertificates } from '../application-certificates.ts'
import { createApplication, updateApplication } from '../applications.ts'
import { date, name, text } from '../bodies.ts'
import { clientIdOf } from '../client-id.ts'
import { bad } from '../faults.ts'
import type { Actor, Management } from '../management.ts'
import type { ApplicationDocument, JsonMap } from '../model.ts'
import { Findings, PLACE, type Told, warnOfUnknown } from './findings.ts'

/** A certificate as specifications have it: PEM, or base64 of PEM where it is `encoded`. */
const certificateSchema = z.looseObject({
  name: text(255),
  content: text(200_000),
  certificate: text(200_000),
  startsAt: date,
  endsAt: date,
  encoded: z.boolean().nullish(),
})

const settingsSchema = z.looseObject({
  app: z.looseObject({ type: text(), clientId: text(300), client_id: text(300) }).nullish(),
  oauth: z.looseObject({}).nullish(),
  tls: z.looseObject({
    clientCertificate: text(200_000),
    clientCertificates: z.array(certificateSchema).max(20).nullish(),
  }).nullish(),
})

const shape = {
  name: name(),
  description: text(4000),
  domain: text(256),
  settings: settingsSchema.nullish(),
}

/** A certificate in a specification. */
interface CertificateSpec {
  readonly name: string | undefined
  readonly content: string | undefined
  readonly certificate: string | undefined
  readonly startsAt: number | undefined
  readonly endsAt: number | undefined
  readonly encoded?: boolean | null | undefined
}

/** An application as a specification has it. */
export interface ApplicationSpec {
  readonly name: string
  readonly description: string | undefined
  readonly domain: string | undefined
  readonly settings?:
    | {
      readonly app?:
        | {
          readonly type: string | undefined
          readonly clientId: string | undefined
          readonly client_id: string | undefined
        }
        | null
        | undefined
      readonly oauth?: JsonMap | null | undefined
      readonly tls?:
        | {
          readonly clientCertificate: string | undefined
          readonly clientCertificates?: readonly CertificateSpec[] | null | undefined
        }
        | null
        | undefined
    }
    | null
    | undefined
  readonly [name: string]: unknown
}

/** Its form. */
export const applicationSpecSchema: z.ZodType<ApplicationSpec> = z.looseObject(
  shape,
) as unknown as z.ZodType<ApplicationSpec>

/** What became of an application, as the operator's status has it. */
export interface ApplicationStatus {
  readonly organizationId: string
  readonly environmentId: string
  readonly id: string
  readonly errors: Told
}

/** Which application, who writes it, and whether it is only to be told what would be. */
export interface ApplicationSpecOrder {
  readonly id: string
  readonly actor: Actor
  readonly dryRun: boolean
}

/** Makes an application what a specification says, with its certificates, or makes it anew. Throws Fault. */
export async function importApplication(
  management: Management,
  spec: ApplicationSpec,
  order: ApplicationSpecOrder,
): Promise<ApplicationStatus> {
  const findings = new Findings()
  warnOfUnknown(findings, spec)
  checkClientId(management, spec, { id: order.id, findings })
  const trial = management.trial()
  if (order.dryRun && !findings.failed) {
    await findings.trying(() => write(trial, spec, order))
  }
  if (!order.dryRun) {
    findings.refuseSevere()
    await write(management, spec, order)
  }
  return { ...PLACE, id: order.id, errors: findings.told() }
}

function checkClientId(
  { catalogue }: Management,
  spec: ApplicationSpec,
  { id, findings }: { readonly id: string; readonly findings: Findings },
): void {
  const { clientId, client_id } = spec.settings?.app ?? {}
  const wanted = clientId ?? client_id
  if (wanted === undefined || wanted === '') return
  const owner = catalogue.clients.get(encodeURIComponent(wanted))?.value
  if (owner === undefined || owner === id) return
  findings.severe(
    `client id [${wanted}] is already defined for application [${owner}] ` +
      'on environment [DEFAULT]',
  )
}

async function write(
  management: Management,
  spec: ApplicationSpec,
  { id, actor, dryRun }: ApplicationSpecOrder,
): Promise<void> {
  const certificates = certificatesOf(spec)
  const known = management.catalogue.applications.get(id)
  const body = bodyOf(spec)
  if (known === undefined) {
    const tls = { client_certificate: undefined, client_certificates: certificates ?? [] }
    const settings = { ...body.settings as NonNullable<ApplicationBody['settings']>, tls }
    await createApplication(management, { ...body, settings }, { actor, id })
    return
  }
  management.ownApplication(id, actor)
  if (known.value.status === 'ARCHIVED') {
    if (dryRun) return
    // Written again, it is to be there again.
    await restoreApplication(management, id, actor)
  }
  await updateApplication(management, body, { id, actor })
  if (certificates !== undefined) {
    await replaceCertificates(management, certificates, { application: id, actor })
  }
}

function bodyOf({ name, description, domain, settings }: ApplicationSpec): ApplicationBody {
  const { app, oauth } = settings ?? {}
  const simple = { type: app?.type, client_id: app?.clientId ?? app?.client_id }
  return {
    name,
    description: description ?? '',
    domain,
    type: undefined,
    client_id: undefined,
    settings: oauth == null
      ? { app: simple, oauth: undefined, tls: undefined }
      : { app: undefined, oauth, tls: undefined },
  }
}

function certificatesOf({ name, settings }: ApplicationSpec): CertificateBody[] | undefined {
  const tls = settings?.tls
  if (tls == null) return undefined
  const single = tls.clientCertificate
  if (tls.clientCertificates == null) {
    return single === undefined || single.trim() === ''
      ? []
      : [{ name, certificate: single, startsAt: undefined, endsAt: undefined }]
  }
  return tls.clientCertificates.map((each, at) => {
    const content = each.content ?? each.certificate ?? ''
    return {
      name: each.name ?? `${name}-${at + 1}`,
      certificate: each.encoded === true ? decoded(content) : content,
      startsAt: each.startsAt,
      endsAt: each.endsAt,
    }
  })
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

/** An application as a specification would have it; its certificates are told by their dates, and in clear. */
export function applicationSpecOf(
  { catalogue }: Management,
  application: ApplicationDocument,
): Record<string, unknown> {
  const { id, name, description, domain, settings } = application
  const certificates = catalogue.certificatesOf(id).map(({ value }) => ({
    name: value.name,
    content: value.certificate,
    startsAt: isoOf(value.startsAt),
    endsAt: isoOf(value.endsAt),
  }))
  return {
    name,
    description,
    domain,
    status: application.status,
    settings: {
      app: { type: settings.app?.type, clientId: clientIdOf(application) },
      ...(certificates.length === 0 ? {} : { tls: { clientCertificates: certificates } }),
    },
    ...PLACE,
    id,
  }
}

function isoOf(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString()
}
