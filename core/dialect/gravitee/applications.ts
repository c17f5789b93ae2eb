import type { Condition, Json, Operation } from '../../store/mod.ts'
import { extraOf, plain } from './api-bodies.ts'
import { checkApiKeyMode } from './api-key-mode.ts'
import type { ApplicationBody, CertificateBody } from './application-bodies.ts'
import { claimCertificates } from './certificate-claims.ts'
import {
  alreadyUsed,
  checkDates,
  fingerprintText,
  type ReadCertificate,
  readClientCertificate,
} from './certificates.ts'
import { bad, type Fault } from './faults.ts'
import { clientKey, keyOf } from './keys.ts'
import type { Actor, Management } from './management.ts'
import type { ApplicationDocument, ApplicationSettings, CertificateDocument } from './model.ts'
import { clientIdOf } from './client-id.ts'
import { archived } from './subscriptions/subscribe.ts'

/** Certificates that an application may have: with a claim each they fit into one transaction. */
export const MOST_CERTIFICATES = 40

const FIELDS: ReadonlySet<string> = new Set([
  ...['id', 'name', 'description', 'domain', 'type', 'client_id', 'clientId', 'settings', 'status'],
  ...['owner', 'created_at', 'updated_at', 'groups', 'environmentId', 'picture', 'picture_url'],
])

/** A certificate that was read and found fit, before it has an owner. */
export interface Candidate extends Omit<CertificateBody, 'certificate'> {
  readonly read: ReadCertificate
}

/** Reads the certificates that come with an application; the single one of old is named after it. Throws Fault. */
export async function readCandidates(body: ApplicationBody): Promise<Candidate[]> {
  const { client_certificate: single, client_certificates: many = [] } = body.settings?.tls ?? {}
  const one = single === undefined || single.trim() === '' || many.length > 0
    ? []
    : [{ name: body.name, certificate: single, startsAt: undefined, endsAt: undefined }]
  const candidates: Candidate[] = []
  for (const each of [...many, ...one]) candidates.push(await readCandidate(each))
  const seen = new Set<string>()
  for (const { read: { certificate } } of candidates) {
    if (seen.has(certificate.sha256)) throw alreadyUsed(certificate.sha256)
    seen.add(certificate.sha256)
  }
  return candidates
}

/** Reads one certificate. Throws Fault. */
export async function readCandidate(body: CertificateBody): Promise<Candidate> {
  checkDates(body.startsAt, body.endsAt)
  const { name, startsAt, endsAt } = body
  return { name, startsAt, endsAt, read: await readClientCertificate(body.certificate) }
}

/** The document of a certificate that an application gains. */
export function certificateOf(
  management: Management,
  application: string,
  { name, startsAt, endsAt, read: { certificate, pem } }: Candidate,
): CertificateDocument {
  const now = management.now()
  const id = management.ledger.ids.next()
  return plain({
    id,
    crossId: id,
    applicationId: application,
    name,
    ...(startsAt === undefined ? {} : { startsAt }),
    ...(endsAt === undefined ? {} : { endsAt }),
    createdAt: now,
    updatedAt: now,
    certificate: pem,
    certificateStart: certificate.notBefore,
    certificateExpiration: certificate.notAfter,
    subject: certificate.subject,
    issuer: certificate.issuer,
    sha256: certificate.sha256,
  })
}

/** Makes an application with its certificates, all at once. Throws Fault. */
export async function createApplication(
  management: Management,
  body: ApplicationBody,
  { actor, id }: { readonly actor: Actor; readonly id?: string },
): Promise<ApplicationDocument> {
  if (body.settings?.app !== undefined && body.settings.oauth !== undefined) throw invalidType()
  checkApiKeyMode(body.api_key_mode, undefined)
  const candidates = await readCandidates(body)
  const { ledger } = management
  const lock = `application ${id ?? ledger.ids.next()}`
  return await ledger.change({ by: actor.name, lock }, async () => {
    const application = newApplication(management, body, {
      actor,
      ...(id === undefined ? {} : { id }),
    })
    const key = keyOf('application', application.id)
    const certificates = candidates.map((each) => certificateOf(management, application.id, each))
    const claims = await claimCertificates(management, certificates)
    const client = claimClient(management, application, undefined)
    return {
      operations: [
        { put: key, value: application as unknown as Json },
        ...claims.operations,
        ...client.operations,
      ],
      conditions: [{ key, revision: 0 }, ...claims.conditions, ...client.conditions],
      audits: [{
        ...noteOf('APPLICATION_CREATED', application),
        after: { ...application, certificates: certificates.map(toldOf) },
      }],
      // Until it subscribes to something, no request can depend on it.
      inForce: claims.taken,
      result: application,
    }
  })
}

