import { contentOf, type CrlContent } from './crl.ts'
import { addsTo, ALL_REASONS, coveredReasons, pointsOf } from './crl-scope.ts'
import type { DecodedCertificate } from './decode.ts'
import { timeText } from './finding.ts'
import type { Crl } from './types.ts'

/** CRLReason removeFromCRL (RFC 5280 section 5.3.1). */
export const REMOVED = 8

/** What CRLs of one age say about one certificate. */
export interface CrlStatus {
  readonly covered: number
  readonly revoked: string | undefined
}

/** All that stands in these CRLs, as far as they were read here. */
export function contentsOf(crls: readonly Crl[]): CrlContent[] {
  return crls.flatMap((crl) => contentOf(crl) ?? [])
}

/** The second of nextUpdate counts, as that of notAfter does. */
export function isCurrent(crl: CrlContent, now: number): boolean {
  return crl.nextUpdate !== undefined && now < crl.nextUpdate + 1000
}

/** When CRLs are looked at, and whether they must be as RFC 5280 asks of those who issue them. */
export interface CrlView {
  readonly now: number
  readonly strict: boolean
}

/**
 * What authentic CRLs say, the newest first; of those that are out of date, or not as they should be, whom they list
 * counts.
 */
export function crlStatus(
  content: DecodedCertificate,
  crls: readonly CrlContent[],
  { now, strict }: CrlView,
): CrlStatus {
  const full = crls.filter((crl) => isCurrent(crl, now) && (!strict || crl.conforming))
  const current = statusOf(content, full)
  return current.covered === ALL_REASONS || current.revoked !== undefined
    ? current
    : { ...current, revoked: statusOf(content, crls).revoked }
}

/** Why CRLs that can be used leave open whether a certificate is revoked. */
export function whyUnknown(
  crls: readonly CrlContent[],
  { now, strict }: CrlView,
): string | undefined {
  const newest = crls.find((crl) => crl.baseNumber === undefined)
  if (newest === undefined) return undefined
  if (newest.nextUpdate === undefined) {
    return 'the CRL of its issuer does not say when the next one comes'
  }
  if (strict && !newest.conforming) {
    return 'the CRL of its issuer has no number, no authority key identifier, an empty list, or extensions that ' +
      'should be critical'
  }
  return isCurrent(newest, now)
    ? 'the CRLs of its issuer do not cover all reasons'
    : `the CRL of its issuer is out of date since ${timeText(newest.nextUpdate)}`
}

/** Goes through CRLs, the newest first, until all reasons are covered (RFC 5280 section 6.3.3). */
function statusOf(content: DecodedCertificate, crls: readonly CrlContent[]): CrlStatus {
  let covered = 0
  for (const point of pointsOf(content)) {
    for (const crl of crls) {
      const reasons = crl.baseNumber === undefined ? coveredReasons(content, point, crl) : 0
      if ((reasons & ~covered) === 0) continue
      const delta = crls.find((other) => addsTo(other, crl))
      const reason = reasonIn(content, crl, delta)
      if (reason !== undefined) {
        const state = `it is revoked (reason ${reason}) by the CRL of "${
          crl.issuer.text.slice(0, 120)
        }"`
        return { covered, revoked: state }
      }
      covered |= reasons
    }
  }
  return { covered, revoked: undefined }
}

/** RFC 5280 section 6.3.3 (i) to (k): the delta's word goes before the complete list's. */
function reasonIn(
  content: DecodedCertificate,
  complete: CrlContent,
  delta: CrlContent | undefined,
): number | undefined {
  const added = delta === undefined ? undefined : entryReason(content, delta)
  if (added !== undefined) return added === REMOVED ? undefined : added
  const reason = entryReason(content, complete)
  return reason === REMOVED ? undefined : reason
}

/** The reason for which a CRL lists a certificate; undefined where it does not. */
export function entryReason(content: DecodedCertificate, crl: CrlContent): number | undefined {
  return crl.table.find(content.serial)
    .find((entry) => (entry.issuer ?? crl.issuer.key) === content.issuer.key)?.reason
}
