import {
  type Certificate,
  isPkiProblem,
  parseCertificate,
  readPem,
  writePem,
} from '../../pki/mod.ts'
import { bad, type Fault } from './faults.ts'
import type { CertificateDocument } from './model.ts'

/** Whether, and since when, a certificate of an application counts. */
export type CertificateStatus = 'ACTIVE' | 'ACTIVE_WITH_END' | 'SCHEDULED' | 'REVOKED'

/** What the dates of a certificate mean at this moment. */
export function statusOf(
  { startsAt, endsAt, released }: Pick<CertificateDocument, 'startsAt' | 'endsAt' | 'released'>,
  now: number,
): CertificateStatus {
  if (released === true || (endsAt !== undefined && endsAt <= now)) return 'REVOKED'
  if (startsAt !== undefined && startsAt > now) return 'SCHEDULED'
  return endsAt === undefined ? 'ACTIVE' : 'ACTIVE_WITH_END'
}

/** Whether it counts at this moment. */
export function isActive(certificate: CertificateDocument, now: number): boolean {
  return statusOf(certificate, now).startsWith('ACTIVE')
}

/** A certificate that an application may have. */
export interface ReadCertificate {
  readonly certificate: Certificate
  readonly pem: string
}

/** Reads PEM as Gravitee does: the first certificate counts, and it must be no authority's. Throws Fault. */
export async function readClientCertificate(text: string): Promise<ReadCertificate> {
  const invalid = bad(
    'application.certificate.invalid',
    'An error has occurred while parsing client certificate',
  )
  const blocks = readPem(text)
  if (isPkiProblem(blocks)) throw invalid
  const block = blocks.find(({ label }) => /^(X509 |TRUSTED )?CERTIFICATE$/.test(label))
  if (block === undefined) {
    throw text.includes('-----BEGIN CERTIFICATE')
      ? invalid
      : bad('application.certificate.empty', 'No certificate can be extracted')
  }
  const certificate = await parseCertificate(block.der)
  if (isPkiProblem(certificate)) throw invalid
  if (certificate.isCa) {
    const message = 'Certificate Authorities are not supported, requires a client certificate'
    throw bad('application.certificate.ca', message)
  }
  const alone = blocks.length === 1 && /^-----BEGIN CERTIFICATE-----[^:]*$/.test(text.trim())
  return { certificate, pem: alone ? text : writePem('CERTIFICATE', certificate.der) }
}

/** The start of a certificate's time must come before its end. */
export function checkDates(startsAt: number | undefined, endsAt: number | undefined): void {
  if (startsAt === undefined || endsAt === undefined || startsAt < endsAt) return
  throw bad('application.certificate.dates', 'Start date must be before end date')
}

/** A fingerprint as Gravitee shows it: SHA-256 in base64url. */
export function fingerprintText(sha256: string): string {
  const bytes = sha256.match(/../g)?.map((pair) => String.fromCharCode(parseInt(pair, 16))) ?? []
  return btoa(bytes.join('')).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** The application that a certificate may not be taken from. */
export function alreadyUsed(sha256: string): Fault {
  const fingerprint = fingerprintText(sha256)
  return bad(
    'application.certificate.alreadyUsed',
    `Client certificate with fingerprint [${fingerprint}] is already used by another active application.`,
    { fingerprint },
  )
}
