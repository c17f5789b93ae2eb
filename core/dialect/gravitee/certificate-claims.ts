import { type Condition, isStoreFailure, type Json, type Operation } from '../../store/mod.ts'
import { alreadyUsed, statusOf } from './certificates.ts'
import { Fault } from './faults.ts'
import { certificateKey, keyOf } from './keys.ts'
import type { Management } from './management.ts'
import type { CertificateDocument, ClaimDocument } from './model.ts'

/** What it takes for certificates to belong to someone. */
export interface Claimed {
  readonly operations: Operation[]
  readonly conditions: Condition[]
  /** Whether one was taken over from where it no longer counts. */
  readonly taken: boolean
}

interface Held {
  readonly claim: ClaimDocument | undefined
  readonly revision: number
}

/**
 * Puts certificates and claims them: a document for each fingerprint, which one application alone can have. One that
 * no longer counts where it is gives it up. Throws Fault where another one has it; with `lost: 'release'`, and for
 * what is revoked, the certificate stays without a claim instead.
 */
export async function claimCertificates(
  management: Management,
  certificates: readonly CertificateDocument[],
  { lost = 'refuse' }: { readonly lost?: 'refuse' | 'release' } = {},
): Promise<Claimed> {
  const claimed: Claimed & { taken: boolean } = { operations: [], conditions: [], taken: false }
  for (const { released: _, ...certificate } of certificates) {
    const { sha256, applicationId, id: certificateId } = certificate
    const key = keyOf('claim', sha256)
    const { claim, revision } = await readClaim(management, key)
    const own = claim?.certificateId === certificateId
    const wanted = statusOf(certificate, management.now()) !== 'REVOKED'
    const free = own || claim === undefined || !counts(management, claim)
    if (wanted && !free && lost === 'refuse') throw alreadyUsed(sha256)
    const gets = wanted && free
    put(claimed.operations, gets || own ? certificate : { ...certificate, released: true })
    if (!gets && !own) continue
    claimed.conditions.push({ key, revision })
    if (own) continue
    claimed.operations.push({ put: key, value: { applicationId, certificateId } })
    if (claim !== undefined) claimed.taken = release(management, claim, claimed) || claimed.taken
  }
  return claimed
}

/** Lets go of certificates' claims; those that others have stay theirs. */
export async function releaseClaims(
  management: Management,
  certificates: readonly CertificateDocument[],
): Promise<Omit<Claimed, 'taken'>> {
  const operations: Operation[] = []
  const conditions: Condition[] = []
  for (const { id, sha256 } of certificates) {
    const key = keyOf('claim', sha256)
    const { claim, revision } = await readClaim(management, key)
    if (claim?.certificateId !== id) continue
    operations.push({ delete: key })
    conditions.push({ key, revision })
  }
  return { operations, conditions }
}

async function readClaim({ context }: Management, key: string): Promise<Held> {
  const found = await context.store.get(key)
  if (isStoreFailure(found)) throw new Fault(503, found.message, { code: `store.${found.failure}` })
  const { document } = found
  return {
    claim: document?.value as ClaimDocument | undefined,
    revision: document?.modifyRevision ?? 0,
  }
}

function put(operations: Operation[], certificate: CertificateDocument): void {
  operations.push({ put: certificateKey(certificate), value: certificate as unknown as Json })
}

/** Whether the holder of a claim still counts. Who is not known yet does: the claim came before the rest. */
function counts(management: Management, { applicationId, certificateId }: ClaimDocument): boolean {
  const { catalogue } = management
  const application = catalogue.applications.get(applicationId)?.value
  const certificate = catalogue.certificatesOf(applicationId)
    .find(({ value }) => value.id === certificateId)?.value
  if (application === undefined || certificate === undefined) return true
  return application.status === 'ACTIVE' && statusOf(certificate, management.now()) !== 'REVOKED'
}

/** The one who had it keeps the certificate, but no longer the claim. */
function release(
  { catalogue }: Management,
  { applicationId, certificateId }: ClaimDocument,
  { operations, conditions }: Omit<Claimed, 'taken'>,
): boolean {
  const known = catalogue.certificatesOf(applicationId)
    .find(({ value }) => value.id === certificateId)
  if (known === undefined) return false
  put(operations, { ...known.value, released: true })
  conditions.push({ key: known.key, revision: known.modifyRevision })
  return true
}
