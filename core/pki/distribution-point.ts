import { context, type DerElement, DerFault, Tag } from './der.ts'
import { readNamedBits } from './der-values.ts'
import { type GeneralName, readGeneralNames } from './general-name.ts'
import { readRdn } from './name.ts'

/** Where a CRL is to be had: names, or one part to be added to the CRL issuer's name. */
export interface PointName {
  readonly full: readonly GeneralName[]
  readonly relative: string | undefined
}

/** RFC 5280 section 4.2.1.13. */
export interface DistributionPoint {
  readonly name: PointName | undefined
  /** Reasons covered, as bits; undefined covers all. */
  readonly reasons: number | undefined
  readonly crlIssuer: readonly GeneralName[] | undefined
}

/** Reads CRLDistributionPoints. */
export function readDistributionPoints(value: DerElement): DistributionPoint[] {
  if (value.tag !== Tag.sequence) throw new DerFault('Distribution points have another type')
  const points = value.inside().rest(Tag.sequence).map(readPoint)
  if (points.length === 0) throw new DerFault('Distribution points are empty')
  return points
}

function readPoint(element: DerElement): DistributionPoint {
  const inside = element.inside()
  const name = inside.optional(context(0))
  const reasons = inside.optional(context(1, false))
  const issuer = inside.optional(context(2))
  inside.finish()
  if (name === undefined && issuer === undefined) {
    throw new DerFault('A distribution point is empty')
  }
  return {
    name: name === undefined ? undefined : readPointName(name),
    reasons: reasons === undefined ? undefined : readNamedBits(reasons).bits,
    crlIssuer: issuer === undefined ? undefined : readGeneralNames(issuer),
  }
}

/** Reads an explicitly tagged DistributionPointName. */
export function readPointName(wrapper: DerElement): PointName {
  const inside = wrapper.inside()
  const choice = inside.read()
  inside.finish()
  if (choice.tag === context(0)) return { full: readGeneralNames(choice), relative: undefined }
  if (choice.tag !== context(1)) throw new DerFault('A distribution point name has no known form')
  return { full: [], relative: readRdn(choice).attributes.map((a) => a.key).sort().join('+') }
}
