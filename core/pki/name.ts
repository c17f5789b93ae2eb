import { compareBytes, toHex } from './bytes.ts'
import { type DerElement, DerFault, Tag } from './der.ts'
import { readOid } from './der-values.ts'
import { readString } from './strings.ts'

/** A distinguished name. Names are equal when their `keys` are. */
export interface DistinguishedName {
  /** One normal form per RDN, from the root down (RFC 5280 section 7.1). */
  readonly keys: readonly string[]
  /** All keys in one string. */
  readonly key: string
  /** RFC 4514 text. */
  readonly text: string
  /** Values of emailAddress attributes, which name constraints look at too. */
  readonly emails: readonly string[]
  /** Values of commonName attributes. */
  readonly commonNames: readonly string[]
  /** Whether every RDN stands in DER's order. */
  readonly canonical: boolean
}

const EMAIL = '1.2.840.113549.1.9.1'
const COMMON_NAME = '2.5.4.3'
const SHORT: Readonly<Record<string, string>> = {
  [COMMON_NAME]: 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.4': 'SN',
  '2.5.4.12': 'title',
  '2.5.4.42': 'GN',
  '2.5.4.97': 'organizationIdentifier',
  '0.9.2342.19200300.100.1.25': 'DC',
  '0.9.2342.19200300.100.1.1': 'UID',
  [EMAIL]: 'emailAddress',
}

interface Attribute {
  readonly key: string
  readonly text: string
  readonly type: string
  /** Undefined where it is no text. */
  readonly value: string | undefined
}

/** Reads a Name, or the content of a `[4] directoryName`. */
export function readName(element: DerElement): DistinguishedName {
  if (element.tag !== Tag.sequence) throw new DerFault('A name is not a SEQUENCE')
  const sets = element.inside().rest(Tag.set)
  if (sets.length > 64) throw new DerFault('A name has too many parts')
  const rdns = sets.map(readRdn)
  const attributes = rdns.flatMap((rdn) => rdn.attributes)
  const valuesOf = (type: string) => attributes.flatMap((a) => a.type === type ? a.value ?? [] : [])
  const keys = rdns.map((rdn) => rdn.attributes.map((a) => a.key).sort().join('+'))
  return {
    keys,
    key: keys.join('\n'),
    text: rdns.map((rdn) => rdn.attributes.map((a) => a.text).join('+')).reverse().join(','),
    emails: valuesOf(EMAIL),
    commonNames: valuesOf(COMMON_NAME),
    canonical: rdns.every((rdn) => rdn.canonical),
  }
}

/** Reads one RelativeDistinguishedName's attributes, from a SET or an implicit `[1]`. */
export function readRdn(set: DerElement): { attributes: Attribute[]; canonical: boolean } {
  const elements = set.inside().rest(Tag.sequence)
  if (elements.length === 0) throw new DerFault('A part of a name is empty')
  const canonical = elements.every((element, i) =>
    i === 0 || compareBytes((elements[i - 1] as DerElement).der, element.der) <= 0
  )
  return { attributes: elements.map(readAttribute), canonical }
}

function readAttribute(element: DerElement): Attribute {
  const inside = element.inside()
  const type = readOid(inside.read(Tag.oid))
  const value = inside.read()
  inside.finish()
  const text = readString(value)
  const label = SHORT[type] ?? type
  if (text === undefined) {
    const hex = toHex(value.der)
    return { key: `${type}=#${hex}`, text: `${label}=#${hex}`, type, value: undefined }
  }
  return {
    key: `${type}=${escapeValue(prepare(text))}`,
    text: `${label}=${escapeValue(text)}`,
    type,
    value: text,
  }
}

/** RFC 5280 section 7.1 with RFC 4518: case and runs of spaces do not count. */
function prepare(text: string): string {
  const spaced = text.replace(/\s+/g, ' ').trim()
  return (/^[\x20-\x7e]*$/.test(spaced) ? spaced : spaced.normalize('NFKC')).toLowerCase()
}

/** RFC 4514 section 2.4; control characters as hex, so that a name stays on one line. */
function escapeValue(text: string): string {
  let out = ''
  for (const character of text) {
    const code = character.codePointAt(0) as number
    if (code < 0x20 || code === 0x7f) out += `\\${code.toString(16).padStart(2, '0')}`
    else out += '",+;<>\\'.includes(character) ? `\\${character}` : character
  }
  if (out.startsWith(' ') || out.startsWith('#')) out = `\\${out}`
  return out.length > 1 && out.endsWith(' ') ? `${out.slice(0, -1)}\\ ` : out
}
