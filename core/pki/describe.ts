import { algorithmLabel } from './algorithms.ts'
import { decodedOf } from './certificate.ts'
import { contentOf } from './crl.ts'
import { KeyUsage } from './extensions.ts'
import type { Certificate, Crl, SubjectAltNames } from './types.ts'

/** A certificate in the words of an operator. Times are ISO text. */
export interface CertificateDescription {
  readonly subject: string
  readonly issuer: string
  readonly serial: string
  readonly version: number
  readonly notBefore: string
  readonly notAfter: string
  /** Whole days until it expires; negative afterwards. */
  readonly daysLeft: number
  /** Such as `EC P-256` or `RSA`. */
  readonly keyType: string
  readonly keyBits: number
  readonly signatureAlgorithm: string
  readonly isCa: boolean
  readonly pathLength: number | undefined
  readonly keyUsages: readonly string[]
  /** By name where there is one, else OIDs. */
  readonly extendedKeyUsages: readonly string[]
  readonly names: SubjectAltNames
  readonly sha256: string
}

/** A CRL in the words of an operator. Times are ISO text. */
export interface CrlDescription {
  readonly issuer: string
  readonly thisUpdate: string
  readonly nextUpdate: string | undefined
  readonly entries: number
  readonly number: string | undefined
  readonly delta: boolean
  readonly signatureAlgorithm: string
  readonly sha256: string
}

const USAGES: Readonly<Record<string, string>> = {
  '2.5.29.37.0': 'anyExtendedKeyUsage',
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
}
const DAY = 86_400_000

/**
 * Says what stands in a certificate.
 * @param now epoch milliseconds
 */
export function describeCertificate(certificate: Certificate, now: number): CertificateDescription {
  const { key, algorithm, extensions } = decodedOf(certificate)
  const { keyUsage = 0, extendedKeyUsage = [], basicConstraints } = extensions
  return {
    subject: certificate.subject,
    issuer: certificate.issuer,
    serial: certificate.serial,
    version: certificate.version,
    notBefore: new Date(certificate.notBefore).toISOString(),
    notAfter: new Date(certificate.notAfter).toISOString(),
    daysLeft: Math.floor((certificate.notAfter - now) / DAY),
    keyType: key.label,
    keyBits: key.bits,
    signatureAlgorithm: algorithmLabel(algorithm),
    isCa: certificate.isCa,
    pathLength: basicConstraints?.pathLength,
    keyUsages: Object.entries(KeyUsage).filter(([, bit]) => (keyUsage & bit) !== 0).map(([name]) =>
      name
    ),
    extendedKeyUsages: extendedKeyUsage.map((id) => USAGES[id] ?? id),
    names: certificate.names,
    sha256: certificate.sha256,
  }
}

/** Says what stands in a CRL that was read with `readCrl`. */
export function describeCrl(crl: Crl): CrlDescription {
  const content = contentOf(crl)
  return {
    issuer: crl.issuer,
    thisUpdate: new Date(crl.thisUpdate).toISOString(),
    nextUpdate: crl.nextUpdate === undefined ? undefined : new Date(crl.nextUpdate).toISOString(),
    entries: crl.entryCount,
    number: content?.number?.toString(),
    delta: content?.baseNumber !== undefined,
    signatureAlgorithm: content === undefined ? '' : algorithmLabel(content.algorithm),
    sha256: crl.sha256,
  }
}
