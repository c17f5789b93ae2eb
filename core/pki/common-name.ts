import { addressText, type GeneralName, NameForm } from './general-name.ts'

/**
 * Whether a common name is one of the alternative names, letter by letter (Baseline Requirements section 7.1.4.3): a
 * DNS name as it stands there, an address as RFC 3986 section 3.2.2 (IPv4) and RFC 5952 section 4 (IPv6) write it. The
 * name that a wildcard stands below counts as well: many name their wildcard's certificate so.
 */
export function isCommonNameListed(commonName: string, names: readonly GeneralName[]): boolean {
  return names.some((name) =>
    name.form === NameForm.ip
      ? addressText(name.bytes) === commonName
      : name.form === NameForm.dns && (name.text === commonName || name.text === `*.${commonName}`)
  )
}
