import type * as z from 'zod'
import type { Address } from '../../port/mod.ts'
import type {
  DialectsConfig,
  GraviteeGatewayConfig,
  GraviteeUserConfig,
  IdOverride,
} from '../types.ts'
import { cidr, listenAddress, readIp } from './addresses.ts'
import { fieldName } from './names.ts'
import { apiKey, type Resolved, secret, type Source } from './sources.ts'
import { boolean, choice, filePath, name } from './scalars.ts'
import { list, map, Mismatch, OPTIONS, pick, scalar, type Shape, someOf } from './structure.ts'

interface WrittenDialect {
  readonly address: Address | undefined
  readonly listeners: readonly string[] | undefined
}

/** `admin.dialects.apisix`, before secrets are read. */
export interface WrittenApisix extends WrittenDialect {
  readonly key: Source<string> | undefined
  readonly viewerKey: Source<string> | undefined
  readonly keyRequired: boolean
  readonly allow: readonly string[]
  readonly prefix: string
  readonly apiVersion: 'v2' | 'v3'
  readonly cors: boolean
  readonly verifyUpstreams: boolean
  readonly keyring: readonly Source<string>[]
}

/** `admin.dialects.gravitee.users[]`, before secrets are read. */
export interface WrittenGraviteeUser extends Omit<GraviteeUserConfig, 'password'> {
  readonly password: Source<string>
}

/** `admin.dialects.gravitee.issuers[]`, before secrets are read. */
export interface WrittenIssuer {
  readonly name: string
  readonly keys: readonly Source<string>[]
}

/** What `admin.dialects.gravitee` says of how APIs are served, before secrets are read. */
export type WrittenGraviteeGateway = {
  readonly [K in Exclude<keyof GraviteeGatewayConfig, 'issuers'>]-?: GraviteeGatewayConfig[K]
}

/** `admin.dialects.gravitee`, before secrets are read. */
export interface WrittenGravitee extends WrittenDialect, WrittenGraviteeGateway {
  readonly issuers: readonly WrittenIssuer[]
  readonly users: readonly WrittenGraviteeUser[]
  readonly verbose401: boolean
  readonly resources: readonly string[]
  readonly files: string | undefined
}

/** `admin.dialects.gcore`, before secrets are read. */
export interface WrittenGcore extends WrittenDialect {
  readonly key: Source<string> | undefined
  readonly addresses: readonly string[]
}

/** `admin.dialects`, before secrets are read. `false` switches off. */
export interface WrittenDialects {
  readonly apisix: WrittenApisix | false
  readonly gravitee: WrittenGravitee | false
  readonly gcore: WrittenGcore | false
}

const shared: Shape<WrittenDialect> = {
  address: listenAddress().optional(),
  listeners: list('names of listeners', name()).optional(),
}

/** `admin.dialects.apisix`. */
export const apisixSchema: z.ZodType<WrittenApisix> = map('apisix', {
  ...shared,
  key: apiKey().optional(),
  viewerKey: apiKey().optional(),
  keyRequired: boolean().default(true),
  allow: list('ranges of addresses', cidr()).default(['127.0.0.0/8', '::1/128']),
  prefix: scalar((raw) =>
    typeof raw === 'string' && /^(\/[\w.-]+)+$/.test(raw)
      ? raw
      : new Mismatch('expected a path, such as /apisix')
  ).default('/apisix'),
  apiVersion: choice('v2', 'v3').default('v3'),
  cors: boolean().default(true),
  verifyUpstreams: boolean().default(true),
  keyring: list('keys', secret()).default([]),
})

/** `admin.dialects.gravitee.users[]`. */
export const graviteeUserSchema: z.ZodType<WrittenGraviteeUser> = map('a user', {
  name: name(),
  password: secret(),
  role: choice('admin', 'publisher', 'owner').default('admin'),
})

/** `admin.dialects.gravitee.issuers[]`. */
export const graviteeIssuerSchema: z.ZodType<WrittenIssuer> = map('an issuer', {
  name: name(),
  keys: someOf('keys', secret()),
})

/** A field's name, or nothing. */
const fieldNameOrNone = scalar((raw) =>
  raw === '' || typeof raw === 'string' && /^[!#$%&'*+.^_`|~\w-]{1,200}$/.test(raw)
    ? raw
    : new Mismatch('expected the name of a header, or "" for none')
)

const argumentOrNone = scalar((raw) =>
  typeof raw === 'string' && /^[^\p{Cc}]{0,200}$/u.test(raw)
    ? raw
    : new Mismatch('expected the name of an argument, or "" for none')
)

const override = (): z.ZodType<IdOverride> => choice('override', 'merge', 'keep')

const gateway: Shape<WrittenGraviteeGateway> = {
  apiKeyHeader: fieldNameOrNone.optional(),
  apiKeyArgument: argumentOrNone.optional(),
  transactionHeader: fieldName().optional(),
  transactionOverride: override().optional(),
  requestHeader: fieldName().optional(),
  requestOverride: override().optional(),
  idFormat: choice('uuid', 'hex').optional(),
  forwardedPrefix: boolean().optional(),
}

/** `admin.dialects.gravitee`. */
export const graviteeSchema: z.ZodType<WrittenGravitee> = map('gravitee', {
  ...shared,
  users: list('users', graviteeUserSchema).default([]),
  verbose401: boolean().default(false),
  resources: list('files', filePath()).default([]),
  files: filePath().optional(),
  ...gateway,
  issuers: list('issuers', graviteeIssuerSchema).default([]),
})

const ipAddress: z.ZodType<string> = scalar((raw) => {
  const ip = typeof raw === 'string' ? readIp(raw) : undefined
  return ip ?? new Mismatch('expected an IP address, such as 127.0.0.1')
})

/** `admin.dialects.gcore`. */
export const gcoreSchema: z.ZodType<WrittenGcore> = map('gcore', {
  ...shared,
  key: apiKey().optional(),
  addresses: someOf('IP addresses', ipAddress).default(['127.0.0.1']),
})

const off = scalar((raw) =>
  raw === false ? false as const : new Mismatch('expected a map, or false')
)

function switchable<T>(schema: z.ZodType<T>): z.ZodType<T | false> {
  return pick<T | false>((raw) =>
    raw === false || typeof raw !== 'object' || raw === null ? off : schema
  ).prefault({}) as z.ZodType<T | false>
}

/** `admin.dialects`. */
export const dialectsSchema: z.ZodType<WrittenDialects> = map('dialects', {
  apisix: switchable(apisixSchema),
  gravitee: switchable(graviteeSchema),
  gcore: switchable(gcoreSchema),
})

/** The dialects in their final form. */
export function buildDialects(written: Resolved<WrittenDialects>): DialectsConfig {
  const { apisix, gravitee, gcore } = written
  return {
    apisix: apisix || undefined,
    gravitee: gravitee || undefined,
    gcore: gcore || undefined,
  }
}

/** All dialects, with what holds where nothing is written. */
export const DEFAULT_DIALECTS: DialectsConfig = buildDialects(
  // Nothing that is written by default is read from elsewhere.
  dialectsSchema.parse({}, OPTIONS) as Resolved<WrittenDialects>,
)