function newApplication(
  management: Management,
  body: ApplicationBody,
  { actor, id }: { readonly actor: Actor; readonly id?: string },
): ApplicationDocument {
  const now = management.now()
  return plain({
    id: id ?? management.ledger.ids.next(),
    name: body.name,
    description: body.description,
    ...(body.domain === undefined ? {} : { domain: body.domain }),
    type: (body.settings?.oauth !== undefined && body.type !== undefined ? body.type : 'SIMPLE')
      .toUpperCase(),
    status: 'ACTIVE',
    settings: settingsOf(body),
    owner: actor.name,
    extra: extraOf(body, FIELDS),
    createdAt: now,
    updatedAt: now,
  })
}

function settingsOf(
  { settings, type, clientId, client_id = clientId }: ApplicationBody,
): ApplicationSettings {
  if (settings?.oauth !== undefined) return plain({ oauth: settings.oauth })
  const app = settings?.app
  return plain({
    app: {
      ...(app?.type ?? type ? { type: app?.type ?? type } : {}),
      ...(app?.client_id ?? client_id ? { client_id: app?.client_id ?? client_id } : {}),
    },
  }) as ApplicationSettings
}

/** Takes an application's client id, and lets go of the one before. Throws Fault where another one has it. */
export function claimClient(
  { catalogue }: Management,
  application: ApplicationDocument,
  before: ApplicationDocument | undefined,
): { operations: Operation[]; conditions: Condition[] } {
  const wanted = application.status === 'ACTIVE' ? clientIdOf(application) : undefined
  const had = before?.status === 'ACTIVE' ? clientIdOf(before) : undefined
  if (wanted === had) return { operations: [], conditions: [] }
  const operations: Operation[] = had === undefined ? [] : [{ delete: clientKey(had) }]
  if (wanted === undefined) return { operations, conditions: [] }
  const key = clientKey(wanted)
  if (catalogue.clients.has(encodeURIComponent(wanted))) {
    const message = `An application already exists with client_id [${wanted}]`
    throw bad('application.clientId.exists', message, { clientId: wanted })
  }
  operations.push({ put: key, value: application.id })
  return { operations, conditions: [{ key, revision: 0 }] }
}

/** Replaces what an application says of itself; certificates have their own resource. Throws Fault. */
export async function updateApplication(
  management: Management,
  body: ApplicationBody,
  { id, actor }: { readonly id: string; readonly actor: Actor },
): Promise<ApplicationDocument> {
  return await management.ledger.change({ by: actor.name, lock: `application ${id}` }, () => {
    const known = management.ownApplication(id, actor)
    checkClientId(management, body, known.value)
    if (known.value.status === 'ARCHIVED') throw archived(known.value)
    const { app, oauth } = body.settings ?? {}
    if ((app === undefined) === (oauth === undefined)) throw invalidType()
    checkApiKeyMode(body.api_key_mode, known.value)
    const { domain: _, ...before } = known.value
    const application = plain({
      ...before,
      name: body.name,
      description: body.description,
      ...(body.domain === undefined ? {} : { domain: body.domain }),
      settings: body.settings === undefined ? before.settings : settingsOf(body),
      extra: { ...before.extra, ...extraOf(body, FIELDS) },
      updatedAt: management.now(),
    })
    const client = claimClient(management, application, known.value)
    return {
      operations: [{ put: known.key, value: application as unknown as Json }, ...client.operations],
      conditions: [{ key: known.key, revision: known.modifyRevision }, ...client.conditions],
      audits: [{
        ...noteOf('APPLICATION_UPDATED', application),
        before: known.value,
        after: application,
      }],
      inForce: client.operations.length > 0,
      result: application,
    }
  })
}

/** Tokens find their application by its client id. Throws Fault. */
function checkClientId(
  { catalogue }: Management,
  { settings, clientId, client_id = clientId }: ApplicationBody,
  { id }: ApplicationDocument,
): void {
  if (settings?.app === undefined || (settings.app.client_id ?? client_id ?? '') !== '') return
  const needed = catalogue.subscriptionsOf(id).some(({ value }) => {
    const type = catalogue.plans.get(value.planId)?.value.security.type
    return type === 'JWT' || type === 'OAUTH2'
  })
  if (!needed) return
  const message = "Can't update application because client_id is missing and it has subscriptions"
  throw bad('application.clientId', message)
}

function invalidType(): Fault {
  const message = 'Application is defined with a missing type or multiple types (app / oauth)'
  return bad('application.invalid', message)
}

/** What is noted of an application. */
export function noteOf(event: string, { id }: ApplicationDocument): {
  event: string
  reference: { type: 'APPLICATION'; id: string }
  properties: Record<string, string>
} {
  return { event, reference: { type: 'APPLICATION', id }, properties: { APPLICATION: id } }
}

/** A certificate in audits: by its fingerprint. */
export function toldOf({ certificate: _, sha256, ...told }: CertificateDocument): unknown {
  return { ...told, fingerprint: fingerprintText(sha256) }
}
