import { toHex } from './bytes.ts'
import { context, type DerElement, DerFault, type DerReader, readWhole, Tag } from './der.ts'
import { readBoolean, readCount, readNamedBits, readOid } from './der-values.ts'
import { type DistributionPoint, readDistributionPoints } from './distribution-point.ts'
import {
  type GeneralName,
  MAX_NAMES,
  NameForm,
  readGeneralName,
  readGeneralNames,
} from './general-name.ts'

/** Bits of keyUsage (RFC 5280 section 4.2.1.3). */
export const KeyUsage = {
  digitalSignature: 0x1,
  nonRepudiation: 0x2,
  keyEncipherment: 0x4,
  dataEncipherment: 0x8,
  keyAgreement: 0x10,
  keyCertSign: 0x20,
  cRLSign: 0x40,
  encipherOnly: 0x80,
  decipherOnly: 0x100,
} as const

/** RFC 5280 section 4.2.1.10. */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[]
  readonly excluded: readonly GeneralName[]
}

/** What a certificate's extensions say; absent ones are undefined. */
export interface Extensions {
  readonly critical: ReadonlySet<string>
  readonly present: ReadonlySet<string>
  /** Encodings that a strict reader refuses and a tolerant one overlooks. */
  readonly flaws: readonly string[]
  readonly subjectKeyId?: string
  readonly authorityKeyId?: string | null
  readonly authorityByName?: boolean
  readonly keyUsage?: number
  readonly extendedKeyUsage?: readonly string[]
  readonly basicConstraints?: { readonly ca: boolean; readonly pathLength: number | undefined }
  readonly subjectAltNames?: readonly GeneralName[]
  readonly nameConstraints?: NameConstraints
  readonly policies?: readonly string[]
  readonly policyMappings?: readonly (readonly [string, string])[]
  readonly requireExplicitPolicy?: number
  readonly inhibitPolicyMapping?: number
  readonly inhibitAnyPolicy?: number
  readonly distributionPoints?: readonly DistributionPoint[]
  /** Where OCSP responders are (RFC 5280 section 4.2.2.1). */
  readonly ocspLocations?: readonly string[]
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type Draft = Mutable<Extensions> & { flaws: string[] }

/** OIDs of the extensions that are read here. */
export const ExtensionId = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  distributionPoints: '2.5.29.31',
  policies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyId: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  freshestCrl: '2.5.29.46',
  inhibitAnyPolicy: '2.5.29.54',
  authorityInfo: '1.3.6.1.5.5.7.1.1',
} as const

/** id-ad-ocsp (RFC 6960 section 4.2.2.1). */
const OCSP_METHOD = '1.3.6.1.5.5.7.48.1'

const READERS: ReadonlyMap<string, (value: DerElement, draft: Draft) => void> = new Map([
  [ExtensionId.subjectKeyId, readSubjectKeyId],
  [ExtensionId.keyUsage, readKeyUsage],
  [ExtensionId.subjectAltName, readSubjectAltName],
  [ExtensionId.basicConstraints, readBasicConstraints],
  [ExtensionId.nameConstraints, readNameConstraints],
  [ExtensionId.distributionPoints, readPoints],
  [ExtensionId.policies, readPolicies],
  [ExtensionId.policyMappings, readPolicyMappings],
  [ExtensionId.authorityKeyId, readAuthorityKeyId],
  [ExtensionId.policyConstraints, readPolicyConstraints],
  [ExtensionId.extendedKeyUsage, readExtendedKeyUsage],
  [ExtensionId.inhibitAnyPolicy, readInhibitAnyPolicy],
  [ExtensionId.authorityInfo, readAuthorityInfo],
])

/** One extension as it stands: its name, whether it is critical, and its value. */
export interface RawExtension {
  readonly id: string
  readonly critical: boolean
  readonly value: Uint8Array
  /** Whether `critical FALSE` was written out, which DER forbids for a default. */
  readonly spelledOut: boolean
}

/** Reads Extensions one by one; a second one of a kind is a fault (RFC 5280 section 4.2). */
export function readRawExtensions(sequence: DerElement): RawExtension[] {
  const seen = new Set<string>()
  const list = sequence.inside().rest(Tag.sequence).map((element) => {
    const inside = element.inside()
    const id = readOid(inside.read(Tag.oid))
    if (seen.has(id)) throw new DerFault(`Extension ${id} stands twice`)
    seen.add(id)
    const flag = inside.optional(Tag.boolean)
    const critical = flag !== undefined && readBoolean(flag)
    const value = inside.read(Tag.octetString).content
    inside.finish()
    return { id, critical, value, spelledOut: flag !== undefined && !critical }
  })
  if (list.length === 0) throw new DerFault('The list of extensions is empty')
  return list
}

/** Reads a certificate's extensions; undefined is a certificate without any. */
export function readExtensions(sequence: DerElement | undefined): Extensions {
  const critical = new Set<string>()
  const present = new Set<string>()
  const draft: Draft = { critical, present, flaws: [] }
  for (const extension of sequence === undefined ? [] : readRawExtensions(sequence)) {
    present.add(extension.id)
    if (extension.critical) critical.add(extension.id)
    if (extension.spelledOut) draft.flaws.push('A default value is written out')
    READERS.get(extension.id)?.(readWhole(extension.value), draft)
  }
  return draft
}

function expect(value: DerElement, tag: number): DerReader {
  if (value.tag !== tag) throw new DerFault('An extension has another type')
  return value.inside()
}

function readSubjectKeyId(value: DerElement, draft: Draft): void {
  if (value.tag !== Tag.octetString) throw new DerFault('A key identifier has another type')
  draft.subjectKeyId = toHex(value.content)
}

