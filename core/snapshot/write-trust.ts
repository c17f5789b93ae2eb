import type {
  ClientsConfig,
  IdentityConfig,
  KeyPairConfig,
  Material,
  TrustConfig,
} from './types.ts'
import { CLIENTS_DEFAULTS, TRUST_DEFAULTS } from './defaults.ts'
import { type Document, kept } from './write-kept.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Content in place: PEM as text, all else as base64. */
export function writeMaterial({ data }: Material): unknown {
  try {
    const text = utf8.decode(data)
    if (text.includes('-----BEGIN')) return text
  } catch {
    // No text.
  }
  let binary = ''
  for (const byte of data) binary += String.fromCharCode(byte)
  return { base64: btoa(binary) }
}

/** A certificate with its key. */
export function writeKeyPair(pair: KeyPairConfig): Document {
  const { passphrase } = pair
  const secret = passphrase === undefined ? {} : { passphrase }
  if ('pkcs12' in pair) {
    const written = writeMaterial(pair.pkcs12)
    // A PKCS#12 file is never PEM.
    return { pkcs12: written, ...secret }
  }
  return { cert: writeMaterial(pair.cert), key: writeMaterial(pair.key), ...secret }
}

/** Whom to trust, without what holds anyway. */
export function writeTrust(trust: TrustConfig): Document {
  const { ca, crl, ...rest } = trust
  return {
    ...(ca.length === 0 ? {} : { ca: ca.map(writeMaterial) }),
    ...(crl.length === 0 ? {} : { crl: crl.map(writeMaterial) }),
    ...kept(rest, TRUST_DEFAULTS),
  }
}

/** A client policy; undefined where it is what holds anyway. */
export function writeClients(
  clients: ClientsConfig,
  otherwise: ClientsConfig['mode'],
): Document | undefined {
  const { mode, applications, sendAuthorities, allow, ...trust } = clients
  const written = {
    ...(mode === otherwise ? {} : { mode }),
    ...writeTrust(trust),
    ...(applications === (clients.ca.length === 0) ? {} : { applications }),
    ...kept({ sendAuthorities }, CLIENTS_DEFAULTS),
    ...writeAllow(allow),
  }
  return Object.keys(written).length === 0 ? undefined : written
}

/** Conditions on certificates, where there are any. */
export function writeAllow(allow: readonly IdentityConfig[]): Document {
  return allow.length === 0 ? {} : { allow: allow.map((each) => kept(each, {})) }
}
