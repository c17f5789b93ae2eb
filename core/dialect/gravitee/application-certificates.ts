import { plain } from './api-bodies.ts'
import type { CertificateBody } from './application-bodies.ts'
import {
  type Candidate,
  certificateOf,
  MOST_CERTIFICATES,
  readCandidate,
  toldOf,
} from './applications.ts'
import type { AuditNote } from './audit.ts'
import type { Known } from './catalogue.ts'
import { claimCertificates, releaseClaims } from './certificate-claims.ts'
import { checkDates, isActive } from './certificates.ts'
import { bad, Fault } from './faults.ts'
import type { Actor, Management } from './management.ts'
import type { CertificateDocument } from './model.ts'
import { LIVING } from './subscriptions/closing.ts'
import { archived } from './subscriptions/subscribe.ts'

/** Whose certificates, and who asks. */
export interface Owner {
  readonly application: string
  readonly actor: Actor
}

/** A certificate of an application. Throws Fault. */
export function findCertificate(
  management: Management,
  { application, actor }: Owner,
  id: string,
): Known<CertificateDocument> {
  management.ownApplication(application, actor)
  const found = management.catalogue.certificatesOf(application).find(({ value }) =>
    value.id === id
  )
  if (found !== undefined) return found
  throw new Fault(404, `Client certificate [${id}] cannot be found.`, {
    code: 'application.certificate.notFound',
    parameters: { certificate: id },
  })
}

/** Adds a certificate to an application; those it has stay. Throws Fault. */
export async function addCertificate(
  management: Management,
  body: CertificateBody,
  { application, actor }: Owner,
): Promise<CertificateDocument> {
  management.ownApplication(application, actor)
  const candidate = await readCandidate(body)
  return await management.ledger.change(
    { by: actor.name, lock: `application ${application}` },
    async () => {
      const known = management.ownApplication(application, actor)
      if (known.value.status === 'ARCHIVED') throw archived(known.value)
      const own = management.catalogue.certificatesOf(application)
      if (own.length >= MOST_CERTIFICATES) {
        throw bad(
          'application.certificate.tooMany',
          `An application has at most ${MOST_CERTIFICATES} certificates`,
        )
      }
      const certificate = certificateOf(management, application, candidate)
      const claims = await claimCertificates(management, [certificate])
      return {
        operations: claims.operations,
        conditions: [{ key: known.key, revision: known.modifyRevision }, ...claims.conditions],
        audits: [noteOf('CLIENT_CERTIFICATE_CREATED', undefined, certificate)],
        inForce: claims.taken || hasSubscriptions(management, application),
        result: certificate,
      }
    },
  )
}

/** Changes name and dates of a certificate. Throws Fault. */
export async function updateCertificate(
  management: Management,
  { name, startsAt, endsAt }: Omit<CertificateBody, 'certificate'>,
  { id, ...owner }: Owner & { readonly id: string },
): Promise<CertificateDocument> {
  checkDates(startsAt, endsAt)
  const { application, actor } = owner
  return await management.ledger.change(
    { by: actor.name, lock: `application ${application}` },
    async () => {
      const known = findCertificate(management, owner, id)
      const { startsAt: _, endsAt: __, ...before } = known.value
      const certificate = plain({
        ...before,
        name,
        ...(startsAt === undefined ? {} : { startsAt }),
        ...(endsAt === undefined ? {} : { endsAt }),
        updatedAt: management.now(),
      })
      const claims = await claimCertificates(management, [certificate])
      return {
        operations: claims.operations,
        conditions: [{ key: known.key, revision: known.modifyRevision }, ...claims.conditions],
        audits: [noteOf('CLIENT_CERTIFICATE_UPDATED', known.value, certificate)],
        inForce: claims.taken || hasSubscriptions(management, application),
        result: certificate,
      }
    },
  )
}

