import type { DecodedCertificate } from './decode.ts'
import { type GeneralName, NameForm } from './general-name.ts'
import { equalBytes } from './bytes.ts'

/**
 * Whether a certificate speaks for a DNS name or IP address, by its subjectAltName alone (RFC 9525 section 6):
 * the common name does not count, and `*` stands for one whole leftmost label.
 */
export function speaksFor(certificate: DecodedCertificate, name: string): boolean {
  const names = certificate.extensions.subjectAltNames ?? []
  const address = parseAddress(name)
  if (address !== undefined) {
    return names.some((n) => n.form === NameForm.ip && equalBytes(n.bytes, address))
  }
  const wanted = name.toLowerCase().replace(/\.$/, '')
  return isDnsName(wanted) && names.some((n) => n.form === NameForm.dns && matches(n, wanted))
}

function matches(presented: GeneralName, wanted: string): boolean {
  const pattern = presented.key.replace(/\.$/, '')
  if (!pattern.startsWith('*.')) return isDnsName(pattern) && pattern === wanted
  const dot = wanted.indexOf('.')
  return dot > 0 && isDnsName(pattern.slice(2)) && wanted.slice(dot + 1) === pattern.slice(2)
}

const [DOT, HYPHEN] = [0x2e, 0x2d]
const LONGEST_LABEL = 63

/**
 * Labels of letters, digits, hyphens inside and, as many networks use them, underscores. Read letter by letter: a
 * certificate may have thousands of names.
 */
export function isDnsName(text: string): boolean {
  if (text.length === 0 || text.length > 253) return false
  let start = 0
  for (let at = 0; at <= text.length; at++) {
    const code = at === text.length ? DOT : text.charCodeAt(at)
    if (code === DOT) {
      const length = at - start
      if (length === 0 || length > LONGEST_LABEL || text.charCodeAt(at - 1) === HYPHEN) return false
      start = at + 1
    } else if (code === HYPHEN ? at === start : !isLetter(code)) return false
  }
  return true
}

/** A letter, a digit or an underscore. */
function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) || code === 0x5f
}

/** The bytes of an IPv4 or IPv6 address in text; undefined for anything else. */
export function parseAddress(text: string): Uint8Array | undefined {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  return bare.includes(':') ? parseIpv6(bare) : parseIpv4(bare)
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((p) => /^(0|[1-9]\d{0,2})$/.test(p) && Number(p) < 256)) {
    return undefined
  }
  return new Uint8Array(parts.map(Number))
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map(parseGroups)
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined
  const missing = 16 - head.length - (tail?.length ?? 0)
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined
  return new Uint8Array([...head, ...new Array<number>(missing).fill(0), ...tail ?? []])
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return []
  const groups = text.split(':')
  const bytes: number[] = []
  for (const [i, group] of groups.entries()) {
    const dotted = i === groups.length - 1 && group.includes('.') ? parseIpv4(group) : undefined
    if (dotted !== undefined) bytes.push(...dotted)
    else if (/^[0-9a-f]{1,4}$/i.test(group)) {
      bytes.push(parseInt(group, 16) >> 8, parseInt(group, 16) & 255)
    } else return undefined
  }
  return bytes
}
