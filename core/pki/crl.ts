import { type Bytes, toHex } from './bytes.ts'
import { crlsIn, digestOf, firstCrlIn, pause } from './crl-file.ts'
import { CrlTable } from './crl-table.ts'
import { type AlgorithmIdentifier, readAlgorithm } from './decode.ts'
import { context, type DerElement, DerFault, readWhole, Tag } from './der.ts'
import {
  readBoolean,
  readCount,
  readIntegerBytes,
  readNamedBits,
  readOctetBits,
  readTime,
} from './der-values.ts'
import { type PointName, readPointName } from './distribution-point.ts'
import { ExtensionId, readRawExtensions } from './extensions.ts'
import { type DistinguishedName, readName } from './name.ts'
import { asProblem, PkiFault, type PkiProblem } from './problem.ts'
import type { Crl } from './types.ts'

/** RFC 5280 section 5.2.5. */
export interface IssuingPoint {
  readonly der: string
  readonly name: PointName | undefined
  readonly onlyUser: boolean
  readonly onlyCa: boolean
  readonly onlyAttribute: boolean
  /** Reasons covered, as bits; undefined covers all. */
  readonly reasons: number | undefined
  readonly indirect: boolean
}

/** All that stands in a CRL. */
export interface CrlContent {
  readonly tbs: Uint8Array
  readonly algorithm: AlgorithmIdentifier
  readonly signature: Uint8Array
  readonly issuer: DistinguishedName
  readonly thisUpdate: number
  readonly nextUpdate: number | undefined
  readonly table: CrlTable
  readonly number: bigint | undefined
  /** For a delta CRL: the number of the CRL that it adds to. */
  readonly baseNumber: bigint | undefined
  readonly authorityKeyId: string | undefined
  readonly point: IssuingPoint | undefined
  /** Critical extensions that are not processed. */
  readonly unknownCritical: readonly string[]
  /** Whether it is as RFC 5280 asks of those who issue CRLs. */
  readonly conforming: boolean
}

const CRL_NUMBER = '2.5.29.20'
const DELTA = '2.5.29.27'
const POINT = '2.5.29.28'

const contents = new WeakMap<Crl, CrlContent>()

/** All that stands in a CRL that was read before; undefined where `crl` was made up. */
export function contentOf(crl: Crl): CrlContent | undefined {
  return contents.get(crl)
}

/**
 * Reads a CRL (RFC 5280 section 5) from PEM or DER; of several PEM blocks the first. Long lists are read in slices, so that
 * others get their turn. The bytes are kept, not copied, where they are DER.
 */
export function readCrl(data: Uint8Array | string): Promise<Crl | PkiProblem> {
  return asProblem('Could not read CRL', async () => {
    const der = await firstCrlIn(data)
    if (der !== undefined) return await crlOf(der)
    throw new PkiFault('empty', 'Could not read CRL: there is none in the content')
  })
}

/** As {@linkcode readCrl}, for all CRLs of a file: PEM blocks, or DER one after another. At least one, or a problem. */
export function readCrls(data: Uint8Array | string): Promise<Crl[] | PkiProblem> {
  return asProblem('Could not read CRL', async () => {
    const crls: Crl[] = []
    for (const der of await crlsIn(data)) crls.push(await crlOf(der))
    if (crls.length > 0) return crls
    throw new PkiFault('empty', 'Could not read CRL: there is none in the content')
  })
}

/** CRLs by their bytes: a file that did not change need not be read again. */
const crlsByBytes = new WeakMap<Uint8Array, Crl>()

async function crlOf(der: Bytes): Promise<Crl> {
  const before = crlsByBytes.get(der)
  if (before !== undefined) return before
  const content = await decodeCrl(der)
  const crl: Crl = {
    sha256: await digestOf(der),
    issuer: content.issuer.text,
    thisUpdate: content.thisUpdate,
    nextUpdate: content.nextUpdate,
    entryCount: content.table.count,
  }
  contents.set(crl, content)
  crlsByBytes.set(der, crl)
  return crl
}

