import type { Certificate, Truststore } from '../pki/mod.ts'
import { showTime } from '../plan/mod.ts'
import type { Path } from '../snapshot/types.ts'
import { warn } from './compile-context.ts'
import type { CompileContext, Place } from './compile-context.ts'
import { type Expiring, expiringCertificate, expiringCrl, expiryText } from './expiry.ts'

/** Something that expires, with what is said about it once it does. It is kept with what uses it. */
export interface Noted {
  readonly expiring: Expiring
  /** From the part of the configuration that uses it. */
  readonly path: Path
  /** For messages, such as `Certificate of listener "main"`. */
  readonly whose: string
}

/** A certificate of the gateway's own, as something that expires. */
export function notedCertificate(
  { certificate, kind }: {
    readonly certificate: Certificate
    readonly kind: 'server' | 'upstream-client'
  },
  { path, usedBy }: Place,
): Noted {
  const expiring = expiringCertificate(kind, usedBy, certificate)
  return { expiring, path, whose: `Certificate of ${usedBy}` }
}

/** Anchors and CRLs, as what expires. The host's own roots have no `kind`. */
export function notedTrust(
  { truststore, kind }: {
    readonly truststore: Truststore
    readonly kind: 'client-ca' | 'upstream-ca' | undefined
  },
  { path, usedBy }: Place,
): Noted[] {
  const anchors = kind === undefined ? [] : truststore.anchors.map((anchor): Noted => ({
    expiring: expiringCertificate(kind, usedBy, anchor),
    path: [...path, 'ca'],
    whose: `CA of ${usedBy}`,
  }))
  const crls = (truststore.crls ?? []).flatMap((crl): Noted[] => {
    const expiring = expiringCrl(usedBy, crl)
    if (expiring === undefined) return []
    return [{ expiring, path: [...path, 'crl'], whose: `CRL for ${usedBy}` }]
  })
  return [...anchors, ...crls]
}

/** Warns of what has expired or soon will. */
export function warnOfNotes(context: CompileContext, notes: readonly Noted[], at: Path): void {
  for (const { expiring, path, whose } of notes) {
    const text = expiryText(expiring, context.now)
    if (text === undefined) continue
    const { kind, subject, sha256, usedBy, notAfter } = expiring
    if (kind === 'crl' && notAfter < context.now) {
      const state = `it was to be replaced by ${showTime(notAfter)}`
      warn(context, [...at, ...path], `CRL of "${subject}" for ${usedBy} is stale: ${state}`)
      continue
    }
    // One certificate may be shown for thousands of names.
    if (context.warned.has(sha256)) continue
    context.warned.add(sha256)
    warn(context, [...at, ...path], `${whose}, "${subject}", ${text}`)
  }
}
