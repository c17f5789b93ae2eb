import { toHex } from './bytes.ts'
import { context, type DerElement, DerFault, Tag } from './der.ts'
import { readOid } from './der-values.ts'
import { type DistinguishedName, readName } from './name.ts'
import { decodeAscii } from './strings.ts'

/** The forms of GeneralName (RFC 5280 section 4.2.1.6), by their tag's number. */
export const NameForm = {
  other: 0,
  email: 1,
  dns: 2,
  x400: 3,
  directory: 4,
  edi: 5,
  uri: 6,
  ip: 7,
  rid: 8,
} as const

/** One GeneralName. Two are the same name when form and key are equal. */
export interface GeneralName {
  readonly form: number
  readonly key: string
  readonly text: string
  /** The value's bytes: an address, or an address and mask. */
  readonly bytes: Uint8Array
  /** For `directory`. */
  readonly name: DistinguishedName | undefined
}

/** The most names that a certificate may have, and as many constraints. */
export const MAX_NAMES = 4_096

/** Reads GeneralNames: a SEQUENCE of at least one. */
export function readGeneralNames(sequence: DerElement): GeneralName[] {
  const names = sequence.inside().rest(undefined, MAX_NAMES).map(readGeneralName)
  if (names.length === 0) throw new DerFault('A list of names is empty')
  return names
}

/** Reads one GeneralName. */
export function readGeneralName(element: DerElement): GeneralName {
  const form = element.tag & 0x1f
  const constructed = form === 0 || (form >= 3 && form <= 5)
  if (form > 8 || element.tag !== context(form, constructed)) {
    throw new DerFault('A general name has no known form')
  }
  const bytes = element.content
  if (form === NameForm.directory) {
    const inside = element.inside()
    const name = readName(inside.read(Tag.sequence))
    inside.finish()
    return { form, key: name.key, text: name.text, bytes, name }
  }
  const text = readText(form, element)
  return {
    form,
    key: form === NameForm.dns ? text.toLowerCase() : text,
    text,
    bytes,
    name: undefined,
  }
}

function readText(form: number, element: DerElement): string {
  if (form === NameForm.email || form === NameForm.dns || form === NameForm.uri) {
    return decodeAscii(element.content)
  }
  if (form === NameForm.ip) return addressText(element.content)
  return form === NameForm.rid ? readOid(element) : toHex(element.content)
}

/** An address in text: RFC 5952 for IPv6; address and mask as `address/mask`; other lengths as hex. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length === 8) return `${bytes.subarray(0, 4).join('.')}/${bytes.subarray(4).join('.')}`
  if (bytes.length === 16) return ipv6Text(bytes)
  if (bytes.length === 32) {
    return `${ipv6Text(bytes.subarray(0, 16))}/${ipv6Text(bytes.subarray(16))}`
  }
  return `#${toHex(bytes)}`
}

function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from(
    { length: 8 },
    (_, i) => ((bytes[2 * i] as number) * 256 + (bytes[2 * i + 1] as number)).toString(16),
  )
  let best = { start: -1, length: 1 }
  for (let i = 0; i < 8; i++) {
    let length = 0
    while (i + length < 8 && groups[i + length] === '0') length++
    if (length > best.length) best = { start: i, length }
  }
  if (best.start < 0) return groups.join(':')
  return `${groups.slice(0, best.start).join(':')}::${
    groups.slice(best.start + best.length).join(':')
  }`
}
