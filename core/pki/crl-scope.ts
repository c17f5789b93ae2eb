import type { CrlContent, IssuingPoint } from './crl.ts'
import type { DecodedCertificate } from './decode.ts'
import type { DistributionPoint, PointName } from './distribution-point.ts'
import { NameForm } from './general-name.ts'
import type { DistinguishedName } from './name.ts'

/** Bits 1 to 8 of ReasonFlags (RFC 5280 section 4.2.1.13). */
export const ALL_REASONS = 0x1fe

/** The distribution points of a certificate; the one that RFC 5280 section 6.3.3 assumes stands at the end. */
export function pointsOf(certificate: DecodedCertificate): DistributionPoint[] {
  const assumed: DistributionPoint = { name: undefined, reasons: undefined, crlIssuer: undefined }
  return [...certificate.extensions.distributionPoints ?? [], assumed]
}

/**
 * Which reasons a CRL covers for a certificate by one of its distribution points (RFC 5280 section 6.3.3 (b) to (d));
 * 0 where it says nothing about the certificate.
 */
export function coveredReasons(
  certificate: DecodedCertificate,
  point: DistributionPoint,
  crl: CrlContent,
): number {
  if (!issuerFits(certificate, point, crl)) return 0
  const scope = crl.point
  if (scope !== undefined && !scopeFits(certificate, point, crl)) return 0
  return (scope?.reasons ?? ALL_REASONS) & (point.reasons ?? ALL_REASONS) & ALL_REASONS
}

/** RFC 5280 section 6.3.3 (b) (1) */
function issuerFits(
  certificate: DecodedCertificate,
  point: DistributionPoint,
  crl: CrlContent,
): boolean {
  if (point.crlIssuer === undefined) return crl.issuer.key === certificate.issuer.key
  return crl.point?.indirect === true &&
    point.crlIssuer.some((name) => name.form === NameForm.directory && name.key === crl.issuer.key)
}

/** RFC 5280 section 6.3.3 (b) (2) */
function scopeFits(
  certificate: DecodedCertificate,
  point: DistributionPoint,
  crl: CrlContent,
): boolean {
  const scope = crl.point as IssuingPoint
  const ca = certificate.extensions.basicConstraints?.ca === true
  if (scope.onlyAttribute || (scope.onlyUser && ca) || (scope.onlyCa && !ca)) return false
  if (scope.name === undefined) return true
  const wanted = namesOf(scope.name, crl.issuer)
  return pointNames(certificate, point, crl).some((name) => wanted.includes(name))
}

function pointNames(
  certificate: DecodedCertificate,
  point: DistributionPoint,
  crl: CrlContent,
): string[] {
  if (point.name !== undefined) {
    return namesOf(point.name, point.crlIssuer === undefined ? certificate.issuer : crl.issuer)
  }
  if (point.crlIssuer !== undefined) {
    return point.crlIssuer.map((name) => `${name.form}:${name.key}`)
  }
  return [`${NameForm.directory}:${certificate.issuer.key}`]
}

function namesOf(name: PointName, issuer: DistinguishedName): string[] {
  if (name.relative === undefined) return name.full.map((n) => `${n.form}:${n.key}`)
  return [`${NameForm.directory}:${[...issuer.keys, name.relative].join('\n')}`]
}

/** Whether a delta CRL adds to a complete one (RFC 5280 section 6.3.3 (c)). */
export function addsTo(delta: CrlContent, complete: CrlContent): boolean {
  if (
    delta.baseNumber === undefined || delta.number === undefined || complete.number === undefined
  ) return false
  return delta.issuer.key === complete.issuer.key && delta.point?.der === complete.point?.der &&
    delta.authorityKeyId === complete.authorityKeyId &&
    delta.baseNumber <= complete.number && complete.number < delta.number
}
