import { apiKeyModeOf } from '../api-key-mode.ts'
import { type CertificateStatus, fingerprintText, isActive, statusOf } from '../certificates.ts'
import type { Management } from '../management.ts'
import type {
  ApiDocument,
  ApplicationDocument,
  AuditDocument,
  CertificateDocument,
  PlanDocument,
} from '../model.ts'
import { patchOf } from '../audit.ts'
import { masked } from '../secrets.ts'
import { expiryWarning } from '../expiry.ts'

/** What is answered. */
export type View = Record<string, unknown>

/** A moment as the v2 API writes it. */
export function iso(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString()
}

/** Someone, as far as others know. */
export const user = (id: string): View => ({ id, displayName: id })

/** What an API that says nothing of it has. */
const NOTHING_SAID: View = {
  tags: [],
  groups: [],
  categories: [],
  labels: [],
  properties: [],
  resources: [],
  flows: [],
  disableMembershipNotifications: false,
}

/** An API as the v2 API answers it. */
export function apiView(api: ApiDocument, url: URL): View {
  const { id, crossId, name, description, apiVersion, type, listeners, state, owner } = api
  const base = `${url.origin}${url.pathname.replace(/\/apis(\/.*)?$/, '/apis')}/${id}`
  return {
    ...NOTHING_SAID,
    ...masked(api.extra),
    id,
    crossId: crossId ?? id,
    name,
    description,
    apiVersion,
    definitionVersion: 'V4',
    type,
    listeners,
    endpointGroups: masked(api.endpointGroups),
    createdAt: iso(api.createdAt),
    updatedAt: iso(api.updatedAt),
    deployedAt: iso(api.deployedAt),
    state,
    deploymentState: api.deployedAt === undefined ? 'NEED_REDEPLOY' : 'DEPLOYED',
    lifecycleState: api.lifecycleState,
    visibility: api.visibility,
    primaryOwner: { ...user(owner), type: 'USER' },
    originContext: originOf(api),
    definitionContext: { mode: 'FULLY_MANAGED', syncFrom: 'MANAGEMENT', ...originOf(api) },
    _links: {
      pictureUrl: `${base}/picture?hash=${api.updatedAt}`,
      backgroundUrl: `${base}/background?hash=${api.updatedAt}`,
    },
  }
}

/** Headers that say which state of an API or a plan is answered. */
export function tagsOf({ updatedAt }: { readonly updatedAt: number }): Record<string, string> {
  return { ETag: `"${updatedAt}"`, 'Last-Modified': new Date(updatedAt).toUTCString() }
}

function originOf({ origin }: ApiDocument): View {
  return origin === undefined
    ? { origin: 'MANAGEMENT' }
    : { origin, mode: 'FULLY_MANAGED', syncFrom: 'MANAGEMENT' }
}

/** A plan as the v2 API answers it. */
export function planView(plan: PlanDocument): View {
  const { id, apiId, name, description, validation, status, order, selectionRule } = plan
  return {
    commentRequired: false,
    excludedGroups: [],
    tags: [],
    ...masked(plan.extra),
    id,
    crossId: plan.crossId ?? id,
    apiId,
    name,
    description,
    definitionVersion: 'V4',
    mode: 'STANDARD',
    security: { type: plan.security.type, configuration: masked(plan.security.configuration) },
    selectionRule,
    type: 'API',
    validation,
    status,
    order,
    characteristics: plan.characteristics,
    flows: plan.flows,
    createdAt: iso(plan.createdAt),
    updatedAt: iso(plan.updatedAt),
    publishedAt: iso(plan.publishedAt),
    closedAt: iso(plan.closedAt),
  }
}

