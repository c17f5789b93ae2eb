import type * as z from 'zod'
import type {
  ConditionConfig,
  ForwardCertificateConfig,
  IdentityConfig,
  JwtConfig,
  MatchConfig,
  PlanConfig,
  PlanType,
  RouteConfig,
} from '../types.ts'
import { upstreamTimesSchema, type WrittenTimes } from './connections.ts'
import { isMap } from '../problems.ts'
import { cidr } from './addresses.ts'
import { conditions } from './conditions.ts'
import { filters, type WrittenFilter } from './filters.ts'
import { allow } from './identities.ts'
import { headerName, hostPattern, method, pathPattern } from './names.ts'
import { boolean, choice, integer, name, readName, text } from './scalars.ts'
import { list, map, Mismatch, pick, scalar, type Shape, someOf } from './structure.ts'
import { upstreamSchema, type WrittenUpstream } from './upstreams.ts'
import {
  introspectionSchema,
  jwtSchema,
  tokenKeys,
  type WrittenIntrospection,
  type WrittenJwt,
} from './tokens.ts'
import type { Resolved } from './sources.ts'
import { variables } from './variables.ts'

/** A route, before its upstream is found and files are read. */
export interface WrittenRoute extends
  Omit<
    RouteConfig,
    | 'name'
    | 'upstream'
    | 'forwardCertificate'
    | 'filters'
    | 'scope'
    | 'local'
    | 'upstreamTimes'
  > {
  readonly name: string | undefined
  readonly upstream: string | WrittenUpstream | undefined
  readonly upstreamTimes: WrittenTimes | undefined
  readonly filters: readonly WrittenFilter[]
  readonly forwardCertificate: ForwardCertificateConfig | undefined
}

/** A plan, as it is written. */
export interface WrittenPlan {
  readonly name: string
  readonly type: PlanType
  readonly header: string | undefined
  readonly allow: readonly IdentityConfig[]
  readonly conditions: readonly ConditionConfig[]
  readonly jwt: WrittenJwt | undefined
  readonly introspection: WrittenIntrospection | undefined
}

/** An API, before its upstream is found and files are read. */
export interface WrittenApi extends WrittenRoute {
  readonly name: string
  readonly plans: readonly WrittenPlan[]
  readonly verbose: boolean
}

/** `match` of routes and APIs. */
export const matchSchema: z.ZodType<MatchConfig> = map('match', {
  hosts: list('hosts', hostPattern()).default([]),
  paths: list('paths', pathPattern()).default([]),
  methods: list('methods', method()).default([]),
  addresses: list('ranges of addresses', cidr()).default([]),
  conditions: conditions(),
  order: choice('priority', 'fit').default('priority'),
})

interface ForwardHeaders {
  readonly fingerprint: string | undefined
  readonly subject: string | undefined
  readonly sans: string | undefined
}

/** `forwardCertificate`, where it is a map. */
export const forwardHeadersSchema: z.ZodType<ForwardHeaders> = map('forwardCertificate', {
  fingerprint: headerName().optional(),
  subject: headerName().optional(),
  sans: headerName().optional(),
})

const forwardHeaders = forwardHeadersSchema.transform(
  ({ fingerprint, subject, sans }, context): ForwardCertificateConfig => {
    if ((fingerprint ?? subject ?? sans) === undefined) {
      const message = 'expected at least one of fingerprint, subject or sans'
      context.issues.push({ code: 'custom', input: {}, message })
    }
    return { form: 'headers', fingerprint, subject, sans }
  },
)

const forwardWord = choice('client-cert', 'xfcc')
  .transform((form): ForwardCertificateConfig => ({ form }))

const upstreamName = scalar((raw) =>
  typeof raw === 'string'
    ? readName(raw)
    : new Mismatch('expected the name of an upstream, or a map')
)

const routeShape: Shape<WrittenRoute> = {
  name: name().optional(),
  match: matchSchema.prefault({}),
  priority: integer(-1_000_000, 1_000_000).default(0),
  upstream: pick<string | WrittenUpstream>((raw) => isMap(raw) ? upstreamSchema : upstreamName)
    .optional(),
  upstreamTimes: upstreamTimesSchema.optional(),
  requireCertificate: boolean().default(false),
  allow: allow().default([]),
  forwardCertificate: pick((raw) => isMap(raw) ? forwardHeaders : forwardWord).optional(),
  filters: filters(),
  variables: variables().default({}),
  parameters: list('paths', text()).optional(),
  style: choice('native', 'apisix', 'gravitee', 'gcore').default('native'),
}

/** `routes[]`. */
export const routeSchema: z.ZodType<WrittenRoute> = map('a route', routeShape)

/** `apis[].plans[]`. */
export const planSchema: z.ZodType<WrittenPlan> = map('a plan', {
  name: name(),
  type: choice('mtls', 'jwt', 'oauth2', 'api-key', 'keyless'),
  header: headerName().optional(),
  allow: allow().default([]),
  conditions: conditions(),
  jwt: jwtSchema.optional(),
  introspection: introspectionSchema.optional(),
})

/** A plan has what its type needs. */
const checkedPlan = planSchema.transform((written, context): WrittenPlan => {
  const { type, jwt, introspection } = written
  const keys = jwt && [jwt.jwks, jwt.key, jwt.secret].filter((each) => each !== undefined).length
  const message = type === 'jwt' && jwt === undefined
    ? 'the key jwt is missing, which says how tokens are checked'
    : type === 'oauth2' && introspection === undefined
    ? 'the key introspection is missing, which says who is asked about tokens'
    : keys !== undefined && keys !== 1
    ? 'exactly one of jwks, key and secret is expected in jwt'
    : undefined
  if (message !== undefined) {
    context.issues.push({ code: 'custom', input: {}, path: ['type'], message })
  }
  return written
})

/** `apis[]`. */
export const apiSchema: z.ZodType<WrittenApi> = map('an API', {
  ...routeShape,
  name: name(),
  plans: someOf('plans', checkedPlan),
  verbose: boolean().default(false),
})

/** The plan in its final form. */
export function plan(
  { name, type, header, allow, conditions, jwt, introspection }: Resolved<WrittenPlan>,
): PlanConfig {
  return {
    ...{ name, type, header: header ?? 'x-api-key', allow },
    ...(conditions.length === 0 ? {} : { conditions }),
    ...(jwt === undefined ? {} : { jwt: buildJwt(jwt) }),
    ...(introspection === undefined ? {} : { introspection }),
  }
}

function buildJwt({ jwks, key, secret, ...rest }: Resolved<WrittenJwt>): JwtConfig {
  // A plan without keys was told of before; nothing is signed with an empty secret here.
  return { ...rest, keys: tokenKeys({ jwks, key, secret }) ?? { url: 'http://invalid' } }
}
