import { certificateToHeader } from '../pki/mod.ts'
import type { Certificate } from '../pki/mod.ts'
import type { ForwardCertificateConfig } from '../snapshot/types.ts'
import type { HeaderList } from '../wire/types.ts'
import type { ForwardCertificate } from './compiled.ts'
import { safeName, safeSubject } from './safe-text.ts'

/** Compiles how a route tells the client certificate upstream. Values are made once per certificate. */
export function compileForward(config: ForwardCertificateConfig): ForwardCertificate {
  const made = new WeakMap<Certificate, HeaderList>()
  return {
    names: forwardedNames(config).map((name) => name.replaceAll('_', '-')),
    headers: (certificate) => {
      let headers = made.get(certificate)
      if (headers === undefined) made.set(certificate, headers = makeHeaders(config, certificate))
      return headers
    },
  }
}

/** The header names that a way of forwarding sets, lower case. */
export function forwardedNames(config: ForwardCertificateConfig): readonly string[] {
  if (config.form === 'client-cert') return ['client-cert']
  if (config.form === 'xfcc') return ['x-forwarded-client-cert']
  return [config.fingerprint, config.subject, config.sans]
    .filter((name) => name !== undefined)
    .map((name) => name.toLowerCase())
}

function makeHeaders(config: ForwardCertificateConfig, certificate: Certificate): HeaderList {
  if (config.form === 'client-cert') return ['Client-Cert', certificateToHeader(certificate.der)]
  if (config.form === 'xfcc') return ['X-Forwarded-Client-Cert', xfcc(certificate)]
  const headers: HeaderList = []
  if (config.fingerprint !== undefined) headers.push(config.fingerprint, certificate.sha256)
  if (config.subject !== undefined) headers.push(config.subject, safeSubject(certificate.subject))
  if (config.sans !== undefined) headers.push(config.sans, sans(certificate))
  return headers
}

/** One element in Envoy's form of X-Forwarded-Client-Cert: `Hash=…;Subject="…";URI=…;DNS=…`. */
function xfcc(certificate: Certificate): string {
  const { uri, dns } = certificate.names
  const parts = [`Hash=${certificate.sha256}`, `Subject="${safeSubject(certificate.subject)}"`]
  for (const name of uri) parts.push(`URI=${quoted(safeName(name))}`)
  for (const name of dns) parts.push(`DNS=${quoted(safeName(name))}`)
  return parts.join(';')
}

/** Values with a separator of the header in them stand in quotes; quotes themselves are encoded before. */
function quoted(value: string): string {
  return /[,;=]/.test(value) ? `"${value}"` : value
}

function sans({ names }: Certificate): string {
  const entry = (kind: string) => (name: string): string =>
    `${kind}:${safeName(name).replaceAll(',', '%2C')}`
  return [
    ...names.dns.map(entry('DNS')),
    ...names.uri.map(entry('URI')),
    ...names.ip.map(entry('IP')),
    ...names.email.map(entry('EMAIL')),
  ].join(',')
}
