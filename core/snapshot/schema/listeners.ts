import type * as z from 'zod'
import type { Address } from '../../port/mod.ts'
import type { RefusalStyle, TlsEntryConfig, TrustedProxiesConfig } from '../types.ts'
import { cidr, listenAddress } from './addresses.ts'
import { connectionsShape, type WrittenConnections } from './connections.ts'
import { fingerprint, headerName, serverName } from './names.ts'
import { boolean, choice, name, text } from './scalars.ts'
import { list, map, pick, someOf } from './structure.ts'
import { clientsSchema, keyPairSchema, type WrittenClients, type WrittenKeyPair } from './trust.ts'

/** A server certificate with its names, before files are read. */
export interface WrittenTlsEntry {
  readonly names: readonly string[]
  /** One, or a list of them. */
  readonly certificate: WrittenKeyPair | readonly WrittenKeyPair[]
  readonly clients: WrittenClients | undefined
  readonly minVersion: TlsEntryConfig['minVersion']
  readonly http2: boolean
  readonly skipClientCertificate: readonly string[]
  readonly maxVersion: 'TLSv1.2' | undefined
  readonly withoutName: boolean | undefined
}

/** A listener, before files are read. */
export interface WrittenListener extends WrittenConnections {
  readonly name: string | undefined
  readonly address: Address
  /** Undefined: a plain listener; empty: one that speaks TLS by what dialects add. */
  readonly tls: readonly WrittenTlsEntry[] | undefined
  readonly clients: WrittenClients | undefined
  readonly trustedProxies: TrustedProxiesConfig | undefined
  readonly proxyProtocol: boolean
  readonly style: RefusalStyle
}

const keyPairsSchema = someOf('certificates with keys', keyPairSchema)

/** `listeners[].tls[]`. */
export const tlsEntrySchema: z.ZodType<WrittenTlsEntry> = map('a tls entry', {
  names: list('names', serverName()).default([]),
  certificate: pick<WrittenTlsEntry['certificate']>((raw) =>
    Array.isArray(raw) ? keyPairsSchema : keyPairSchema
  ),
  clients: clientsSchema.optional(),
  minVersion: choice('TLSv1.2', 'TLSv1.3').default('TLSv1.2'),
  http2: boolean().default(true),
  skipClientCertificate: list('regular expressions', text()).default([]),
  maxVersion: choice<'TLSv1.2'>('TLSv1.2').optional(),
  withoutName: boolean().optional(),
})

/** Kinds of proxies whose header for the client's certificate is known. */
export type ProxyPreset = keyof typeof PRESETS

/** The headers in which proxies pass client certificates on, as their documents have it. */
const PRESETS = {
  'nginx': 'ssl-client-cert',
  'haproxy': 'x-ssl-client-der',
  'envoy': 'x-forwarded-client-cert',
  'aws-alb': 'x-amzn-mtls-clientcert',
  'cloudflare': 'cf-client-cert-der-base64',
  'traefik': 'x-forwarded-tls-client-cert',
} as const

/** Proxies in front, as they are written. */
export interface WrittenTrustedProxies extends TrustedProxiesConfig {
  readonly preset: ProxyPreset | undefined
}

/** `listeners[].trustedProxies`. */
export const trustedProxiesSchema: z.ZodType<WrittenTrustedProxies> = map('trustedProxies', {
  cidrs: someOf('ranges of addresses', cidr()),
  fingerprints: list('fingerprints', fingerprint()).default([]),
  clientCertificateHeader: headerName().optional(),
  preset: choice(...Object.keys(PRESETS) as ProxyPreset[]).optional(),
})

/** A header that is named counts before that of the preset. */
const trustedProxies = trustedProxiesSchema.transform(
  ({ preset, cidrs, fingerprints, clientCertificateHeader }): TrustedProxiesConfig => ({
    cidrs,
    fingerprints,
    clientCertificateHeader: clientCertificateHeader ?? (preset && PRESETS[preset]),
  }),
)

/** `listeners[]`. */
export const listenerSchema: z.ZodType<WrittenListener> = map('a listener', {
  name: name().optional(),
  address: listenAddress(),
  tls: list('entries, each with a certificate', tlsEntrySchema).optional(),
  clients: clientsSchema.optional(),
  trustedProxies: trustedProxies.optional(),
  proxyProtocol: boolean().default(false),
  style: choice('native', 'apisix', 'gravitee', 'gcore').default('native'),
  ...connectionsShape,
})
