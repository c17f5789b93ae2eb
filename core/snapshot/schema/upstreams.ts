import type * as z from 'zod'
import type { EndpointConfig, UpstreamConfig, UpstreamTlsConfig } from '../types.ts'
import { endpointAddress, readDomain, readIp } from './addresses.ts'
import { balance, persistenceSchema, type WrittenPersistence } from './balance.ts'
import { healthSchema } from './health.ts'
import { pathPrefix, peerName } from './names.ts'
import { boolean, choice, duration, integer } from './scalars.ts'
import { map, Mismatch, pick, scalar, someOf } from './structure.ts'
import { keyPairSchema, trustShape, type WrittenKeyPair, type WrittenTrust } from './trust.ts'
import { isMap } from '../problems.ts'

/** An endpoint, as it is written. */
export interface WrittenEndpoint {
  readonly address: { readonly host: string; readonly port: number }
  readonly weight: number
  readonly priority: number
  readonly monitor: EndpointConfig['monitor']
  readonly path: string
  readonly tls: WrittenUpstreamTls | 'none' | undefined
}

/** TLS towards an upstream, before files are read. */
export interface WrittenUpstreamTls extends WrittenTrust {
  readonly verify: boolean
  readonly checkName: boolean
  readonly certificate: WrittenKeyPair | undefined
  readonly name: UpstreamTlsConfig['name']
}

/** The parts of an upstream that are kept as they are written. */
type Kept = Omit<UpstreamConfig, 'name' | 'endpoints' | 'tls' | 'persistence'>

/** An upstream, before files are read. */
export interface WrittenUpstream extends Kept {
  readonly endpoints: readonly WrittenEndpoint[]
  readonly tls: WrittenUpstreamTls | undefined
  readonly persistence: WrittenPersistence | undefined
}

/** `upstreams.*.tls.name`, where it is a map. */
export const nameFromSchema: z.ZodType<{ readonly from: 'host' }> = map('name', {
  from: choice<'host'>('host'),
})

/** `upstreams.*.tls`. */
export const upstreamTlsSchema: z.ZodType<WrittenUpstreamTls> = map("an upstream's tls", {
  ...trustShape,
  certificate: keyPairSchema.optional(),
  name: pick<UpstreamTlsConfig['name']>((raw) => isMap(raw) ? nameFromSchema : peerName())
    .optional(),
  verify: boolean().default(true),
  checkName: boolean().default(true),
})

const noTls = scalar((raw) => raw === false ? 'none' : new Mismatch('expected a map, or false'))

/** `upstreams.*.endpoints[]`. */
export const endpointSchema: z.ZodType<WrittenEndpoint> = map('an endpoint', {
  address: endpointAddress(),
  weight: integer(0, 65535).default(1),
  priority: integer(-1000, 1000).default(0),
  monitor: endpointAddress().optional(),
  path: pathPrefix().default(''),
  tls: pick<WrittenEndpoint['tls']>((raw) => isMap(raw) ? upstreamTlsSchema : noTls).optional(),
})

/** `upstreams.*.keepAlive`. */
export const keepAliveSchema: z.ZodType<UpstreamConfig['keepAlive']> = map('keepAlive', {
  connections: integer(0, 65535).default(64),
  idleTimeout: duration().default(55_000),
  requests: integer(0, 1_000_000_000).default(0),
})

/** `upstreams.*.host`, where it is a map. */
export const hostNameSchema: z.ZodType<{ readonly name: string }> = map('host', {
  name: scalar((raw) => {
    const text = typeof raw === 'string' ? raw : ''
    const [, host = '', port = '0'] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(text) ?? []
    const ip = readIp(host.replace(/^\[(.*)\]$/, '$1'))
    const fits = ip !== undefined || readDomain(host) !== undefined
    return fits && Number(port) <= 65535
      ? text
      : new Mismatch('expected a host, such as example.com')
  }),
})

const hostWord = choice('client', 'endpoint')

/** `upstreams.*`, and `upstream` of a route. */
export const upstreamSchema: z.ZodType<WrittenUpstream> = map('an upstream', {
  endpoints: someOf('endpoints, each with an address', endpointSchema),
  balance: balance.default('round-robin'),
  persistence: persistenceSchema.optional(),
  health: healthSchema.prefault({}),
  protocol: choice('h1', 'h2', 'auto', 'h2c').default('h1'),
  tls: upstreamTlsSchema.optional(),
  proxyProtocol: choice('v1', 'v2').optional(),
  connectTimeout: duration().default(5_000),
  readTimeout: duration().default(60_000),
  sendTimeout: duration().default(60_000),
  retries: integer(0, 100).default(1),
  retryTimeout: duration({ zero: true }).default(0),
  retryUnanswered: boolean().optional(),
  keepAlive: keepAliveSchema.prefault({}),
  host: pick<UpstreamConfig['host']>((raw) => isMap(raw) ? hostNameSchema : hostWord)
    .default('client'),
})
