import { equalBytes, toHex } from './bytes.ts'
import { context, type DerElement, DerFault, type DerReader, readWhole, Tag } from './der.ts'
import {
  readBitString,
  readCount,
  readIntegerBytes,
  readOctetBits,
  readOid,
  readTime,
} from './der-values.ts'
import { type Extensions, readExtensions } from './extensions.ts'
import { type DistinguishedName, readName } from './name.ts'
import { type PublicKeyInfo, readPublicKey } from './public-key.ts'

/** An AlgorithmIdentifier. */
export interface AlgorithmIdentifier {
  readonly id: string
  readonly parameters: DerElement | undefined
  readonly der: Uint8Array
}

/** All that stands in a certificate. */
export interface DecodedCertificate {
  readonly der: Uint8Array
  /** The signed part. */
  readonly tbs: Uint8Array
  readonly version: 1 | 2 | 3
  /** The serial number's bytes, two's complement. */
  readonly serial: Uint8Array
  readonly algorithm: AlgorithmIdentifier
  readonly signature: Uint8Array
  readonly issuer: DistinguishedName
  readonly subject: DistinguishedName
  readonly notBefore: number
  readonly notAfter: number
  readonly key: PublicKeyInfo
  readonly extensions: Extensions
  /** What RFC 5280 forbids those who issue certificates outside of extensions, and a tolerant reader overlooks. */
  readonly lapses: readonly string[]
}

/** Reads a Certificate (RFC 5280 section 4.1). Throws {@linkcode DerFault}. */
export function decodeCertificate(der: Uint8Array): DecodedCertificate {
  const outer = readWhole(der, Tag.sequence).inside()
  const tbs = outer.read(Tag.sequence)
  const algorithm = readAlgorithm(outer.read(Tag.sequence))
  const signature = readOctetBits(outer.read(Tag.bitString))
  outer.finish()
  return { der, tbs: tbs.der, algorithm, signature, ...readTbs(tbs.inside(), algorithm) }
}

type Tbs = Omit<DecodedCertificate, 'der' | 'tbs' | 'algorithm' | 'signature'>

function readTbs(inside: DerReader, outer: AlgorithmIdentifier): Tbs {
  const version = readVersion(inside.optional(context(0)))
  const serial = readIntegerBytes(inside.read(Tag.integer))
  // RFC 5280 section 4.1.1.2: both algorithm fields are the same.
  if (!equalBytes(readAlgorithm(inside.read(Tag.sequence)).der, outer.der)) {
    throw new DerFault('The two signature algorithms differ')
  }
  const issuer = readName(inside.read(Tag.sequence))
  const validity = inside.read(Tag.sequence).inside()
  const dates = [validity.read(), validity.read()] as const
  const [notBefore, notAfter] = dates.map(readTime) as [number, number]
  validity.finish()
  const subject = readName(inside.read(Tag.sequence))
  const key = readPublicKey(inside.read(Tag.sequence))
  const identified = readUniqueIds(inside, version)
  const extensions = inside.optional(context(3))?.inside()
  const list = extensions?.read(Tag.sequence)
  extensions?.finish()
  inside.finish()
  // RFC 5280 section 4.1.2.1: extensions are version 3's.
  if (list !== undefined && version !== 3) throw new DerFault('Extensions stand in an old version')
  return {
    version,
    serial,
    issuer,
    subject,
    notBefore,
    notAfter,
    key,
    extensions: readExtensions(list),
    lapses: [...dates.flatMap(dateLapse), ...identified ? ['it has a unique identifier'] : []],
  }
}

/** RFC 5280 section 4.1.2.5: GeneralizedTime is for dates that UTCTime cannot say. */
function dateLapse(date: DerElement): string[] {
  const early = date.tag === Tag.generalizedTime && readTime(date) < GENERALIZED_FROM
  return early ? ['a date before 2050 is written as GeneralizedTime'] : []
}

const GENERALIZED_FROM = Date.UTC(2050, 0)

function readVersion(wrapper: DerElement | undefined): 1 | 2 | 3 {
  if (wrapper === undefined) return 1
  const inside = wrapper.inside()
  const version = readCount(inside.read(Tag.integer)) + 1
  inside.finish()
  // Version 1 is the default, which DER leaves out.
  if (version !== 2 && version !== 3) throw new DerFault('The version is neither 2 nor 3')
  return version
}

/** Whether there are any (RFC 5280 section 4.1.2.8). */
function readUniqueIds(inside: DerReader, version: number): boolean {
  let any = false
  for (const tag of [context(1, false), context(2, false)]) {
    const id = inside.optional(tag)
    if (id === undefined) continue
    if (version === 1) throw new DerFault('A unique identifier stands in version 1')
    readBitString(id)
    any = true
  }
  return any
}

/** Reads an AlgorithmIdentifier. */
export function readAlgorithm(element: DerElement): AlgorithmIdentifier {
  const inside = element.inside()
  const id = readOid(inside.read(Tag.oid))
  const parameters = inside.done ? undefined : inside.read()
  inside.finish()
  return { id, parameters, der: element.der }
}

/** A serial number for people and lists: hex, without the sign byte. */
export function serialText(serial: Uint8Array): string {
  return toHex(serial.length > 1 && serial[0] === 0 ? serial.subarray(1) : serial)
}

/** Whether issuer and subject are the same name (RFC 5280 section 6.1). */
export function isSelfIssued(certificate: DecodedCertificate): boolean {
  return certificate.subject.key === certificate.issuer.key
}