async function decodeCrl(der: Bytes): Promise<CrlContent> {
  const outer = readWhole(der, Tag.sequence).inside()
  const tbs = outer.read(Tag.sequence)
  const algorithm = readAlgorithm(outer.read(Tag.sequence))
  const signature = readOctetBits(outer.read(Tag.bitString))
  outer.finish()
  const inside = tbs.inside()
  const version = inside.optional(Tag.integer)
  if (version !== undefined && readCount(version) !== 1) throw new DerFault('Its version is not 2')
  const inner = readAlgorithm(inside.read(Tag.sequence))
  // RFC 5280 section 5.1.1.2
  if (toHex(inner.der) !== toHex(algorithm.der)) {
    throw new DerFault('The two signature algorithms differ')
  }
  const issuer = readName(inside.read(Tag.sequence))
  const thisUpdate = readTime(inside.read())
  const timed = inside.tag === Tag.utcTime || inside.tag === Tag.generalizedTime
  const nextUpdate = timed ? readTime(inside.read()) : undefined
  const list = inside.optional(Tag.sequence)
  const extensions = inside.optional(context(0))
  inside.finish()
  if (extensions !== undefined && version === undefined) {
    throw new DerFault('Extensions stand in version 1')
  }
  const range = { start: list?.body ?? 0, end: list?.end ?? 0 }
  const table = await CrlTable.read(der, range, pause)
  const read = readCrlExtensions(extensions)
  const unknownCritical = [...read.unknownCritical, ...table.unknownCritical]
  const base = { tbs: tbs.der, algorithm, signature, issuer, thisUpdate, nextUpdate, table }
  // RFC 5280 section 5.1.2.6: where nobody is revoked, there is no list.
  const conforming = read.conforming && (list === undefined || list.length > 0)
  return { ...base, ...read, unknownCritical, conforming }
}

type CrlExtensions = Pick<
  CrlContent,
  'number' | 'baseNumber' | 'authorityKeyId' | 'point' | 'unknownCritical' | 'conforming'
>

function readCrlExtensions(wrapper: DerElement | undefined): CrlExtensions {
  const values = new Map<string, Uint8Array>()
  const unknownCritical: string[] = []
  // RFC 5280 sections 5.2.1 and 5.2.3: the others are never critical.
  const known: readonly string[] = [DELTA, POINT]
  let conforming = true
  const reader = wrapper?.inside()
  for (
    const { id, critical, value } of reader === undefined
      ? []
      : readRawExtensions(reader.read(Tag.sequence))
  ) {
    values.set(id, value)
    if (critical && !known.includes(id)) unknownCritical.push(id)
    // RFC 5280 sections 5.2.4 and 5.2.5: these always are.
    if (!critical && known.includes(id)) conforming = false
  }
  reader?.finish()
  const point = values.get(POINT)
  const number = readNumber(values.get(CRL_NUMBER))
  const authorityKeyId = readKeyId(values.get(ExtensionId.authorityKeyId))
  return {
    number,
    baseNumber: readNumber(values.get(DELTA)),
    authorityKeyId,
    point: point === undefined ? undefined : readIssuingPoint(point),
    unknownCritical,
    // RFC 5280 sections 5.2.1 and 5.2.3: CRL issuers must include both.
    conforming: conforming && number !== undefined && authorityKeyId !== undefined,
  }
}

function readNumber(value: Uint8Array | undefined): bigint | undefined {
  if (value === undefined) return undefined
  const bytes = readIntegerBytes(readWhole(value, Tag.integer))
  if ((bytes[0] as number) >= 0x80 || bytes.length > 21) {
    throw new DerFault('A CRL number is out of range')
  }
  return BigInt(`0x${toHex(bytes)}`)
}

function readKeyId(value: Uint8Array | undefined): string | undefined {
  if (value === undefined) return undefined
  const id = readWhole(value, Tag.sequence).inside().optional(context(0, false))
  return id === undefined ? undefined : toHex(id.content)
}

function readIssuingPoint(value: Uint8Array): IssuingPoint {
  const inside = readWhole(value, Tag.sequence).inside()
  const name = inside.optional(context(0))
  const flag = (n: number) => {
    const element = inside.optional(context(n, false))
    return element !== undefined && readBoolean(element)
  }
  const [onlyUser, onlyCa] = [flag(1), flag(2)]
  const reasons = inside.optional(context(3, false))
  const [indirect, onlyAttribute] = [flag(4), flag(5)]
  inside.finish()
  return {
    der: toHex(value),
    name: name === undefined ? undefined : readPointName(name),
    onlyUser,
    onlyCa,
    onlyAttribute,
    reasons: reasons === undefined ? undefined : readNamedBits(reasons).bits,
    indirect,
  }
}
