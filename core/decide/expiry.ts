import type { Crl } from '../pki/mod.ts'
import type { CertificateSummary } from '../snapshot/types.ts'
import type { Noted } from './compile-warnings.ts'
import type { Snapshot } from './compiled.ts'

/** What something that expires is used for. */
export type ExpiringKind =
  | 'server'
  | 'client-ca'
  | 'application'
  | 'upstream-ca'
  | 'upstream-client'
  | 'crl'

/** Something that expires: a certificate, or a CRL by its nextUpdate. Times are epoch milliseconds. */
export interface Expiring {
  readonly kind: ExpiringKind
  /** Who uses it, such as `listener "main"` or `application "acme"`. */
  readonly usedBy: string
  /** RFC 4514 text; of a CRL, its issuer. */
  readonly subject: string
  readonly issuer: string
  readonly sha256: string
  readonly notBefore: number
  readonly notAfter: number
}

/** Something that expires, with how long it lasts. */
export interface Expiry extends Expiring {
  /** Whole days, negative once it has expired. */
  readonly daysLeft: number
}

const DAY = 86_400_000
/** Days before the end at which operators are told, besides each day from the last one on. */
const THRESHOLDS: readonly number[] = [30, 14, 7, 3, 1]
const SOON = 30 * DAY

/** A certificate as something that expires. */
export function expiringCertificate(
  kind: ExpiringKind,
  usedBy: string,
  certificate: CertificateSummary,
): Expiring {
  const { subject, issuer, sha256, notBefore, notAfter } = certificate
  return { kind, usedBy, subject, issuer, sha256, notBefore, notAfter }
}

/** A CRL as something that expires; undefined where it says nothing about its end. */
export function expiringCrl(usedBy: string, crl: Crl): Expiring | undefined {
  const { issuer, sha256, thisUpdate, nextUpdate } = crl
  if (nextUpdate === undefined) return undefined
  const span = { notBefore: thisUpdate, notAfter: nextUpdate }
  return { kind: 'crl', usedBy, subject: issuer, issuer, sha256, ...span }
}

/** Everything that a snapshot uses and that expires, the most urgent first. */
export function expiries(snapshot: Snapshot, now: number): Expiry[] {
  return listed(snapshot, now, () => true)
}

/** Of that, what should be renewed by now. */
export function dueExpiries(snapshot: Snapshot, now: number): Expiry[] {
  return listed(snapshot, now, (each) => isDue(each, now))
}

function listed(
  snapshot: Snapshot,
  now: number,
  wanted: (expiring: Expiring) => boolean,
): Expiry[] {
  const all: Expiring[] = []
  const addOne = (expiring: Expiring): void => {
    if (wanted(expiring)) all.push(expiring)
  }
  const add = (notes: readonly Noted[]): void => {
    for (const { expiring } of notes) addOne(expiring)
  }
  for (const { notes, tls } of snapshot.listeners.values()) {
    add(notes)
    for (const entry of tls) add(entry.notes)
  }
  for (const { notes } of snapshot.upstreams.values()) add(notes)
  for (const { name, certificates } of snapshot.applications) {
    const usedBy = `application "${name}"`
    for (const { certificate } of certificates) {
      addOne(expiringCertificate('application', usedBy, certificate))
    }
  }
  all.sort((a, b) => a.notAfter - b.notAfter)
  return all.map((each) => ({ ...each, daysLeft: Math.floor((each.notAfter - now) / DAY) }))
}

/**
 * Whether something should be renewed by now. CRLs are made anew all the time: one in the first half of its
 * life is fresh, however short that life is.
 */
function isDue({ kind, notBefore, notAfter }: Expiring, now: number): boolean {
  const left = notAfter - now
  return left <= SOON && (kind !== 'crl' || left <= (notAfter - notBefore) / 2)
}

/** Says in how many days something expires, or how many ago it did; undefined where that is far off. */
export function expiryText(expiring: Expiring, now: number): string | undefined {
  if (!isDue(expiring, now)) return undefined
  const left = expiring.notAfter - now
  const days = Math.floor(Math.abs(left) / DAY)
  const counted = days === 1 ? '1 day' : `${days} days`
  return left < 0 ? `expired ${counted} ago` : `expires in ${counted}`
}

/** How near the end is: the threshold that was passed last, and from the last day on the day; undefined: far off. */
function stageOf(expiring: Expiring, now: number): number | undefined {
  if (!isDue(expiring, now)) return undefined
  const days = Math.ceil((expiring.notAfter - now) / DAY)
  return days <= 1 ? days : THRESHOLDS.findLast((threshold) => days <= threshold)
}

/** One line for the operator about something that expires. */
export interface ExpiryNotice extends Omit<Expiry, 'usedBy'> {
  readonly usedBy: readonly string[]
}

/** What to tell, and what will have been told then. */
export interface ExpiryNews {
  readonly notices: readonly ExpiryNotice[]
  /** The stage of each fingerprint, for the next look. */
  readonly told: ReadonlyMap<string, number>
}

/**
 * What to tell the operator at this look, given what was told before: one notice at 30, 14, 7, 3 and 1 days, and
 * one a day afterwards, for each certificate or CRL, however many use it and however often one looks.
 */
export function expiryNews(
  list: readonly Expiry[],
  before: ReadonlyMap<string, number>,
  now: number,
): ExpiryNews {
  const told = new Map<string, number>()
  const notices = new Map<string, { notice: Expiry; usedBy: string[] }>()
  for (const expiry of list) {
    const stage = stageOf(expiry, now)
    if (stage === undefined) continue
    const { sha256, usedBy } = expiry
    told.set(sha256, stage)
    if (before.get(sha256) === stage) continue
    const known = notices.get(sha256)
    if (known !== undefined) known.usedBy.push(usedBy)
    else notices.set(sha256, { notice: expiry, usedBy: [usedBy] })
  }
  return {
    notices: [...notices.values()].map(({ notice, usedBy }) => ({ ...notice, usedBy })),
    told,
  }
}
