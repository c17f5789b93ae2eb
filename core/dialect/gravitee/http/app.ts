import { Hono } from 'hono'
import type { DialectApi } from '../../types.ts'
import type { Authentication } from '../authentication.ts'
import { Fault, notFound } from '../faults.ts'
import type { Management } from '../management.ts'
import { addAutomationRoutes } from './automation.ts'
import type { AddRoutes, Call, Part, Variables } from './exchange.ts'
import { openApi } from './openapi.ts'
import { checkAcceptable, Framework } from './framework.ts'
import { addApiKeyRoutesV1 } from './v1-api-keys.ts'
import { addApplicationRoutes, addCertificateRoutes } from './v1-applications.ts'
import { addAuditRoutesV1 } from './v1-audits.ts'
import { addApisV1 } from './v1-apis.ts'
import { addSubscriptionRoutesV1 } from './v1-subscriptions.ts'
import { addApiRoutes } from './v2-apis.ts'
import { addImportRoutes } from './v2-imports.ts'
import { addOtherRoutes } from './v2-others.ts'
import { addPlaces } from './places.ts'
import { isPortal, portalErrors } from './portal.ts'
import { addPatchRoutes } from './v2-patches.ts'
import { addPlanRoutes } from './v2-plans.ts'
import { addSubscriptionRoutes } from './v2-subscriptions.ts'

/** What the paths begin with that are answered here. */
export const PATHS: readonly string[] = ['/management', '/portal', '/automation']

const V2: readonly AddRoutes[] = [
  addImportRoutes,
  addApiRoutes,
  addPatchRoutes,
  addPlanRoutes,
  addSubscriptionRoutes,
  addOtherRoutes,
]
const V1: readonly AddRoutes[] = [
  addApplicationRoutes,
  addCertificateRoutes,
  addApisV1,
  addSubscriptionRoutesV1,
  addApiKeyRoutesV1,
  addAuditRoutesV1,
]

/** What the API needs to answer. */
export interface ApiMeans {
  readonly management: Management
  readonly authentication: Authentication
}

/** The Management API, v1 and v2, with the parts of the portal and automation APIs that concern certificates. */
export function createManagementApi(means: ApiMeans): DialectApi {
  const app: Part = new Hono<Variables>()
  const framework = new Framework(app)
  app.get(
    '/management/openapi.json',
    (call) => call.json(openApi(means.management.context.version)),
  )
  app.use('*', async (call, next) => {
    call.set('actor', await means.authentication.identify(call.req.header('authorization')))
    checkPlace(call)
    const allowed = call.req.method === 'OPTIONS' ? framework.options(call.req.path) : undefined
    if (allowed !== undefined) return call.body(null, 200, { Allow: allowed })
    await next()
  })
  const org = '/management/organizations/:organization/environments/:environment'
  mount(app, means, { base: '/management/v2/environments/:environment', parts: V2 })
  mount(app, means, { base: org.replace('/management', '/management/v2'), parts: V2 })
  mount(app, means, { base: org, parts: V1 })
  mount(app, means, { base: '/portal/environments/:environment', parts: [addCertificateRoutes] })
  const automation = org.replace('/management', '/automation')
  mount(app, means, { base: automation, parts: [addAutomationRoutes] })
  addPlaces(app)
  app.notFound((call) => answerFault(call, framework.unmatched(call)))
  app.onError((error, call) =>
    answerFault(call as unknown as Call, asFault(means.management, error))
  )
  return async (request) => await app.fetch(request)
}

function mount(
  app: Part,
  { management }: ApiMeans,
  { base, parts }: { readonly base: string; readonly parts: readonly AddRoutes[] },
): void {
  const part: Part = new Hono<Variables>()
  part.use('*', async (call, next) => {
    checkAcceptable(call)
    await next()
  })
  for (const add of parts) add(part, management)
  app.route(base, part)
}

/** There is one organization and one environment, both named DEFAULT. */
function checkPlace(call: Call): void {
  const path = call.req.path
  const organization = /\/organizations\/([^/]+)/.exec(path)?.[1]
  const environment = /\/environments\/([^/]+)/.exec(path)?.[1]
  if (organization !== undefined && organization.toUpperCase() !== 'DEFAULT') {
    throw notFound('organization', organization)
  }
  if (environment !== undefined && environment.toUpperCase() !== 'DEFAULT') {
    throw notFound('environment', environment)
  }
}

function asFault(management: Management, error: Error): Fault {
  if (error instanceof Fault) return error
  management.context.log.write('error', 'Management API failed', {
    reason: String(error.stack ?? error),
  })
  return new Fault(500, 'Internal server error', { code: 'unexpectedError' })
}

/** Errors in the form of the version that was asked. */
function answerFault(call: Call, fault: Fault): Response {
  const { status, message, code, parameters, details } = fault
  if (fault.text) return call.text(message, status as 400)
  const isV1 = !call.req.path.startsWith('/management/v2') &&
    !call.req.path.startsWith('/automation')
  const body = isV1
    ? { message, http_status: status, parameters, technicalCode: code }
    : { httpStatus: status, message, technicalCode: code, parameters: parameters ?? {}, details }
  const headers: Record<string, string> = status === 401
    ? { 'WWW-Authenticate': 'Basic realm="gravitee.io"' }
    : { ...fault.headers }
  const told = detailed(body, { isV1, details })
  const more = isPortal(call) ? portalErrors(fault) : {}
  return call.json({ ...told, ...more }, status as 400, headers)
}

/** The v1 form has no place for details: the first one is all that is told. */
function detailed(
  body: Record<string, unknown>,
  { isV1, details }: { readonly isV1: boolean; readonly details: Fault['details'] },
): Record<string, unknown> {
  const [first] = details
  if (!isV1 || first === undefined) return body
  if (body['technicalCode'] === 'invalidValue') return { ...body, technicalCode: undefined }
  const { message, location, invalidValue = null } = first
  return { ...body, message, ...(location && { path: location, invalid_value: invalidValue }) }
}