/** An application as the v1 API answers it. */
export function applicationViewV1(
  management: Management,
  application: ApplicationDocument,
  { list = false }: { readonly list?: boolean } = {},
): View {
  const { id, name, description, domain, type, status, owner, settings } = application
  return {
    ...application.extra,
    id,
    name,
    description,
    domain,
    type,
    status,
    settings: { ...masked(settings), tls: tlsView(management, application, list) },
    owner: { ...user(owner), type: 'USER' },
    groups: [],
    created_at: application.createdAt,
    updated_at: application.updatedAt,
    api_key_mode: apiKeyModeOf(application),
    origin: 'MANAGEMENT',
  }
}

/**
 * What an application tells of its certificates: its only one, where that has its name, as applications from before
 * there could be several; in lists the newest; else all that are active.
 */
function tlsView(
  management: Management,
  { id, name }: ApplicationDocument,
  list: boolean,
): View | undefined {
  const now = management.now()
  const active = management.catalogue.certificatesOf(id).map(({ value }) => value)
    .filter((certificate) => isActive(certificate, now))
  const newest = active.at(-1)
  if (newest === undefined) {
    return list ? undefined : { client_certificates: [], certificate_count: 0 }
  }
  if (list) return { client_certificate: newest.certificate, certificate_count: 0 }
  if (active.length === 1 && newest.name === name) {
    return { client_certificate: newest.certificate, certificate_count: 1 }
  }
  return {
    client_certificates: active.map((each) => ({
      name: each.name,
      certificate: each.certificate,
      startsAt: each.startsAt,
      endsAt: each.endsAt,
    })),
    certificate_count: active.length,
  }
}

/** What is told of an application where something else is told. */
export function applicationBrief(application: ApplicationDocument): View {
  const { name, description, domain, type, owner } = application
  return {
    name,
    description,
    domain,
    type,
    primaryOwner: { ...user(owner), type: 'USER' },
    apiKeyMode: apiKeyModeOf(application),
  }
}

/** An application as the v2 API answers it. */
export function applicationView(application: ApplicationDocument): View {
  const { id, status } = application
  return {
    id,
    ...applicationBrief(application),
    status,
    createdAt: iso(application.createdAt),
    updatedAt: iso(application.updatedAt),
  }
}

/** A certificate of an application; it says when it will expire soon. */
export function certificateView(management: Management, certificate: CertificateDocument): View {
  const now = management.now()
  const status: CertificateStatus = statusOf(certificate, now)
  return {
    id: certificate.id,
    crossId: certificate.crossId,
    applicationId: certificate.applicationId,
    name: certificate.name,
    startsAt: certificate.startsAt,
    endsAt: certificate.endsAt,
    createdAt: certificate.createdAt,
    updatedAt: certificate.updatedAt,
    certificate: certificate.certificate,
    certificateExpiration: certificate.certificateExpiration,
    subject: certificate.subject,
    issuer: certificate.issuer,
    fingerprint: fingerprintText(certificate.sha256),
    environmentId: 'DEFAULT',
    status,
    warning: expiryWarning(certificate, now),
  }
}

/** An audit as the v2 API answers it. */
export function auditView(audit: AuditDocument): View {
  const { id, event, createdAt, reference, properties, before, after } = audit
  return {
    id,
    organizationId: 'DEFAULT',
    environmentId: 'DEFAULT',
    reference: { id: reference.id, type: reference.type, name: reference.id },
    user: user(audit.user),
    properties: Object.entries(properties).map(([key, value]) => ({ key, value, name: value })),
    event,
    createdAt: iso(createdAt),
    patch: JSON.stringify(patchOf(audit)),
    before: before ?? {},
    after: after ?? {},
  }
}

/** An audit as the v1 API answers it. */
export function auditViewV1(audit: AuditDocument): View {
  const { id, event, createdAt, reference, properties } = audit
  return {
    id,
    referenceId: reference.id,
    referenceType: reference.type,
    user: audit.user,
    createdAt,
    event,
    properties,
    patch: JSON.stringify(patchOf(audit)),
    before: audit.before ?? {},
    after: audit.after ?? {},
  }
}
