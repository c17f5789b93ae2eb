import { algorithmLabel, signatureAlgorithm } from './algorithms.ts'
import type { DecodedCertificate } from './decode.ts'
import { ExtensionId, KeyUsage } from './extensions.ts'
import { type Finding, refuse, timeText } from './finding.ts'
import type { TrustRules } from './types.ts'
import { checkWebServer } from './web-server.ts'

/** What is asked of every certificate of a path. */
export interface CheckContext {
  readonly now: number
  readonly rules: TrustRules
  /** The extended key usage that is wanted, an OID; undefined takes any. */
  readonly usage: string | undefined
}

/** OIDs of extended key usages (RFC 5280 section 4.2.1.12). */
export const Usage = {
  any: '2.5.29.37.0',
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
} as const

const MAX_RSA_BITS = 8192
const PROCESSED: ReadonlySet<string> = new Set([
  ExtensionId.keyUsage,
  ExtensionId.subjectAltName,
  ExtensionId.basicConstraints,
  ExtensionId.nameConstraints,
  ExtensionId.distributionPoints,
  ExtensionId.policies,
  ExtensionId.policyMappings,
  ExtensionId.policyConstraints,
  ExtensionId.extendedKeyUsage,
  ExtensionId.inhibitAnyPolicy,
])

/** What any certificate of a path must fulfil on its own: dates, critical extensions, key, usages. */
export function checkAlone(
  certificate: DecodedCertificate,
  context: CheckContext,
): Finding | undefined {
  return checkDates(certificate, context.now) ?? checkCritical(certificate) ??
    checkKey(certificate, context.rules) ?? checkExtendedUsage(certificate, context.usage)
}

function checkDates(certificate: DecodedCertificate, now: number): Finding | undefined {
  const { notBefore, notAfter } = certificate
  if (now < notBefore) {
    return refuse('not-yet-valid', certificate, `it is valid from ${timeText(notBefore)}`)
  }
  // RFC 5280 section 4.1.2.5: the second of notAfter is part of the time.
  if (now >= notAfter + 1000) {
    return refuse('expired', certificate, `it expired at ${timeText(notAfter)}`)
  }
  return undefined
}

function checkCritical(certificate: DecodedCertificate): Finding | undefined {
  for (const id of certificate.extensions.critical) {
    if (PROCESSED.has(id)) continue
    // RFC 5280 section 4.2: what is critical and not processed refuses the certificate.
    return refuse(
      'unknown-critical-extension',
      certificate,
      `critical extension ${id} is not processed`,
    )
  }
  return undefined
}

function checkKey(certificate: DecodedCertificate, rules: TrustRules): Finding | undefined {
  const { kind, label, bits, exponent } = certificate.key
  if (kind === 'other') {
    return refuse('weak-key', certificate, `its key is of kind ${label}, which is not taken`)
  }
  if (kind !== 'rsa') return undefined
  if (bits < rules.minRsaBits) {
    return refuse(
      'weak-key',
      certificate,
      `its RSA key has ${bits} bits, fewer than ${rules.minRsaBits}`,
    )
  }
  // Checking with an outsized modulus or exponent costs more than a certificate is worth.
  if (bits > MAX_RSA_BITS || exponent > 0xffffffff) {
    return refuse('too-complex', certificate, `its RSA key of ${bits} bits is too large`)
  }
  if (exponent < 3 || exponent % 2 === 0) {
    return refuse('weak-key', certificate, `its RSA exponent is ${exponent}`)
  }
  return undefined
}

function checkExtendedUsage(
  certificate: DecodedCertificate,
  usage: string | undefined,
): Finding | undefined {
  const usages = certificate.extensions.extendedKeyUsage
  if (usage === undefined || usages === undefined) return undefined
  if (usages.includes(usage) || usages.includes(Usage.any)) return undefined
  const wanted = usage === Usage.client
    ? 'clientAuth'
    : usage === Usage.server
    ? 'serverAuth'
    : usage
  return refuse('extended-key-usage', certificate, `its extended key usage lacks ${wanted}`)
}

/** What the certificate that a peer shows must fulfil besides. */
export function checkLeaf(
  certificate: DecodedCertificate,
  context: CheckContext,
): Finding | undefined {
  const { keyUsage, basicConstraints, nameConstraints } = certificate.extensions
  const alone = checkAlone(certificate, context)
  if (alone !== undefined) return alone
  const ca = basicConstraints?.ca ?? false
  const signing = keyUsage !== undefined && (keyUsage & KeyUsage.keyCertSign) !== 0
  // RFC 5280 section 4.2.1.9: only a CA's key signs certificates.
  if (signing && !ca) {
    return refuse('key-usage', certificate, 'it may sign certificates but is no CA')
  }
  // RFC 5280 section 4.2.1.10: name constraints stand in CA certificates only.
  if (nameConstraints !== undefined && !ca) {
    return refuse('name-constraint', certificate, 'it has name constraints but is no CA')
  }
  if (basicConstraints?.pathLength !== undefined && !ca) {
    return refuse('malformed', certificate, 'it has a path length but is no CA')
  }
  const usage = keyUsage === undefined
    ? undefined
    : checkTlsUsage(certificate, keyUsage, context.usage)
  if (usage !== undefined || context.rules.profile !== 'webpki') return usage
  return context.usage === Usage.server ? checkWebServer(certificate) : undefined
}

function checkTlsUsage(
  certificate: DecodedCertificate,
  keyUsage: number,
  usage: string | undefined,
): Finding | undefined {
  // RFC 8446 section 4.4.2.2 and RFC 5246 section 7.4.2: signing, or a static key exchange.
  const { digitalSignature, keyAgreement, keyEncipherment } = KeyUsage
  const taken = usage === Usage.client
    ? digitalSignature | keyAgreement
    : usage === Usage.server
    ? digitalSignature | keyAgreement | keyEncipherment
    : ~0
  return (keyUsage & taken) === 0
    ? refuse('key-usage', certificate, 'its key usage does not allow TLS')
    : undefined
}

/** What a certificate must fulfil to have issued the next one of a path. */
export function checkIssuer(
  certificate: DecodedCertificate,
  context: CheckContext,
  anchor: boolean,
): Finding | undefined {
  const alone = checkAlone(certificate, context)
  if (alone !== undefined) return alone
  const { keyUsage, basicConstraints } = certificate.extensions
  // RFC 5280 section 6.1.4 (k): an old version is taken only where an operator vouches for it, as an anchor.
  const vouched = anchor && certificate.version !== 3
  if (!vouched && basicConstraints?.ca !== true) {
    return refuse('not-a-ca', certificate, 'it is no CA')
  }
  // RFC 5280 section 4.1.2.6: a CA has a name.
  if (certificate.subject.keys.length === 0) {
    return refuse('malformed', certificate, 'it is a CA without name')
  }
  if (keyUsage !== undefined && (keyUsage & KeyUsage.keyCertSign) === 0) {
    return refuse('key-usage', certificate, 'its key usage does not allow signing certificates')
  }
  return undefined
}

/** Whether the signature on a certificate is of a kind that is trusted. */
export function checkSignatureKind(certificate: DecodedCertificate): Finding | undefined {
  return signatureAlgorithm(certificate.algorithm) === undefined
    ? refuse(
      'weak-signature',
      certificate,
      `it is signed with ${algorithmLabel(certificate.algorithm)}, which is not taken`,
    )
    : undefined
}
