import { isCommonNameListed } from './common-name.ts'
import type { DecodedCertificate } from './decode.ts'
import { ExtensionId, KeyUsage } from './extensions.ts'
import { type Finding, refuse } from './finding.ts'
import { type GeneralName, NameForm } from './general-name.ts'
import { isWebName } from './web-name.ts'

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
/** What a server's certificate must not be for besides (Baseline Requirements section 7.1.2.7.10). */
const FOREIGN_USAGES: Readonly<Record<string, string>> = {
  '2.5.29.37.0': 'anyExtendedKeyUsage',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
  '1.3.6.1.4.1.11129.2.4.4': 'precertificate signing',
}

/** What the Baseline Requirements forbid in the certificate of a server (section 7.1.2.7). */
export function checkWebServer(certificate: DecodedCertificate): Finding | undefined {
  const { basicConstraints, keyUsage = 0 } = certificate.extensions
  // Section 7.1.2.7.8
  if (basicConstraints?.ca === true) {
    return refuse('malformed', certificate, 'it is a CA, not a server')
  }
  // Section 7.1.2.7.11
  if ((keyUsage & KeyUsage.cRLSign) !== 0) {
    return refuse('key-usage', certificate, 'it may sign CRLs but is no CA')
  }
  return checkWebUsages(certificate) ?? checkWebNames(certificate)
}

/** Section 7.1.2.7.10 */
function checkWebUsages(certificate: DecodedCertificate): Finding | undefined {
  const { extendedKeyUsage, critical } = certificate.extensions
  const finding = (state: string) => refuse('extended-key-usage', certificate, state)
  if (extendedKeyUsage === undefined) return finding('it has no extended key usage')
  if (!extendedKeyUsage.includes(SERVER_AUTH)) {
    return finding('its extended key usage lacks serverAuth')
  }
  const foreign = extendedKeyUsage.find((id) => FOREIGN_USAGES[id] !== undefined)
  if (foreign !== undefined) return finding(`its extended key usage has ${FOREIGN_USAGES[foreign]}`)
  return critical.has(ExtensionId.extendedKeyUsage)
    ? finding('its extended key usage is critical')
    : undefined
}

function checkWebNames(certificate: DecodedCertificate): Finding | undefined {
  const { subject, extensions } = certificate
  const names = extensions.subjectAltNames
  const finding = (state: string) => refuse('malformed', certificate, state)
  // Section 7.1.2.7.12
  if (names === undefined) {
    return refuse('name-mismatch', certificate, 'it has no alternative name')
  }
  if (subject.keys.length > 0 && extensions.critical.has(ExtensionId.subjectAltName)) {
    return finding('its alternative names are critical although it has a subject')
  }
  const bad = names.find((name) => !isWebForm(name))
  if (bad !== undefined) {
    return finding(`its alternative name "${bad.text.slice(0, 120)}" is none of a server`)
  }
  // Section 7.1.4.3
  const { commonNames } = subject
  if (commonNames.length > 1) return finding('it has several common names')
  const missing = commonNames.find((name) => !isCommonNameListed(name, names))
  return missing === undefined
    ? undefined
    : finding(`its common name "${missing.slice(0, 120)}" is not among its alternative names`)
}

function isWebForm(name: GeneralName): boolean {
  return name.form === NameForm.ip || (name.form === NameForm.dns && isWebName(name.text))
}