function readAuthorityKeyId(value: DerElement, draft: Draft): void {
  const inside = expect(value, Tag.sequence)
  const key = inside.optional(context(0, false))
  const issuer = inside.optional(context(1))
  const serial = inside.optional(context(2, false))
  inside.finish()
  // RFC 5280 appendix A.2: issuer and serial stand together or not at all.
  if ((issuer === undefined) !== (serial === undefined)) {
    throw new DerFault('An issuer stands without its serial')
  }
  draft.authorityKeyId = key === undefined ? null : toHex(key.content)
  draft.authorityByName = issuer !== undefined
}

function readKeyUsage(value: DerElement, draft: Draft): void {
  if (value.tag !== Tag.bitString) throw new DerFault('Key usage has another type')
  const { bits, canonical } = readNamedBits(value)
  if (!canonical || bits === 0) draft.flaws.push('Key usage is empty or not in canonical form')
  draft.keyUsage = bits
}

function readExtendedKeyUsage(value: DerElement, draft: Draft): void {
  const usages = expect(value, Tag.sequence).rest(Tag.oid).map(readOid)
  if (usages.length === 0) throw new DerFault('Extended key usage is empty')
  draft.extendedKeyUsage = usages
}

function readBasicConstraints(value: DerElement, draft: Draft): void {
  const inside = expect(value, Tag.sequence)
  const flag = inside.optional(Tag.boolean)
  const ca = flag !== undefined && readBoolean(flag)
  if (flag !== undefined && !ca) draft.flaws.push('A default value is written out')
  const length = inside.optional(Tag.integer)
  inside.finish()
  draft.basicConstraints = { ca, pathLength: length === undefined ? undefined : readCount(length) }
}

function readSubjectAltName(value: DerElement, draft: Draft): void {
  if (value.tag !== Tag.sequence) throw new DerFault('Alternative names have another type')
  draft.subjectAltNames = readGeneralNames(value)
  for (const name of draft.subjectAltNames) {
    if (name.form === NameForm.ip && name.bytes.length !== 4 && name.bytes.length !== 16) {
      throw new DerFault('An address has neither 4 nor 16 bytes')
    }
  }
}

function readNameConstraints(value: DerElement, draft: Draft): void {
  const inside = expect(value, Tag.sequence)
  const permitted = inside.optional(context(0))
  const excluded = inside.optional(context(1))
  inside.finish()
  if (permitted === undefined && excluded === undefined) {
    throw new DerFault('Name constraints are empty')
  }
  draft.nameConstraints = { permitted: readSubtrees(permitted), excluded: readSubtrees(excluded) }
}

function readSubtrees(list: DerElement | undefined): GeneralName[] {
  if (list === undefined) return []
  const subtrees = list.inside().rest(Tag.sequence, MAX_NAMES).map((element) => {
    const inside = element.inside()
    const base = readGeneralName(inside.read())
    // RFC 5280 section 4.2.1.10: minimum is 0, which DER leaves out, and maximum is absent.
    inside.finish()
    return base
  })
  if (subtrees.length === 0) throw new DerFault('A list of subtrees is empty')
  return subtrees
}

function readPolicies(value: DerElement, draft: Draft): void {
  const policies = expect(value, Tag.sequence).rest(Tag.sequence).map((element) => {
    const inside = element.inside()
    const id = readOid(inside.read(Tag.oid))
    inside.optional(Tag.sequence)
    inside.finish()
    return id
  })
  // RFC 5280 section 4.2.1.4: no policy more than once.
  if (policies.length === 0 || new Set(policies).size !== policies.length) {
    throw new DerFault('Certificate policies are empty or stand twice')
  }
  draft.policies = policies
}

function readPolicyMappings(value: DerElement, draft: Draft): void {
  const mappings = expect(value, Tag.sequence).rest(Tag.sequence).map((element) => {
    const inside = element.inside()
    const pair = [readOid(inside.read(Tag.oid)), readOid(inside.read(Tag.oid))] as const
    inside.finish()
    return pair
  })
  if (mappings.length === 0) throw new DerFault('Policy mappings are empty')
  draft.policyMappings = mappings
}

function readPolicyConstraints(value: DerElement, draft: Draft): void {
  const inside = expect(value, Tag.sequence)
  const explicit = inside.optional(context(0, false))
  const mapping = inside.optional(context(1, false))
  inside.finish()
  if (explicit === undefined && mapping === undefined) {
    throw new DerFault('Policy constraints are empty')
  }
  if (explicit !== undefined) draft.requireExplicitPolicy = readCount(explicit)
  if (mapping !== undefined) draft.inhibitPolicyMapping = readCount(mapping)
}

function readInhibitAnyPolicy(value: DerElement, draft: Draft): void {
  if (value.tag !== Tag.integer) throw new DerFault('A count has another type')
  draft.inhibitAnyPolicy = readCount(value)
}

/** Nothing that a path needs stands there: what is malformed is a flaw, not a fault. */
function readAuthorityInfo(value: DerElement, draft: Draft): void {
  try {
    const descriptions = expect(value, Tag.sequence).rest(Tag.sequence)
    const ocsp: string[] = []
    for (const description of descriptions) {
      const inside = description.inside()
      const method = readOid(inside.read(Tag.oid))
      const { form, text } = readGeneralName(inside.read())
      inside.finish()
      if (method === OCSP_METHOD && form === NameForm.uri) ocsp.push(text)
    }
    if (ocsp.length > 0) draft.ocspLocations = ocsp
    if (descriptions.length > 0) return
  } catch {
    // said below
  }
  draft.flaws.push('Authority information is malformed')
}

function readPoints(value: DerElement, draft: Draft): void {
  draft.distributionPoints = readDistributionPoints(value)
}