/** Takes a certificate from an application; the last one stays while mTLS subscriptions need it. Throws Fault. */
export async function removeCertificate(
  management: Management,
  { id, ...owner }: Owner & { readonly id: string },
): Promise<void> {
  const { application, actor } = owner
  await management.ledger.change(
    { by: actor.name, lock: `application ${application}` },
    async () => {
      const known = findCertificate(management, owner, id)
      checkNotLast(management, known.value)
      const claims = await releaseClaims(management, [known.value])
      return {
        operations: [{ delete: known.key }, ...claims.operations],
        conditions: [{ key: known.key, revision: known.modifyRevision }, ...claims.conditions],
        audits: [noteOf('CLIENT_CERTIFICATE_DELETED', known.value, undefined)],
        inForce: hasSubscriptions(management, application),
        result: undefined,
      }
    },
  )
}

function checkNotLast(management: Management, certificate: CertificateDocument): void {
  const now = management.now()
  const { applicationId, id } = certificate
  const others = management.catalogue.certificatesOf(applicationId)
    .some(({ value }) => value.id !== id && isActive(value, now))
  const needed = management.catalogue.subscriptionsOf(applicationId).some(({ value }) =>
    LIVING.includes(value.status) &&
    management.catalogue.plans.get(value.planId)?.value.security.type === 'MTLS'
  )
  if (others || !needed) return
  throw bad(
    'application.certificate.remove.last',
    `Client certificate cannot be revoked for application '${applicationId}': active subscriptions exist, and this is the last certificate.`,
    { application: applicationId },
  )
}

function hasSubscriptions({ catalogue }: Management, application: string): boolean {
  return catalogue.subscriptionsOf(application).some(({ value }) => value.status === 'ACCEPTED')
}

/**
 * Makes an application's certificates those of a list, as the Automation API does: by fingerprint, some stay, with the
 * name and the dates they have now, others go. Throws Fault.
 */
export async function replaceCertificates(
  management: Management,
  bodies: readonly CertificateBody[],
  { application, actor }: Owner,
): Promise<void> {
  const wanted: Candidate[] = []
  for (const body of bodies) wanted.push(await readCandidate(body))
  await management.ledger.change(
    { by: actor.name, lock: `application ${application}` },
    async () => {
      const known = management.ownApplication(application, actor)
      const own = management.catalogue.certificatesOf(application)
      const certificates = wanted.map((candidate) => {
        const before = own.find(({ value }) => value.sha256 === candidate.read.certificate.sha256)
          ?.value
        const fresh = certificateOf(management, application, candidate)
        return before === undefined
          ? fresh
          : { ...fresh, id: before.id, crossId: before.crossId, createdAt: before.createdAt }
      })
      const gone = own.filter(({ value }) => !certificates.some(({ id }) => id === value.id))
      const claims = await claimCertificates(management, certificates)
      const free = await releaseClaims(management, gone.map(({ value }) => value))
      return {
        operations: [
          ...claims.operations,
          ...free.operations,
          ...gone.map(({ key }) => ({ delete: key })),
        ],
        conditions: [
          { key: known.key, revision: known.modifyRevision },
          ...claims.conditions,
          ...free.conditions,
        ],
        audits: [{
          event: 'CLIENT_CERTIFICATES_REPLACED',
          reference: { type: 'APPLICATION' as const, id: application },
          properties: { APPLICATION: application },
          before: { certificates: own.map(({ value }) => toldOf(value)) },
          after: { certificates: certificates.map(toldOf) },
        }],
        inForce: true,
        result: undefined,
      }
    },
  )
}

function noteOf(
  event: string,
  before: CertificateDocument | undefined,
  after: CertificateDocument | undefined,
): AuditNote {
  const { id, applicationId } = (after ?? before) as CertificateDocument
  return {
    event,
    reference: { type: 'APPLICATION', id: applicationId },
    properties: { APPLICATION: applicationId, CLIENT_CERTIFICATE: id },
    before: before && toldOf(before),
    after: after && toldOf(after),
  }
}
