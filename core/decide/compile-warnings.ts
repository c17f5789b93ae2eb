import type { Certificate, Truststore } from '../pki/mod.ts'
import { showTime } from '../plan/mod.ts'
import { warn } from './compile-context.ts'
import type { CompileContext, Place } from './compile-context.ts'
import { type Expiring, expiringCertificate, expiringCrl, expiryText } from './expiry.ts'

/** Notes who uses a certificate of the gateway's own, and warns where it has expired or soon will. */
export function noteCertificate(
  context: CompileContext,
  { certificate, kind }: {
    readonly certificate: Certificate
    readonly kind: 'server' | 'upstream-client'
  },
  { path, usedBy }: Place,
): void {
  const expiring = expiringCertificate(kind, usedBy, certificate)
  note(context, expiring, { path, usedBy: `Certificate of ${usedBy}` })
}

/** Notes anchors and CRLs, and warns where they have expired or soon will. The host's own roots have no `kind`. */
export function noteTrust(
  context: CompileContext,
  { truststore, kind }: {
    readonly truststore: Truststore
    readonly kind: 'client-ca' | 'upstream-ca' | undefined
  },
  { path, usedBy }: Place,
): void {
  for (const anchor of kind === undefined ? [] : truststore.anchors) {
    const place = { path: [...path, 'ca'], usedBy: `CA of ${usedBy}` }
    note(context, expiringCertificate(kind as 'client-ca', usedBy, anchor), place)
  }
  for (const crl of truststore.crls ?? []) {
    const expiring = expiringCrl(usedBy, crl)
    const at = [...path, 'crl']
    if (expiring === undefined) continue
    if (expiring.notAfter >= context.now) {
      note(context, expiring, { path: at, usedBy: `CRL for ${usedBy}` })
      continue
    }
    context.expiring.push(expiring)
    const state = `it was to be replaced by ${showTime(crl.nextUpdate)}`
    warn(context, at, `CRL of "${crl.issuer}" for ${usedBy} is stale: ${state}`)
  }
}

function note(context: CompileContext, expiring: Expiring, { path, usedBy }: Place): void {
  context.expiring.push(expiring)
  const text = expiryText(expiring, context.now)
  // One certificate may be shown for thousands of names.
  if (text === undefined || context.warned.has(expiring.sha256)) return
  context.warned.add(expiring.sha256)
  warn(context, path, `${usedBy}, "${expiring.subject}", ${text}`)
}
