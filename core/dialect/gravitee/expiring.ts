import { fingerprintText, statusOf } from './certificates.ts'
import { expiryWarning } from './expiry.ts'
import { type Actor, type Management, owns } from './management.ts'

/** A certificate that ends soon, or has. */
export interface ExpiringCertificate {
  readonly applicationId: string
  readonly applicationName: string
  readonly certificateId: string
  readonly name: string
  readonly fingerprint: string
  readonly subject: string
  readonly endsAt: string
  readonly status: string
  readonly warning: string
}

/** Certificates of applications that end soon, or have; the one that ends first comes first. */
export function expiringCertificates(management: Management, actor: Actor): ExpiringCertificate[] {
  const now = management.now()
  const found: (ExpiringCertificate & { readonly end: number })[] = []
  for (const application of management.catalogue.applications.values()) {
    if (application.status !== 'ACTIVE' || !owns(actor, application)) continue
    for (const known of management.catalogue.certificatesOf(application.id)) {
      const { endsAt, notAfter: certificateExpiration, released } = known
      const warning = expiryWarning({ endsAt, certificateExpiration, released }, now)
      if (warning === undefined) continue
      const end = Math.min(endsAt ?? Infinity, certificateExpiration)
      const { value } = known
      found.push({
        applicationId: application.id,
        applicationName: application.name,
        certificateId: value.id,
        name: value.name,
        fingerprint: fingerprintText(value.sha256),
        subject: value.subject,
        endsAt: new Date(end).toISOString(),
        status: statusOf(value, now),
        warning,
        end,
      })
    }
  }
  return found.sort((a, b) => a.end - b.end).map(({ end: _, ...told }) => told)
}
