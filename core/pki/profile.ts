import type { DecodedCertificate } from './decode.ts'
import { ExtensionId } from './extensions.ts'
import { type Finding, refuse } from './finding.ts'
import { type GeneralName, NameForm } from './general-name.ts'
import { isDnsName, parseAddress } from './host-name.ts'
import type { TrustRules } from './types.ts'

/**
 * What RFC 5280 forbids those who issue certificates. The strict profile refuses it; the compatible one leaves it
 * out, since common tools make such certificates and none of it lets a stranger in. From the anchor down.
 */
export function checkProfile(
  downwards: readonly DecodedCertificate[],
  rules: TrustRules,
): Finding | undefined {
  if (rules.profile !== 'strict') return undefined
  for (const [i, certificate] of downwards.entries()) {
    const state = formState(certificate) ?? keyIdentifierState(certificate, i === 0) ??
      criticalityState(certificate, i === 0) ?? nameState(certificate)
    if (state !== undefined) return refuse('malformed', certificate, state)
  }
  return undefined
}

function formState(certificate: DecodedCertificate): string | undefined {
  const { serial, issuer, subject, extensions } = certificate
  if (extensions.flaws.length > 0) return `it is not canonical: ${extensions.flaws[0]}`
  if (!issuer.canonical || !subject.canonical) return 'a name in it is not in canonical order'
  // RFC 5280 section 4.1.2.2
  return serial.length > 20 ? 'its serial number has more than 20 bytes' : undefined
}

function keyIdentifierState(certificate: DecodedCertificate, anchor: boolean): string | undefined {
  const { authorityKeyId, subjectKeyId, basicConstraints } = certificate.extensions
  if (certificate.version !== 3) return undefined
  // RFC 5280 section 4.2.1.1. An anchor leads nowhere further, so it may do without.
  if (authorityKeyId === null || (authorityKeyId === undefined && !anchor)) {
    return 'it has no authority key identifier'
  }
  // RFC 5280 section 4.2.1.2
  const ca = basicConstraints?.ca === true
  return ca && subjectKeyId === undefined ? 'it is a CA without subject key identifier' : undefined
}

/** Extensions that RFC 5280 wants critical wherever they stand. */
const ALWAYS_CRITICAL: readonly string[] = [
  ExtensionId.nameConstraints,
  ExtensionId.policyConstraints,
  ExtensionId.inhibitAnyPolicy,
]

function criticalityState(certificate: DecodedCertificate, anchor: boolean): string | undefined {
  const { critical, present, subjectAltNames } = certificate.extensions
  const lax = ALWAYS_CRITICAL.find((id) => present.has(id) && !critical.has(id))
  if (lax !== undefined) return `its extension ${lax} is not critical`
  // RFC 5280 section 4.2.1.9. Intermediates are let pass, as NIST's suite wants it.
  if (
    anchor && present.has(ExtensionId.basicConstraints) &&
    !critical.has(ExtensionId.basicConstraints)
  ) {
    return 'its basic constraints are not critical'
  }
  // RFC 5280 section 4.2.1.6
  if (certificate.subject.keys.length > 0) return undefined
  if (subjectAltNames === undefined) return 'it names nobody'
  return critical.has(ExtensionId.subjectAltName)
    ? undefined
    : 'its subject is empty and its alternative names are not critical'
}

function nameState(certificate: DecodedCertificate): string | undefined {
  const bad = certificate.extensions.subjectAltNames?.find((name) => !isWellFormed(name))
  return bad === undefined
    ? undefined
    : `its alternative name "${bad.text.slice(0, 120)}" is not in form`
}

/** RFC 5280 section 4.2.1.6: preferred name syntax, mailboxes, absolute URIs. */
function isWellFormed(name: GeneralName): boolean {
  switch (name.form) {
    case NameForm.dns:
      return isPreferredName(name.key.startsWith('*.') ? name.key.slice(2) : name.key)
    case NameForm.email: {
      const at = name.text.lastIndexOf('@')
      return at > 0 && isPreferredName(name.text.slice(at + 1))
    }
    case NameForm.uri:
      return /^[a-z][a-z0-9+.-]*:./i.test(name.text)
    default:
      return true
  }
}

function isPreferredName(name: string): boolean {
  return isDnsName(name) && !name.includes('_') && parseAddress(name) === undefined
}
