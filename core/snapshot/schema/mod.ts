/**
 * The form of `gateway.yaml`, by subject. It knows the shape of each part alone: nothing of other
 * parts, files or positions.
 * @module
 */
import * as z from 'zod'
import {
  apiKeySchema,
  applicationSchema,
  certificateSchema,
  subscriptionSchema,
} from './applications.ts'
import {
  apisixSchema,
  dialectsSchema,
  gcoreSchema,
  graviteeIssuerSchema,
  graviteeSchema,
  graviteeUserSchema,
} from './dialects.ts'
import { allSchema, anySchema, compareSchema, notSchema } from './conditions.ts'
import {
  allowMethodsSchema,
  bodyReplaceSchema,
  filterSchemas,
  headerChangesSchema,
  headerSchema,
  loginSchema,
  quotaNamesSchema,
  replaceSchema,
} from './filters.ts'
import { identitySchema } from './identities.ts'
import { hashSchema, persistenceSchema } from './balance.ts'
import { streamSchema, upstreamTimesSchema, userSchema } from './connections.ts'
import {
  activeChecksSchema,
  activeHealthySchema,
  activeUnhealthySchema,
  healthSchema,
  passiveChecksSchema,
  passiveHealthySchema,
  passiveUnhealthySchema,
} from './health.ts'
import { http2LimitsSchema, limitsSchema } from './limits.ts'
import { listenerSchema, tlsEntrySchema, trustedProxiesSchema } from './listeners.ts'
import { apiSchema, forwardHeadersSchema, matchSchema, planSchema, routeSchema } from './routes.ts'
import {
  accessLogSchema,
  adminSchema,
  etcdSchema,
  etcdTlsSchema,
  storeSchema,
  ticketsSchema,
  webhookSchema,
} from './settings.ts'
import { keysOf, map } from './structure.ts'
import { introspectionSchema, jwtSchema } from './tokens.ts'
import { clientsSchema, pemPairSchema, pkcs12Schema } from './trust.ts'
import {
  endpointSchema,
  hostNameSchema,
  keepAliveSchema,
  nameFromSchema,
  upstreamSchema,
  upstreamTlsSchema,
} from './upstreams.ts'

/** The document's outermost keys; what stands under them is checked part by part. */
export interface Root {
  readonly listeners: unknown
  readonly upstreams: unknown
  readonly apis: unknown
  readonly routes: unknown
  readonly applications: unknown
  readonly filters: unknown
  readonly admin: unknown
  readonly limits: unknown
  readonly tickets: unknown
  readonly accessLog: unknown
  readonly store: unknown
  readonly workers: unknown
  readonly drainTimeout: unknown
}

const any = z.unknown().optional()

/** The document itself. */
export const rootSchema: z.ZodType<Root> = map<Root>('the configuration', {
  listeners: any,
  upstreams: any,
  apis: any,
  routes: any,
  applications: any,
  filters: any,
  admin: any,
  limits: any,
  tickets: any,
  accessLog: any,
  store: any,
  workers: any,
  drainTimeout: any,
})

/** One map of the document: where it stands, and the keys it may have. */
export interface SectionDescription {
  /** As in `listeners[].tls[]`; `*` stands for a name of the operator's choice. Empty: the document itself. */
  readonly path: string
  readonly keys: readonly string[]
}

const SECTIONS: readonly (readonly [path: string, ...schemas: z.ZodType[]])[] = [
  ['', rootSchema],
  ['listeners[]', listenerSchema],
  ['listeners[].tls[]', tlsEntrySchema],
  ['certificate', pemPairSchema, pkcs12Schema],
  ['clients', clientsSchema],
  ['allow[]', identitySchema],
  ['listeners[].trustedProxies', trustedProxiesSchema],
  ['listeners[].stream', streamSchema],
  ['listeners[].users[]', userSchema],
  ['upstreamTimes', upstreamTimesSchema],
  ['upstreams.*', upstreamSchema],
  ['upstreams.*.endpoints[]', endpointSchema],
  ['upstreams.*.balance', hashSchema],
  ['upstreams.*.persistence', persistenceSchema],
  ['upstreams.*.health', healthSchema],
  ['upstreams.*.health.active', activeChecksSchema],
  ['upstreams.*.health.active.healthy', activeHealthySchema],
  ['upstreams.*.health.active.unhealthy', activeUnhealthySchema],
  ['upstreams.*.health.passive', passiveChecksSchema],
  ['upstreams.*.health.passive.healthy', passiveHealthySchema],
  ['upstreams.*.health.passive.unhealthy', passiveUnhealthySchema],
  ['upstreams.*.tls', upstreamTlsSchema],
  ['upstreams.*.tls.name', nameFromSchema],
  ['upstreams.*.keepAlive', keepAliveSchema],
  ['upstreams.*.host', hostNameSchema],
  ['apis[]', apiSchema],
  ['apis[].plans[]', planSchema],
  ['apis[].plans[].jwt', jwtSchema],
  ['apis[].plans[].introspection', introspectionSchema],
  ['routes[]', routeSchema],
  ['match', matchSchema],
  ['forwardCertificate', forwardHeadersSchema],
  ['conditions[]', compareSchema, allSchema, anySchema, notSchema],
  ...Object.entries(filterSchemas).map(([type, schema]) => (
    [`filters[] of type ${type}`, schema] as const
  )),
  ['headers', headerChangesSchema],
  ['headers.set[] and headers.add[]', headerSchema],
  ['regex', replaceSchema],
  ['replace[]', bodyReplaceSchema],
  ['names', quotaNamesSchema],
  ['allowMethods[]', allowMethodsSchema],
  ['users[] and logins[]', loginSchema],
  ['applications[]', applicationSchema],
  ['applications[].certificates[]', certificateSchema],
  ['applications[].apiKeys[]', apiKeySchema],
  ['applications[].subscriptions[]', subscriptionSchema],
  ['admin', adminSchema],
  ['admin.expiryWebhook', webhookSchema],
  ['admin.dialects', dialectsSchema],
  ['admin.dialects.apisix', apisixSchema],
  ['admin.dialects.gravitee', graviteeSchema],
  ['admin.dialects.gravitee.issuers[]', graviteeIssuerSchema],
  ['admin.dialects.gravitee.users[]', graviteeUserSchema],
  ['admin.dialects.gcore', gcoreSchema],
  ['store', storeSchema],
  ['store.etcd', etcdSchema],
  ['store.etcd.tls', etcdTlsSchema],
  ['accessLog', accessLogSchema],
  ['tickets', ticketsSchema],
  ['limits', limitsSchema],
  ['limits.http2', http2LimitsSchema],
]

/** Every map of the document with its keys, in the order of docs/configuration.md. */
export function describeSchema(): SectionDescription[] {
  return SECTIONS.map(([path, ...schemas]) => (
    { path, keys: [...new Set(schemas.flatMap(keysOf))] }
  ))
}
