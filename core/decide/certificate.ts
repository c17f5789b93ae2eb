import { checkCertificateCredential, checkIdentity, showTime } from '../plan/mod.ts'
import type { PlanRefusal } from '../plan/mod.ts'
import type { VerdictCode } from '../pki/mod.ts'
import type { ApplicationIndex } from './application-index.ts'
import type { ClientPolicy } from './compiled.ts'
import type { ClientCertificate } from './types.ts'

const verdictRefusals: Readonly<Partial<Record<VerdictCode, PlanRefusal['code']>>> = {
  'malformed': 'CERTIFICATE_MALFORMED',
  'expired': 'CERTIFICATE_EXPIRED',
  'not-yet-valid': 'CERTIFICATE_NOT_YET_VALID',
  'revoked': 'CERTIFICATE_REVOKED',
  'revocation-unknown': 'CERTIFICATE_REVOCATION_UNKNOWN',
}

/** What a certificate is held against. */
export interface CertificateContext {
  readonly policy: ClientPolicy
  readonly applications: ApplicationIndex
  /** Epoch milliseconds. */
  readonly now: number
}

/**
 * Whether a certificate's verdict can still be used; if not, the chain has to be judged again.
 * Anchors, CRLs or the bounds of the verdict's time may have moved since.
 */
export function isVerdictCurrent(
  certificate: ClientCertificate,
  policy: ClientPolicy,
  now: number,
): boolean {
  const { verdict } = certificate
  return certificate.truststore === policy.truststore?.id &&
    now >= verdict.validFrom && now < verdict.validUntil &&
    Math.max(0, verdict.path.length - 2) <= policy.depth
}

/** Why a presented certificate does not count under a policy now; undefined where it does. */
export function certificateProblem(
  certificate: ClientCertificate,
  context: CertificateContext,
): PlanRefusal | undefined {
  const { verdict, fingerprint } = certificate
  const { policy, now } = context
  const own = fingerprint === '' ? 'Certificate' : `Certificate ${fingerprint}`
  if (certificate.truststore !== policy.truststore?.id) {
    const detail = `${own} was checked against other anchors than the policy has now`
    return { code: 'CERTIFICATE_UNTRUSTED', detail }
  }
  if (!verdict.ok) {
    const code = verdictRefusals[verdict.code] ?? 'CERTIFICATE_UNTRUSTED'
    return { code, detail: `${own} is refused (${verdict.code}): ${verdict.detail}` }
  }
  if (now < verdict.validFrom) {
    const detail = `${own} is valid from ${showTime(verdict.validFrom)}`
    return { code: 'CERTIFICATE_NOT_YET_VALID', detail }
  }
  if (now >= verdict.validUntil) return lapsed(certificate, now)
  if (verdict.path.length - 2 > policy.depth) {
    const detail = `${own} has more intermediates than the ${policy.depth} that are allowed`
    return { code: 'CERTIFICATE_UNTRUSTED', detail }
  }
  return ownerProblem(certificate, context) ?? identityProblem(certificate, policy)
}

function identityProblem(
  { verdict, fingerprint }: ClientCertificate,
  { identity }: ClientPolicy,
): PlanRefusal | undefined {
  return checkIdentity(identity, { fingerprint, problem: undefined, identity: verdict.certificate })
}

function lapsed({ verdict, fingerprint }: ClientCertificate, now: number): PlanRefusal {
  const end = verdict.certificate?.notAfter
  if (end !== undefined && now >= end) {
    const detail = `Certificate ${fingerprint} expired at ${showTime(end)}`
    return { code: 'CERTIFICATE_EXPIRED', detail }
  }
  const until = showTime(verdict.validUntil)
  const detail = `Certificate ${fingerprint} was found trusted until ${until}, not since`
  return { code: 'CERTIFICATE_UNTRUSTED', detail }
}

/** Where any leaf is accepted as its own anchor, it must be an application's. */
function ownerProblem(
  certificate: ClientCertificate,
  { policy, applications, now }: CertificateContext,
): PlanRefusal | undefined {
  const anchor = certificate.verdict.path.at(-1)
  if (!policy.applications) return undefined
  if (anchor !== undefined && policy.anchors.has(anchor.sha256)) return undefined
  const { fingerprint } = certificate
  const owner = applications.byCertificate(fingerprint)
  const token = { fingerprint, problem: undefined, identity: certificate.verdict.certificate }
  return checkCertificateCredential(token, owner, now)
}
