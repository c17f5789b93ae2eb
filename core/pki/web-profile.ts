import { type DecodedCertificate, isSelfIssued } from './decode.ts'
import { KeyUsage } from './extensions.ts'
import { type Finding, refuse } from './finding.ts'

/** Where a certificate stands in its path. */
export interface Place {
  readonly anchor: boolean
  readonly leaf: boolean
}

/**
 * What the CA/Browser Forum's Baseline Requirements for TLS forbid in any certificate, as far as it shows in the
 * certificate itself. What they ask for and RFC 5280 leaves open (policies, addresses of CRLs) lets nobody in where
 * it is absent, so it is not asked for.
 */
export function checkWebCertificate(
  certificate: DecodedCertificate,
  place: Place,
): Finding | undefined {
  // Section 7.1.1
  if (certificate.version !== 3) return refuse('malformed', certificate, 'it is not of version 3')
  return checkWebKey(certificate) ?? checkAuthority(certificate, place) ??
    (place.leaf ? undefined : checkWebCa(certificate, place))
}

/** Sections 6.1.5 and 7.1.3.1: RSA with whole bytes, or a curve of NIST's. */
function checkWebKey(certificate: DecodedCertificate): Finding | undefined {
  const { kind, label, bits } = certificate.key
  if (kind === 'rsa' && bits % 8 !== 0) {
    return refuse('weak-key', certificate, `its RSA key has ${bits} bits, not a multiple of 8`)
  }
  return kind === 'rsa' || kind === 'ec' ? undefined : refuse(
    'weak-key',
    certificate,
    `its key is of kind ${label}, which CAs of the web do not take`,
  )
}

/** Sections 7.1.2.1.3 and 7.1.2.11.1: who signed it is told by the key's identifier alone. */
function checkAuthority(certificate: DecodedCertificate, place: Place): Finding | undefined {
  const { authorityByName, authorityKeyId, subjectKeyId } = certificate.extensions
  if (authorityByName === true) {
    const state = 'its authority key identifier names an issuer and a serial number'
    return refuse('malformed', certificate, state)
  }
  const root = place.anchor && isSelfIssued(certificate)
  return root && typeof authorityKeyId === 'string' && authorityKeyId !== subjectKeyId
    ? refuse('malformed', certificate, 'it is a root whose two key identifiers differ')
    : undefined
}

const OF_CAS = KeyUsage.digitalSignature | KeyUsage.keyCertSign | KeyUsage.cRLSign

function checkWebCa(certificate: DecodedCertificate, place: Place): Finding | undefined {
  const { keyUsage, extendedKeyUsage } = certificate.extensions
  // Section 7.1.2.10.7
  if (keyUsage === undefined) {
    return refuse('key-usage', certificate, 'it is a CA without key usage')
  }
  if ((keyUsage & ~OF_CAS) !== 0) {
    return refuse('key-usage', certificate, 'it is a CA whose key usage allows more than signing')
  }
  // Section 7.1.2.1.2
  return place.anchor && isSelfIssued(certificate) && extendedKeyUsage !== undefined
    ? refuse('extended-key-usage', certificate, 'it is a root with an extended key usage')
    : undefined
}
