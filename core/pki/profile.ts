import type { DecodedCertificate } from './decode.ts'
import { ExtensionId, KeyUsage } from './extensions.ts'
import { type Finding, refuse } from './finding.ts'
import { type GeneralName, NameForm } from './general-name.ts'
import { isDnsName, parseAddress } from './host-name.ts'
import { malformedConstraint } from './name-constraints.ts'
import type { TrustRules } from './types.ts'
import { checkWebCertificate } from './web-profile.ts'

/**
 * What RFC 5280 forbids those who issue certificates. The profiles `strict` and `webpki` refuse it; `compatible`
 * leaves it out, since common tools make such certificates and none of it lets a stranger in. From the anchor down.
 */
export function checkProfile(
  downwards: readonly DecodedCertificate[],
  rules: TrustRules,
): Finding | undefined {
  if (rules.profile === 'compatible') return undefined
  const web = rules.profile === 'webpki'
  for (const [i, certificate] of downwards.entries()) {
    const anchor = i === 0
    const state = formState(certificate, anchor) ?? keyIdentifierState(certificate, anchor) ??
      criticalityState(certificate, { anchor, web }) ?? pathLengthState(certificate) ??
      nameState(certificate) ?? constraintState(certificate)
    if (state !== undefined) return refuse('malformed', certificate, state)
    const finding = web
      ? checkWebCertificate(certificate, { anchor, leaf: i === downwards.length - 1 })
      : undefined
    if (finding !== undefined) return finding
  }
  return undefined
}

function formState(certificate: DecodedCertificate, anchor: boolean): string | undefined {
  const { serial, issuer, subject, extensions, lapses } = certificate
  if (extensions.flaws.length > 0) return `it is not canonical: ${extensions.flaws[0]}`
  if (!issuer.canonical || !subject.canonical) return 'a name in it is not in canonical order'
  if (lapses.length > 0) return lapses[0]
  // RFC 5280 section 4.1.2.2
  if (serial.length > 20) return 'its serial number has more than 20 bytes'
  // Roots numbered 0 are in every list of roots: nothing is looked up by an anchor's number.
  return anchor || isPositive(serial) ? undefined : 'its serial number is not positive'
}

function isPositive(integer: Uint8Array): boolean {
  return (integer[0] as number) < 0x80 && integer.some((byte) => byte !== 0)
}

function keyIdentifierState(certificate: DecodedCertificate, anchor: boolean): string | undefined {
  const { authorityKeyId, subjectKeyId, basicConstraints } = certificate.extensions
  if (certificate.version !== 3) return undefined
  // RFC 5280 section 4.2.1.1. Whether an anchor may do without is asked where signatures are.
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

function criticalityState(
  certificate: DecodedCertificate,
  { anchor, web }: { readonly anchor: boolean; readonly web: boolean },
): string | undefined {
  const { critical, present, subjectAltNames, basicConstraints } = certificate.extensions
  // Baseline Requirements section 7.1.2.5.2: name constraints need not be critical there.
  const lax = ALWAYS_CRITICAL.find((id) =>
    present.has(id) && !critical.has(id) && !(web && id === ExtensionId.nameConstraints)
  )
  if (lax !== undefined) return `its extension ${lax} is not critical`
  // RFC 5280 section 4.2.1.9, Baseline Requirements section 7.1.2. Intermediates made for RFC 3280 pass `strict`, as
  // in NIST's suite: that they are CAs is said, and heeded, either way.
  if (
    (anchor || web) && basicConstraints?.ca === true && !critical.has(ExtensionId.basicConstraints)
  ) {
    return 'it is a CA whose basic constraints are not critical'
  }
  // RFC 5280 section 4.2.1.6
  if (certificate.subject.keys.length > 0) return undefined
  if (subjectAltNames === undefined) return 'it names nobody'
  return critical.has(ExtensionId.subjectAltName)
    ? undefined
    : 'its subject is empty and its alternative names are not critical'
}

/** RFC 5280 section 4.2.1.9: a length is for those whose key usage says that they sign certificates. */
function pathLengthState({ extensions }: DecodedCertificate): string | undefined {
  const { basicConstraints, keyUsage = 0 } = extensions
  return basicConstraints?.pathLength !== undefined && (keyUsage & KeyUsage.keyCertSign) === 0
    ? 'it has a path length but no key usage for signing certificates'
    : undefined
}

function nameState(certificate: DecodedCertificate): string | undefined {
  const bad = certificate.extensions.subjectAltNames?.find((name) => !isWellFormed(name))
  return bad === undefined
    ? undefined
    : `its alternative name "${bad.text.slice(0, 120)}" is not in form`
}

/** RFC 5280 section 4.2.1.10: a constraint has the syntax of its form, though no name of that form be below it. */
function constraintState(certificate: DecodedCertificate): string | undefined {
  if (certificate.extensions.nameConstraints === undefined) return undefined
  const bad = malformedConstraint(certificate)
  return bad === undefined ? undefined : `its name constraint "${bad.slice(0, 120)}" is not in form`
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
