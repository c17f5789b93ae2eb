import type { CertificateFacts, Facts } from './facts.ts'
import { sha1Hex } from './sha1.ts'
import { splitName } from './distinguished-name.ts'

type Read = (facts: Facts) => string | undefined

function of(read: (certificate: CertificateFacts) => string): Read {
  return ({ client: { certificate } }) => certificate === undefined ? undefined : read(certificate)
}

/** X.509 verification results, as OpenSSL numbers them, by what the certificate is refused for. */
const VERIFY_CODES: Readonly<Record<string, number>> = {
  CERTIFICATE_MALFORMED: 1,
  CERTIFICATE_NOT_YET_VALID: 9,
  CERTIFICATE_EXPIRED: 10,
  CERTIFICATE_UNTRUSTED: 20,
  CERTIFICATE_REVOKED: 23,
  CERTIFICATE_REVOCATION_UNKNOWN: 3,
}

/** Variables about the client certificate, by nginx's names. */
export const CERTIFICATE_VARIABLES: Readonly<Record<string, Read>> = {
  ssl_client_s_dn: of(({ subject }) => subject),
  ssl_client_i_dn: of(({ issuer }) => issuer),
  ssl_client_s_dn_legacy: of(({ subject }) => legacyName(subject)),
  ssl_client_i_dn_legacy: of(({ issuer }) => legacyName(issuer)),
  ssl_client_serial: of(({ serial }) => serial.toUpperCase()),
  ssl_client_fingerprint: of(({ der }) => sha1Hex(der)),
  ssl_client_sha256: of(({ sha256 }) => sha256),
  ssl_client_v_start: of(({ notBefore }) => certificateTime(notBefore)),
  ssl_client_v_end: of(({ notAfter }) => certificateTime(notAfter)),
  ssl_client_escaped_cert: of(({ der }) => encodeURIComponent(pemOf(der))),
  ssl_client_verify: ({ client: { certificate, certificateProblem } }) => {
    if (certificate === undefined) return 'NONE'
    return certificateProblem === undefined ? 'SUCCESS' : `FAILED:${certificateProblem}`
  },
  /** As OpenSSL numbers it; 0 where there is nothing to complain of. */
  ssl_client_verify_code: ({ client: { certificateProblem } }) =>
    certificateProblem === undefined ? '0' : String(VERIFY_CODES[certificateProblem] ?? 1),
  ssl_client_present: ({ client: { certificate } }) => certificate === undefined ? '0' : '1',
}

/** One attribute of the subject, such as `ssl_client_s_dn_CN`: its first value. */
export function nameVariable(variable: string): Read | undefined {
  const found = /^ssl_client_([si])_dn_(\w+)$/.exec(variable)
  if (found === null) return undefined
  const type = found[2]!.toUpperCase()
  const whose = found[1] === 's' ? 'subject' : 'issuer'
  return ({ client: { certificate } }) =>
    certificate === undefined
      ? undefined
      : splitName(certificate[whose]).find((part) => part.type === type)?.value
}

/** `/C=…/CN=…`, as OpenSSL wrote it once. */
function legacyName(name: string): string {
  return splitName(name).reverse().map(({ type, value }) => `/${type}=${value}`).join('')
}

/** `Jan 31 08:00:00 2027 GMT` */
function certificateTime(time: number): string {
  const [, , day, month, year, clock] =
    /^(\w+), (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(time).toUTCString()) ?? []
  return `${month} ${Number(day)} ${clock} ${year} GMT`
}

function pemOf(der: Uint8Array): string {
  let binary = ''
  for (const byte of der) binary += String.fromCharCode(byte)
  const lines = btoa(binary).replace(/(.{64})(?=.)/g, '$1\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}
