import type { Json } from '../../store/mod.ts'

/** What a client may configure of an API beside what the gateway reads itself; kept and given back as it is. */
export type JsonMap = { readonly [name: string]: Json }

/** The life of an API. Times are epoch milliseconds everywhere in documents. */
export interface ApiDocument {
  readonly id: string
  readonly crossId?: string
  /** Who wrote it, where that is not whoever uses the Management API. */
  readonly origin?: 'KUBERNETES'
  readonly name: string
  readonly apiVersion: string
  readonly description: string
  readonly type: string
  readonly listeners: readonly ListenerDefinition[]
  readonly endpointGroups: readonly EndpointGroupDefinition[]
  /** Flows, analytics, tags and the like, as they were written. */
  readonly extra: JsonMap
  /** PEM of trust stores that were written as PKCS#12, by `GROUP` or `GROUP/ENDPOINT`. */
  readonly anchors?: Readonly<Record<string, string>>
  /** What stands in the files that it names: PEM, or base64 of anything else. */
  readonly files?: Readonly<Record<string, string>>
  readonly state: 'STARTED' | 'STOPPED'
  readonly lifecycleState: string
  readonly visibility: string
  readonly deployedAt?: number
  readonly deployments: readonly DeploymentDocument[]
  readonly owner: string
  readonly createdAt: number
  readonly updatedAt: number
}

/** One deployment of an API, as its label tells. */
export interface DeploymentDocument {
  readonly label: string
  readonly at: number
  readonly by: string
}

/** Where an API is reached. */
export interface ListenerDefinition {
  readonly type: string
  readonly paths?: readonly PathDefinition[]
  readonly hosts?: readonly string[]
  readonly entrypoints?: readonly JsonMap[]
  readonly cors?: Json
  readonly pathMappings?: Json
  readonly servers?: readonly string[]
}

/** A context path, with the host it counts for. */
export interface PathDefinition {
  readonly path: string
  readonly host?: string
  readonly overrideAccess?: boolean
}

/** Endpoints that share a load balancer and settings. */
export interface EndpointGroupDefinition {
  readonly name: string
  readonly type: string
  readonly loadBalancer?: { readonly type?: string }
  readonly sharedConfiguration?: JsonMap
  readonly endpoints?: readonly EndpointDefinition[]
  readonly services?: Json
}

/** One endpoint; its target is in `configuration`. */
export interface EndpointDefinition {
  readonly name: string
  readonly type: string
  readonly weight?: number
  readonly inheritConfiguration?: boolean
  readonly configuration?: JsonMap
  readonly sharedConfigurationOverride?: JsonMap
  readonly secondary?: boolean
  readonly services?: Json
}

/** Where a plan is in its life. Only PUBLISHED and DEPRECATED ones let in. */
export type PlanStatus = 'STAGING' | 'PUBLISHED' | 'DEPRECATED' | 'CLOSED'

/** How a plan knows its callers. */
export type SecurityType = 'KEY_LESS' | 'API_KEY' | 'OAUTH2' | 'JWT' | 'MTLS'

/** A plan of an API. */
export interface PlanDocument {
  readonly id: string
  readonly crossId?: string
  readonly apiId: string
  readonly name: string
  readonly description: string
  readonly security: { readonly type: SecurityType; readonly configuration: JsonMap }
  readonly selectionRule?: string
  readonly validation: 'AUTO' | 'MANUAL'
  readonly status: PlanStatus
  readonly order: number
  readonly characteristics: readonly string[]
  readonly flows: Json
  readonly extra: JsonMap
  readonly createdAt: number
  readonly updatedAt: number
  readonly publishedAt?: number
  readonly closedAt?: number
}

/** An application. Its certificates are documents of their own. */
export interface ApplicationDocument {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly domain?: string
  readonly type: string
  readonly status: 'ACTIVE' | 'ARCHIVED'
  readonly settings: ApplicationSettings
  readonly owner: string
  readonly extra: JsonMap
  readonly createdAt: number
  readonly updatedAt: number
}

/** What an application tells about itself, besides certificates. */
export interface ApplicationSettings {
  readonly app?: { readonly type?: string; readonly client_id?: string }
  readonly oauth?: JsonMap
}

/** A certificate of an application. */
export interface CertificateDocument {
  readonly id: string
  readonly crossId: string
  readonly applicationId: string
  readonly name: string
  readonly startsAt?: number
  readonly endsAt?: number
  readonly createdAt: number
  readonly updatedAt: number
  /** PEM of one certificate. */
  readonly certificate: string
  readonly certificateStart: number
  readonly certificateExpiration: number
  readonly subject: string
  readonly issuer: string
  /** SHA-256 of the DER, hex. */
  readonly sha256: string
  /** Its claim on the certificate has gone: it never counts again unless it is claimed anew. */
  readonly released?: true
}

/** Who holds a certificate; one document for each fingerprint, so that of two who want it one wins. */
export interface ClaimDocument {
  readonly applicationId: string
  readonly certificateId: string
}

/** Where a subscription is in its life. Only ACCEPTED ones let in. */
export type SubscriptionStatus = 'PENDING' | 'ACCEPTED' | 'REJECTED' | 'PAUSED' | 'CLOSED'

/** An application's leave to use a plan. */
export interface SubscriptionDocument {
  readonly id: string
  readonly apiId: string
  readonly planId: string
  readonly applicationId: string
  readonly status: SubscriptionStatus
  readonly subscribedBy: string
  readonly createdAt: number
  readonly updatedAt: number
  readonly startingAt?: number
  readonly endingAt?: number
  readonly processedAt?: number
  readonly processedBy?: string
  readonly pausedAt?: number
  readonly closedAt?: number
  readonly request?: string
  readonly reason?: string
  readonly clientId?: string
  readonly metadata?: JsonMap
  readonly apiKeys?: readonly ApiKeyDocument[]
}

/** An API key of a subscription. */
export interface ApiKeyDocument {
  readonly id: string
  readonly key: string
  readonly createdAt: number
  readonly updatedAt: number
  readonly expireAt?: number
  readonly revokedAt?: number
}

/** What someone did, and what it changed. Secrets and certificates' bodies are left out. */
export interface AuditDocument {
  readonly id: string
  readonly event: string
  readonly user: string
  readonly createdAt: number
  readonly reference: { readonly type: 'API' | 'APPLICATION' | 'ENVIRONMENT'; readonly id: string }
  readonly properties: Readonly<Record<string, string>>
  readonly before?: JsonMap
  readonly after?: JsonMap
}
